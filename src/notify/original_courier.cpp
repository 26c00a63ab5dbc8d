#include "notify/original_courier.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "crypto/original_form.h"
#include "notify/answer.h"
#include "notify/notifier.h"
#include "notify/telegram.h"
#include "notify/text.h"

namespace streaky::notify {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxText = 2'000;
constexpr std::size_t kMaxAnswerBytes = 64U << 10U;

/// The original sends Telegram's old Markdown, in which these would open an entity that never ends.
std::string old_markdown(std::string_view text) {
  std::string out;
  for (const char c : plain_text(text, kMaxText)) {
    if (c == '_' || c == '*' || c == '[' || c == '`') out += '\\';
    out += c;
  }
  return out;
}

std::string words_of(const SealedOutgoing& outgoing) {
  const std::string text = outgoing.message.subject + "\n\n" + outgoing.message.body;
  if (outgoing.kind == ChannelKind::telegram) return old_markdown(text);
  return discord_markdown(text, kMaxText);
}

/// An original proxy repeats the service's own answer behind its words (docs/remote-apis.md,
/// sections 3 and 4): nothing but what is certain there switches a channel off.
bool says_gone(ChannelKind kind, std::string_view error) {
  const auto body = parse_object(error.substr(std::min(error.find('{'), error.size())));
  if (!body) return false;
  const auto code = integer_at(*body, kind == ChannelKind::discord ? "code" : "error_code");
  if (kind == ChannelKind::discord) return code == 10015 || code == 50027;
  return code == 401 || code == 403 || text_at(*body, "description").contains("chat not found");
}

}  // namespace

OriginalCourier::OriginalCourier(net::HttpClient& http, const crypto::Sealer& sealer,
                                 runtime::Clock& clock, runtime::Random& random, runtime::Log& log,
                                 runtime::Metrics& metrics, OriginalOptions options)
    : http_(http),
      sealer_(sealer),
      clock_(clock),
      random_(random),
      log_(log),
      metrics_(metrics),
      options_(std::move(options)) {}

runtime::Task<Carried> OriginalCourier::carry(SealedOutgoing outgoing) {
  const auto body = body_of(outgoing);
  if (!body) {
    log_.error("a channel's credential does not open", {{"user", outgoing.user_id},
                                                        {"channel", outgoing.channel_id},
                                                        {"delivery", outgoing.delivery_id},
                                                        {"error", body.error().code}});
    co_return later(body.error().code, body.error().message, false, outgoing.attempt);
  }
  const auto first = static_cast<std::size_t>(outgoing.channel_id) % options_.urls.size();
  std::string trouble;
  for (std::size_t i = 0; i < options_.urls.size(); ++i) {
    const std::string& url = options_.urls[(first + i) % options_.urls.size()];
    auto asking = http_.send(request_to(url, *body));
    const auto response = co_await std::move(asking);
    metrics_.count("streaky_proxy_requests_total",
                   {{"result", response ? "answered" : response.error().code}});
    if (response) co_return answer_of(*response, outgoing.kind, outgoing.attempt);
    trouble = response.error().message;
    if (net::may_have_been_seen(response.error())) {
      co_return later("proxy_lost", trouble, true, outgoing.attempt);
    }
  }
  co_return later("proxy_away", trouble, false, outgoing.attempt);
}

runtime::Result<std::string> OriginalCourier::body_of(const SealedOutgoing& outgoing) const {
  const auto credential = sealer_.open(outgoing.sealed, {.purpose = crypto::Purpose::channel,
                                                         .user_id = outgoing.user_id,
                                                         .channel_id = outgoing.channel_id});
  if (!credential) return std::unexpected(credential.error());
  json::object body;
  body["type"] = to_text(outgoing.kind);
  if (outgoing.kind == ChannelKind::telegram) {
    auto chat = parse_telegram(credential->reveal());
    if (!chat) return runtime::fail_for_good("bad_credential", "a stored credential is malformed");
    take_present_token(*chat, options_.telegram_bot_token);
    body["encrypted_token"] = crypto::seal_original(options_.key, chat->token);
    body["encrypted_chat_id"] = crypto::seal_original(options_.key, runtime::Secret(chat->chat_id));
  } else {
    body["encrypted_webhook"] = crypto::seal_original(options_.key, *credential);
  }
  json::object message;
  message["username"] = outgoing.login;
  message["current_streak"] = outgoing.streak;
  message["contributions_today"] = 0;
  message["message"] = words_of(outgoing);
  body["message"] = std::move(message);
  return json::serialize(body);
}

net::HttpRequest OriginalCourier::request_to(const std::string& url,
                                             const std::string& body) const {
  net::HttpRequest request;
  request.url = url + "/send-notification";
  request.headers.push_back({"Content-Type", "application/json"});
  request.headers.push_back({"X-API-Secret", std::string(options_.secret.reveal())});
  request.body = body;
  request.timeout = options_.request_timeout;
  request.max_body_bytes = kMaxAnswerBytes;
  return request;
}

Carried OriginalCourier::answer_of(const net::HttpResponse& response, ChannelKind kind,
                                   int attempt) {
  const auto object = parse_object(response.body);
  if (response.status == 200 && object && true_at(*object, "success")) {
    Carried carried;
    carried.outcome = Sent{};
    return carried;
  }
  if (response.status != 200 || !object || !object->contains("success")) {
    return later("proxy_refused", fmt::format("the proxy answered with status {}", response.status),
                 response.status >= 500, attempt);
  }
  if (says_gone(kind, text_at(*object, "error"))) {
    Carried carried;
    carried.outcome = Dead{"channel_gone", "the service no longer takes messages for this channel"};
    return carried;
  }
  // Its words are not repeated: they may hold what a service said, or a credential.
  return later("proxy_failed", "the original proxy could not send it", false, attempt);
}

Carried OriginalCourier::later(std::string code, std::string reason, bool maybe_seen, int attempt) {
  Carried carried;
  carried.outcome = RetryAt{.at = clock_.now() + backoff(attempt, random_),
                            .reason = std::move(reason),
                            .maybe_seen = maybe_seen,
                            .own_pause = true,
                            .code = std::move(code)};
  return carried;
}

runtime::Task<void> OriginalCourier::wait_idle() { co_return; }

}  // namespace streaky::notify

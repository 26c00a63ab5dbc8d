#include "notify/discord.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstddef>
#include <utility>

#include "notify/text.h"
#include "runtime/bytes.h"

namespace streaky::notify {
namespace {

constexpr std::size_t kMaxUrlBytes = 512;
constexpr std::size_t kMaxIdDigits = 20;  // 64 bits
constexpr std::size_t kMaxTokenBytes = 200;
constexpr std::size_t kMaxAnswerBytes = 256U << 10U;
constexpr std::size_t kMostSearched = 4'096;  // of an error page
constexpr std::size_t kMaxTitle = 256;
constexpr int kSuppressNotifications = 4096;  // a message flag
constexpr std::size_t kMaxDescription = 4096;
constexpr std::size_t kMaxLinks = 2048;  // of the description
// Discord names no time when it bans an address; reports speak of about an hour.
constexpr runtime::Millis kBanRest{3600LL * 1000};
constexpr runtime::Millis kBlockedRest{60'000};

constexpr std::int64_t kUnknownChannel = 10003;
constexpr std::int64_t kUnknownWebhook = 10015;
constexpr std::int64_t kBlockedByCloudflare = 40333;
constexpr std::int64_t kInvalidWebhookToken = 50027;
constexpr std::int64_t kForumNeedsThread = 220001;
// Missing access, no text channel, missing permissions, wrong kind of channel, archived and locked
// threads: whoever looks after the channel has to act before anything arrives there again.
constexpr std::array<std::int64_t, 6> kClosed = {50001, 50008, 50013, 50024, 50083, 160005};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_token_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// The longest run of such characters; nothing when it is empty or longer than `limit`.
template <typename Is>
std::optional<std::string_view> run(std::string_view& text, Is is, std::size_t limit) {
  const auto end = std::ranges::find_if_not(text, is);
  const auto length = static_cast<std::size_t>(end - text.begin());
  if (length == 0 || length > limit) return std::nullopt;
  const auto taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

bool skip_host(std::string_view& text) {
  if (!skip(text, "https://")) return false;
  constexpr std::array<std::string_view, 3> kPrefixes = {"www.", "ptb.", "canary."};
  for (const auto prefix : kPrefixes) {
    if (skip(text, prefix)) break;
  }
  return skip(text, "discord.com") || skip(text, "discordapp.com");
}

int colour_of(streak::Urgency urgency) {
  switch (urgency) {
    case streak::Urgency::none:
      return 0x2ECC71;
    case streak::Urgency::low:
      return 0x3498DB;
    case streak::Urgency::medium:
      return 0xF39C12;
    case streak::Urgency::high:
      return 0xE74C3C;
  }
  return 0;
}

// The only thing of ours in a header that an operator can set: kept to what a header may hold.
std::string user_agent(const NotifierOptions& options) {
  const auto clean = [](std::string_view text) {
    std::string out;
    std::ranges::copy_if(text, std::back_inserter(out), [](char c) {
      return c > ' ' && c < 0x7F && c != '(' && c != ')' && c != ',';
    });
    return out;
  };
  return fmt::format("DiscordBot ({}, {})", clean(options.public_url), clean(options.version));
}

/// A line below the text: `[Rest today](https://…) · …`.
std::string link_line(const streak::Message& message) {
  std::string line;
  for (const streak::Link& link : safe_links(message.links)) {
    line += line.empty() ? "\n\n" : " · ";
    line += fmt::format("[{}]({})", discord_markdown(link.label, kLongestLinkLabel), link.url);
  }
  return utf16_length(line) <= kMaxLinks ? line : std::string();
}

Answer make(Meaning meaning, std::string code, std::string reason) {
  Answer answer;
  answer.meaning = meaning;
  answer.code = std::move(code);
  answer.reason = std::move(reason);
  return answer;
}

using Body = std::optional<boost::json::object>;

bool is_global(const net::HttpResponse& response, const Body& body) {
  if (body && true_at(*body, "global")) return true;
  return runtime::to_lower_ascii(response.header("X-RateLimit-Global")) == "true" ||
         runtime::to_lower_ascii(response.header("X-RateLimit-Scope")) == "global";
}

// The body's time is right even when the headers still show quota: the limit of 30 in a minute
// appears nowhere else. Without any time it is a ban of our address.
Answer too_many_requests(const net::HttpResponse& response, const Body& body,
                         runtime::TimePoint now) {
  const auto seconds = body ? number_at(*body, "retry_after") : std::nullopt;
  auto wait = seconds ? wait_from_seconds(*seconds) : std::nullopt;
  const bool scoped = !response.header("X-RateLimit-Scope").empty();
  const bool discords_own = wait.has_value() || scoped;
  if (!wait) wait = wait_from_retry_after(response, now);
  if (!wait && scoped) {
    wait = wait_from_header(response.header("X-RateLimit-Reset-After")).value_or(kBlockedRest);
  }

  Answer answer = make(Meaning::wait, "rate_limited", "Discord asked to wait");
  answer.counts_as_invalid =
      runtime::to_lower_ascii(response.header("X-RateLimit-Scope")) != "shared";
  if (!wait) {
    answer.code = "address_banned";
    answer.reason = "Discord blocks this machine's address for a while";
    answer.scope = Scope::wide;
    answer.wait = kBanRest;
    return answer;
  }
  answer.wait = *wait;
  answer.scope = is_global(response, body) || !discords_own ? Scope::wide : Scope::narrow;
  return answer;
}

// A page of the front that stands before Discord; its numbers are 10xx.
bool is_from_front(std::string_view body) {
  const std::string lower = runtime::to_lower_ascii(body.substr(0, kMostSearched));
  return lower.find("cloudflare") != std::string::npos ||
         lower.find("error code: 10") != std::string::npos;
}

Answer forbidden(const net::HttpResponse& response, const Body& body,
                 std::optional<std::int64_t> code) {
  if (code && *code != 0 && *code != kBlockedByCloudflare) {
    return make(Meaning::refused, "forbidden",
                fmt::format("Discord does not allow this message here (code {})", *code));
  }
  Answer answer = make(Meaning::wait, "blocked", "Discord's front blocks this machine's requests");
  answer.scope = Scope::wide;
  answer.wait = kBlockedRest;
  if (code == kBlockedByCloudflare || (!body && is_from_front(response.body))) return answer;
  answer.code = "forbidden_for_now";
  answer.reason = "Discord answered 403 without a reason";
  answer.scope = Scope::narrow;
  answer.maybe_address = true;
  return answer;
}

Answer not_found() {
  // An outage or a wrong `discord.api_url` also looks like this: no reason to switch a user off.
  return make(Meaning::retry, "not_found",
              "answered 404 without Discord's word that the webhook is gone");
}

Answer unauthorized() {
  return make(Meaning::retry, "unauthorized",
              "answered 401 without Discord's word that the webhook's token is bad");
}

Answer bad_request(std::optional<std::int64_t> code) {
  const std::string number = code ? fmt::format(" (code {})", *code) : "";
  return make(Meaning::refused, "bad_request", "Discord refused the message" + number);
}

// Codes that end a channel, under whatever status they come.
std::optional<Answer> end_of_channel(std::optional<std::int64_t> code) {
  if (code == kUnknownWebhook) {
    return make(Meaning::dead, "unknown_webhook", "the Discord webhook was deleted");
  }
  if (code == kUnknownChannel) {
    return make(Meaning::dead, "unknown_channel",
                "the Discord channel or thread of this webhook was deleted");
  }
  if (code == kInvalidWebhookToken) {
    return make(Meaning::dead, "invalid_webhook_token",
                "the Discord webhook's address is no longer valid");
  }
  if (code == kForumNeedsThread) {
    return make(Meaning::dead, "forum_needs_thread",
                "the Discord webhook belongs to a forum: add ?thread_id=… to its address");
  }
  if (!code || std::ranges::find(kClosed, *code) == kClosed.end()) return std::nullopt;
  return make(Meaning::dead, "channel_closed",
              fmt::format("Discord lets the webhook write no longer: its permissions were taken, "
                          "or the thread was archived or locked (code {})",
                          *code));
}

Answer of_refusal(const net::HttpResponse& response, const Body& body,
                  std::optional<std::int64_t> code) {
  if (auto end = end_of_channel(code)) return *end;
  switch (response.status) {
    case 400:
      return bad_request(code);
    case 401:
      return unauthorized();
    case 403:
      return forbidden(response, body, code);
    case 404:
      return not_found();
    case 413:
      return make(Meaning::refused, "too_large", "Discord finds the message too large");
    default:
      return make(Meaning::retry, "unexpected_status",
                  fmt::format("Discord answered with status {}", response.status));
  }
}

}  // namespace

std::optional<DiscordWebhook> parse_discord_webhook(std::string_view url) {
  if (url.size() > kMaxUrlBytes || !skip_host(url) || !skip(url, "/api")) return std::nullopt;
  if (skip(url, "/v") && !run(url, is_digit, kMaxIdDigits)) return std::nullopt;
  if (!skip(url, "/webhooks/")) return std::nullopt;
  const auto id = run(url, is_digit, kMaxIdDigits);
  if (!id || !skip(url, "/")) return std::nullopt;
  const auto token = run(url, is_token_char, kMaxTokenBytes);
  if (!token) return std::nullopt;
  skip(url, "/");
  std::string thread_id;
  if (skip(url, "?thread_id=")) {
    const auto thread = run(url, is_digit, kMaxIdDigits);
    if (!thread) return std::nullopt;
    thread_id = *thread;
  }
  if (!url.empty()) return std::nullopt;
  return DiscordWebhook{std::string(*id), runtime::Secret(std::string(*token)),
                        std::move(thread_id)};
}

runtime::Result<runtime::Secret> normalise_discord_webhook(std::string_view url) {
  const auto webhook = parse_discord_webhook(runtime::trim_ascii(url));
  if (!webhook) {
    return runtime::fail_for_good("discord_webhook_invalid",
                                  "not a Discord webhook address; accepted is "
                                  "https://discord.com/api/webhooks/<number>/<token>, with "
                                  "?thread_id=<number> for a thread");
  }
  std::string out =
      fmt::format("https://discord.com/api/webhooks/{}/{}", webhook->id, webhook->token.reveal());
  if (!webhook->thread_id.empty()) out += "?thread_id=" + webhook->thread_id;
  return runtime::Secret(std::move(out));
}

std::optional<net::HttpRequest> discord_request(const DiscordWebhook& webhook,
                                                const streak::Message& message,
                                                const NotifierOptions& options) {
  const std::string title = discord_markdown(message.subject, kMaxTitle);
  const std::string links = link_line(message);
  const std::string description =
      discord_markdown(message.body, kMaxDescription - utf16_length(links)) + links;
  if (title.empty() && description.empty()) return std::nullopt;

  boost::json::object embed;
  if (!title.empty()) embed["title"] = title;
  if (!description.empty()) embed["description"] = description;
  embed["color"] = colour_of(message.urgency);
  boost::json::object footer;
  footer["text"] = "Streaky";
  embed["footer"] = std::move(footer);

  boost::json::array embeds;
  embeds.push_back(std::move(embed));
  boost::json::object mentions;
  mentions["parse"] = boost::json::array();
  boost::json::object body;
  body["embeds"] = std::move(embeds);
  body["allowed_mentions"] = std::move(mentions);
  if (message.silent) body["flags"] = kSuppressNotifications;

  net::HttpRequest request;
  request.url = fmt::format("{}/api/v10/webhooks/{}/{}?wait=true", options.discord_api_url,
                            webhook.id, webhook.token.reveal());
  if (!webhook.thread_id.empty()) request.url += "&thread_id=" + webhook.thread_id;
  request.headers.push_back({"Content-Type", "application/json"});
  request.headers.push_back({"User-Agent", user_agent(options)});
  request.body = boost::json::serialize(body);
  request.timeout = options.request_timeout;
  request.max_body_bytes = kMaxAnswerBytes;
  return request;
}

Answer discord_answer(const net::HttpResponse& response, runtime::TimePoint now) {
  const Body body = parse_object(response.body);
  const auto code = body ? integer_at(*body, "code") : std::nullopt;
  Answer answer;
  if (response.status >= 200 && response.status < 300) {
    // With wait=true Discord answers with the saved message, without it with nothing at all. A page
    // of somebody in between is neither.
    if (!body && !response.body.empty()) return answer_of_trouble(response, now);
    answer.meaning = Meaning::sent;
    const auto id = body ? text_at(*body, "id") : std::string_view{};
    const bool is_id = id.size() <= kMaxIdDigits && std::ranges::all_of(id, is_digit);
    if (is_id) answer.remote_id = id;
    return answer;
  }
  if (response.status >= 500) return answer_of_trouble(response, now);
  if (response.status == 429) return too_many_requests(response, body, now);
  answer = of_refusal(response, body, code);
  answer.counts_as_invalid = response.status == 401 || response.status == 403;
  return answer;
}

std::optional<runtime::Millis> discord_rest(const net::HttpResponse& response) {
  if (runtime::trim_ascii(response.header("X-RateLimit-Remaining")) != "0") return std::nullopt;
  return wait_from_header(response.header("X-RateLimit-Reset-After"));
}

}  // namespace streaky::notify

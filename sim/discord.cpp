#include "sim/discord.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <system_error>
#include <utility>

#include "sim/discord_message.h"

namespace streaky::sim {
namespace {

constexpr std::uint64_t kGuild = 1'100'000'000'000'000'001ULL;
constexpr int kNewestVersion = 10;
constexpr int kOldestVersion = 6;

std::string error_body(int code, std::string_view message) {
  return fmt::format(R"({{"message":"{}","code":{}}})", message, code);
}

/// Takes `/name` off the front; empty when the path does not go on.
std::string_view take_segment(std::string_view& path) {
  if (!path.starts_with('/')) {
    return {};
  }
  path.remove_prefix(1);
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

template <typename T>
std::optional<T> number(std::string_view text) {
  T value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

void drop_until(std::vector<runtime::TimePoint>& times, runtime::TimePoint limit) {
  times.erase(times.begin(), std::ranges::upper_bound(times, limit));
}

}  // namespace

void Discord::forget() {
  addresses_.clear();
  buckets_.clear();
}

Answer Discord::handle(const Request& request, runtime::TimePoint now, std::optional<Fault> fault) {
  Address& address = addresses_[request.address];
  drop_until(address.invalid, now - rules_.invalid_window);
  drop_until(address.requests, now - rules_.address_window);
  if (now < address.banned_until) {
    return banned();
  }
  Call call{request, now, kOldestVersion, 0, {}};
  std::string_view path = request.path();
  std::string_view segment = take_segment(path);
  if (segment != "api") {
    return json_answer(404, R"({"message":"404: Not Found","code":0})");
  }
  segment = take_segment(path);
  if (segment.starts_with('v')) {
    call.version = number<int>(segment.substr(1)).value_or(0);
    segment = take_segment(path);
  }
  const auto id = number<std::uint64_t>(take_segment(path));
  call.token = take_segment(path);
  if (call.version < kOldestVersion || call.version > kNewestVersion) {
    return json_answer(400, error_body(50041, "Invalid API version provided"));
  }
  if (segment != "webhooks" || !id || call.token.empty() || (!path.empty() && path != "/")) {
    return json_answer(404, R"({"message":"404: Not Found","code":0})");
  }
  call.webhook = *id;

  Answer answer;
  std::optional<Answer> broken = fault ? before_acting(*fault, call) : std::nullopt;
  if (broken) {
    answer = std::move(*broken);
  } else if (request.header("user-agent").empty()) {
    answer = json_answer(403, error_body(40333, "internal network error"));
  } else if (!rules_.lifted && address.requests.size() >= rules_.per_address) {
    answer = limited(call, address.requests.front() + rules_.address_window - now, "global");
  } else {
    address.requests.push_back(now);
    answer = serve(call);
  }
  const int status = answer.response.status;
  const bool shared = std::ranges::any_of(answer.response.headers, [](const auto& header) {
    return header.name == "X-RateLimit-Scope" && header.value == "shared";
  });
  if (status == 401 || status == 403 || (status == 429 && !shared)) {
    address.invalid.push_back(now);
    if (address.invalid.size() > rules_.invalid_limit) {
      address.banned_until = now + rules_.ban;
    }
  }
  return answer;
}

Answer Discord::banned() {
  // Both forms were seen in the wild; neither says when to come back.
  if (random_.below(2) == 0) {
    return text_answer(429, "text/plain; charset=UTF-8", "error code: 1015");
  }
  return json_answer(429, R"({"code":0,"message":"You are being blocked from accessing our API )"
                          R"(temporarily due to exceeding our rate limits frequently."})");
}

Answer Discord::limited(const Call& call, runtime::Millis wait, const char* scope) {
  const std::int64_t ms = std::max<std::int64_t>(wait.count(), 1);
  const bool global = std::string_view(scope) == "global";
  // Before version 8 both the body and the header count milliseconds.
  const std::string body_wait =
      call.version < 8 ? std::to_string(ms) : fmt::format("{:.3f}", static_cast<double>(ms) / 1e3);
  const std::int64_t header_wait = call.version < 8 ? ms : (ms + 999) / 1'000;
  Answer answer = json_answer(
      429,
      fmt::format(R"({{"message":"You are being rate limited.","retry_after":{},"global":{}}})",
                  body_wait, global ? "true" : "false"));
  add_header(answer, "Retry-After", std::to_string(header_wait));
  add_header(answer, "X-RateLimit-Scope", scope);
  if (global) {
    add_header(answer, "X-RateLimit-Global", "true");
  }
  return answer;
}

std::optional<Answer> Discord::before_acting(Fault fault, const Call& call) {
  Answer answer;
  switch (fault) {
    case Fault::error_500:
      return json_answer(500, R"({"message":"500: Internal Server Error","code":0})");
    case Fault::error_502:
    case Fault::error_503:
      return text_answer(fault == Fault::error_502 ? 502 : 503, "text/plain",
                         "upstream connect error or disconnect/reset before headers");
    case Fault::error_504:
    case Fault::html:
      return text_answer(fault == Fault::html ? 502 : 504, "text/html",
                         "<html><body><h1>502 Bad Gateway</h1></body></html>");
    case Fault::rate_limited:
    case Fault::secondary:
      return limited(call, runtime::Millis{500 + static_cast<std::int64_t>(random_.below(2'000))},
                     "user");
    case Fault::reset_before:
      answer.reset = true;
      return answer;
    case Fault::hang:
      answer.hang = true;
      return answer;
    default:
      return std::nullopt;
  }
}

Answer Discord::serve(const Call& call) {
  const Person* person = people_.by_webhook_id(call.webhook);
  if (person == nullptr) {
    return json_answer(404, error_body(10015, "Unknown Webhook"));
  }
  if (person->discord == DiscordState::deleted) {
    ledger_.refused(person->index, Service::discord);
    return json_answer(404, error_body(10015, "Unknown Webhook"));
  }
  if (People::webhook_token(*person) != call.token) {
    ledger_.refused(person->index, Service::discord);
    return json_answer(401, error_body(50027, "Invalid Webhook Token"));
  }
  if (call.request.method == "GET") {
    return json_answer(
        200,
        fmt::format(
            R"({{"application_id":null,"avatar":null,"channel_id":"{}","guild_id":"{}","id":"{}","name":"Streaky","type":1,"token":"{}"}})",
            call.webhook + 1, kGuild, call.webhook, call.token));
  }
  if (call.request.method != "POST") {
    return json_answer(405, R"({"message":"405: Method Not Allowed","code":0})");
  }
  return execute(call, *person);
}

std::optional<Answer> Discord::over_limit(const Call& call, Bucket& bucket) {
  if (call.now >= bucket.resets) {
    bucket.resets = call.now + rules_.webhook_window;
    bucket.used = 0;
  }
  drop_until(bucket.channel, call.now - rules_.channel_window);
  if (rules_.lifted) {
    return std::nullopt;
  }
  if (bucket.used >= rules_.per_webhook) {
    return limited(call, bucket.resets - call.now, "user");
  }
  if (bucket.channel.size() >= rules_.per_channel) {
    return limited(call, bucket.channel.front() + rules_.channel_window - call.now, "shared");
  }
  return std::nullopt;
}

Answer Discord::execute(const Call& call, const Person& person) {
  Bucket& bucket = buckets_[call.webhook];
  std::optional<Answer> over = over_limit(call, bucket);
  if (over) {
    add_bucket(*over, call, bucket);
    return std::move(*over);
  }
  ++bucket.used;
  bucket.channel.push_back(call.now);
  boost::system::error_code failed;
  const boost::json::value body = call.request.body.size() > kMostBodyBytes
                                      ? boost::json::value()
                                      : boost::json::parse(call.request.body, failed);
  const boost::json::object* fields = body.if_object();
  const bool is_json = call.request.header("content-type").starts_with("application/json");
  Answer answer;
  if (failed || fields == nullptr || !is_json) {
    answer = json_answer(400, error_body(50109, "The request body contains invalid JSON."));
  } else {
    answer = message(call, person, *fields);
  }
  add_bucket(answer, call, bucket);
  return answer;
}

Answer Discord::message(const Call& call, const Person& person, const boost::json::object& body) {
  const std::vector<FieldError> errors = check_message(body);
  if (!errors.empty()) {
    return json_answer(400, form_errors(errors, call.version));
  }
  if (is_empty_message(body)) {
    return json_answer(400, error_body(50006, "Cannot send an empty message"));
  }
  const Form query = parse_form(call.request.query());
  if (!form_value(query, "thread_id").empty()) {
    return json_answer(404, error_body(10003, "Unknown Channel"));
  }
  if (body.contains("thread_name")) {
    return json_answer(400,
                       error_body(220003, "Webhooks can only create threads in forum channels"));
  }
  std::string text = readable_text(body);
  Shown shown{.text = {}, .links = take_links(text), .silent = is_silent(body)};
  shown.text = text;
  ledger_.write(person.index, Service::discord, call.now, std::move(shown));
  const std::uint64_t id = ++next_message_;
  if (form_value(query, "wait") != "true") {
    Answer answer;
    answer.response.status = 204;
    return answer;
  }
  std::string reply = fmt::format(
      R"({{"id":"{}","type":0,"channel_id":"{}","webhook_id":"{}","timestamp":"{}","content":)", id,
      call.webhook + 1, call.webhook, runtime::to_rfc3339(call.now));
  const boost::json::value* content = body.if_contains("content");
  append_json_string(reply, content != nullptr && content->is_string()
                                ? std::string_view(content->get_string())
                                : std::string_view());
  return json_answer(200, reply + "}");
}

void Discord::add_bucket(Answer& answer, const Call& call, const Bucket& bucket) const {
  const auto wait = std::max(bucket.resets - call.now, runtime::Millis{0});
  add_header(answer, "X-RateLimit-Limit", std::to_string(rules_.per_webhook));
  add_header(answer, "X-RateLimit-Remaining",
             std::to_string(rules_.per_webhook - std::min(rules_.per_webhook, bucket.used)));
  add_header(
      answer, "X-RateLimit-Reset",
      fmt::format("{:.3f}", static_cast<double>(bucket.resets.time_since_epoch().count()) / 1e3));
  add_header(answer, "X-RateLimit-Reset-After",
             fmt::format("{:.3f}", static_cast<double>(wait.count()) / 1e3));
  add_header(answer, "X-RateLimit-Bucket", "daa8f4ef0af2a8d2b5c0c1a7a7b3ae41");
}

}  // namespace streaky::sim

#include "web/original.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "crypto/tokens.h"
#include "github/forms.h"
#include "runtime/bytes.h"
#include "web/replies.h"
#include "web/test_message.h"

namespace streaky::web {

namespace {

namespace json = boost::json;
using net::ServerResponse;

/// For those who show no secret or a wrong one; per address.
constexpr Rate kGuesses{"original_guess", 30, 60};
constexpr std::size_t kLongestJwt = 4'096;
constexpr std::size_t kDeepest = 8;
constexpr std::string_view kBearer = "Bearer ";
constexpr std::int64_t kSecond = 1'000;

std::unexpected<ServerResponse> refuse(Desk* desk, const Visit& visit, std::string_view words) {
  auto limit = original_limit(desk, kGuesses, net::network_of(visit.address));
  return std::unexpected(limit ? std::move(*limit) : original_error(401, words));
}

/// One part of a JWT; nothing where it is no JSON object.
std::optional<json::object> decode_part(std::string_view part) {
  const auto text = runtime::base64url_decode(part);
  if (!text) return std::nullopt;
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = kDeepest;
  json::value value = json::parse(*text, error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

/// RFC 7519; HS256 alone, so that nobody chooses an easier algorithm.
std::optional<json::object> open_jwt(std::string_view token, const runtime::Secret& secret,
                                     runtime::TimePoint now) {
  const std::size_t dot = token.find('.');
  const std::size_t last = token.rfind('.');
  if (token.size() > kLongestJwt || dot == std::string_view::npos || dot == last) {
    return std::nullopt;
  }
  const std::string signature = crypto::derived_token(secret.reveal(), token.substr(0, last));
  if (!runtime::constant_time_equal(token.substr(last + 1), signature)) return std::nullopt;
  const auto head = decode_part(token.substr(0, dot));
  auto claims = decode_part(token.substr(dot + 1, last - dot - 1));
  if (!head || !claims) return std::nullopt;
  const json::value* algorithm = head->if_contains("alg");
  if (algorithm == nullptr || *algorithm != json::value("HS256")) return std::nullopt;
  const json::value* end = claims->if_contains("exp");
  if (end == nullptr) return claims;
  if (!end->is_number()) return std::nullopt;
  const double seconds = end->to_number<double>();
  const double now_seconds = static_cast<double>(runtime::to_unix_ms(now)) / kSecond;
  if (!(seconds > now_seconds)) return std::nullopt;
  return claims;
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_int64()) return std::to_string(value->get_int64());
  return value->is_string() ? std::string(value->get_string()) : std::string();
}

std::expected<OriginalUser, ServerResponse> checked(Desk* desk, const Visit& visit,
                                                    std::string_view id, std::string login) {
  const auto number = parse_id(id);
  if (!number || *number <= 0 || !github::is_github_login(login)) {
    return refuse(desk, visit, "Authentication failed");
  }
  return OriginalUser{.github_id = *number, .login = std::move(login)};
}

std::expected<OriginalUser, ServerResponse> by_jwt(Desk* desk, const Visit& visit,
                                                   std::string_view token) {
  const runtime::Secret& secret = desk->options.original.jwt;
  if (secret.empty()) return refuse(desk, visit, "Authentication failed");
  const auto claims = open_jwt(token, secret, visit.now);
  if (!claims) return refuse(desk, visit, "Authentication failed");
  const std::string id = text_of(*claims, "sub");
  std::string login = text_of(*claims, "login");
  if (id.empty()) return refuse(desk, visit, "Invalid token payload - missing user ID");
  if (login.empty()) return refuse(desk, visit, "Invalid token payload - missing GitHub username");
  return checked(desk, visit, id, std::move(login));
}

}  // namespace

bool original_is_open(const Desk& desk, const Route& route) {
  const OriginalSecrets& secrets = desk.options.original;
  return route.pattern.starts_with("/api/cron/") ? secrets.for_cron() : secrets.for_users();
}

bool is_original_path(const Desk& desk, std::string_view path) {
  const OriginalSecrets& secrets = desk.options.original;
  return (secrets.for_users() && path.starts_with("/api/user/")) ||
         (secrets.for_cron() && path.starts_with("/api/cron/"));
}

ServerResponse original_error(int status, std::string_view words) {
  return json_reply(status, json::serialize(json::object{{"error", words}}));
}

ServerResponse original_not_found() { return original_error(404, "Not found"); }

std::expected<OriginalUser, ServerResponse> original_user(Desk* desk, const Visit& visit) {
  const std::string_view given = visit.request.header("X-Server-Secret");
  const std::string_view authorization = visit.request.header("Authorization");
  if (given.empty() && authorization.starts_with(kBearer)) {
    return by_jwt(desk, visit, authorization.substr(kBearer.size()));
  }
  const std::string_view id = visit.request.header("X-User-ID");
  const std::string_view login = visit.request.header("X-User-Username");
  if (given.empty() || id.empty() || login.empty()) {
    return refuse(desk, visit, "Unauthorized - Missing authentication");
  }
  const runtime::Secret& secret = desk->options.original.server;
  if (secret.empty() || !runtime::constant_time_equal(given, secret.reveal())) {
    return refuse(desk, visit, "Invalid server secret");
  }
  return checked(desk, visit, id, std::string(login));
}

std::optional<ServerResponse> refuse_cron(Desk* desk, const Visit& visit) {
  const std::string_view given = visit.request.header("X-Cron-Secret");
  if (runtime::constant_time_equal(given, desk->options.original.cron.reveal())) {
    return std::nullopt;
  }
  return refuse(desk, visit, "Unauthorized").error();
}

std::optional<ServerResponse> original_limit(Desk* desk, const Rate& rate, const std::string& who) {
  const auto wait = desk->limits.take(rate, who, desk->parts.clock.monotonic());
  if (wait == runtime::Millis{0}) return std::nullopt;
  desk->parts.metrics.count("streaky_web_limited_total", {{"rate", rate.name}});
  const std::int64_t seconds = (wait.count() + kSecond - 1) / kSecond;
  const json::object body{{"error", "Too many requests"}, {"retryAfter", seconds}};
  ServerResponse response = json_reply(429, json::serialize(body));
  response.headers.push_back({"Retry-After", std::to_string(seconds)});
  return response;
}

void add_original_limits(Desk* desk, const Rate& rate, const std::string& who,
                         runtime::TimePoint now, ServerResponse& response) {
  const auto room = desk->limits.room(rate, who, desk->parts.clock.monotonic());
  const std::int64_t reset = (runtime::to_unix_ms(now + room.whole_in) + kSecond - 1) / kSecond;
  response.headers.push_back({"X-RateLimit-Limit", std::to_string(rate.burst)});
  response.headers.push_back({"X-RateLimit-Remaining", std::to_string(room.requests)});
  response.headers.push_back({"X-RateLimit-Reset", std::to_string(reset)});
}

std::expected<json::object, ServerResponse> original_body(const Visit& visit) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = kDeepest;
  json::value value = json::parse(visit.request.body, error, {}, options);
  if (error || !value.is_object()) return std::unexpected(original_error(400, "Invalid JSON"));
  return std::move(value.get_object());
}

}  // namespace streaky::web

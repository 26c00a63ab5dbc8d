#include "github/failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/string.hpp>
#include <utility>

#include "runtime/bytes.h"

namespace streaky::github {

namespace {

constexpr std::size_t kMostSearched = 4'096;  // of an error page
constexpr std::size_t kMostQuoted = 160;      // of GitHub's own words

bool contains(std::string_view lower_text, std::string_view lower_part) {
  return lower_text.find(lower_part) != std::string_view::npos;
}

/// GitHub's words, cut and without control characters, so that a log line stays a line.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kMostQuoted)) {
    out.push_back(c >= ' ' && c <= '~' ? c : '?');
  }
  return out;
}

bool is_rate_limit(std::string_view lower_text) { return contains(lower_text, "rate limit"); }

/// "Abuse detection" is the older name of the same limit.
bool is_secondary(std::string_view lower_text) {
  return contains(lower_text, "secondary rate limit") || contains(lower_text, "abuse detection");
}

/// The `message` of GitHub's own form of error, in lower case; empty when the body has another
/// form.
std::string message_of(std::string_view body) {
  boost::system::error_code error;
  const boost::json::value root = boost::json::parse(body, error);
  const boost::json::object* object = error ? nullptr : root.if_object();
  const boost::json::value* value = object == nullptr ? nullptr : object->if_contains("message");
  const boost::json::string* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return {};
  return runtime::to_lower_ascii({text->data(), std::min(text->size(), kMostSearched)});
}

/// Only GitHub's own word ends a token for good: pages of somebody in between say 401, too.
Failure classify_unauthorized(const net::HttpResponse& response) {
  const std::string message = message_of(response.body);
  if (contains(message, "bad credentials")) return {Trouble::bad_token, "HTTP 401"};
  if (contains(message, "requires authentication") || contains(message, "to be authenticated")) {
    return {Trouble::no_credentials, "HTTP 401"};
  }
  return {Trouble::unexplained, "HTTP 401 without a known reason"};
}

Failure classify_forbidden(const net::HttpResponse& response, std::string_view lower_body) {
  if (is_secondary(lower_body) || response.status == 429) {
    return {Trouble::secondary_limit, fmt::format("HTTP {}, secondary limit", response.status)};
  }
  if (is_rate_limit(lower_body)) return {Trouble::primary_limit, "HTTP 403, points are spent"};
  if (contains(lower_body, "account was suspended")) {
    return {Trouble::owner_suspended, "the token's owner is suspended"};
  }
  if (contains(lower_body, "administrative rules")) {
    return {Trouble::no_user_agent, "GitHub saw no User-Agent"};
  }
  if (!response.header("retry-after").empty()) {
    return {Trouble::secondary_limit, "HTTP 403 with retry-after"};
  }
  if (!message_of(response.body).empty()) return {Trouble::forbidden, "HTTP 403"};
  return {Trouble::unexplained, "HTTP 403 without a known reason"};
}

struct Row {
  Trouble trouble;
  const char* name;
  Remedy remedy;
  const char* code;
  const char* message;
  bool permanent;
};

constexpr std::array<Row, 17> kRows{{
    {Trouble::bad_token, "bad_token", Remedy::drop_token, "token_dead",
     "GitHub does not accept the token", true},
    {Trouble::no_credentials, "no_credentials", Remedy::drop_token, "no_token",
     "GitHub saw no token", true},
    {Trouble::owner_suspended, "owner_suspended", Remedy::drop_token, "token_dead",
     "GitHub does not accept the token", true},
    {Trouble::missing_scopes, "missing_scopes", Remedy::drop_token, "token_dead",
     "the token may not read contributions", true},
    {Trouble::forbidden, "forbidden", Remedy::retry, "unavailable",
     "GitHub does not let the token see this", false},
    {Trouble::unexplained, "unexplained", Remedy::retry, "unavailable",
     "GitHub refuses the token without a reason", false},
    {Trouble::no_user_agent, "no_user_agent", Remedy::give_up, "client_bug",
     "GitHub refuses the request", true},
    {Trouble::primary_limit, "primary_limit", Remedy::change_token, "rate_limited",
     "GitHub's hourly limit is reached", false},
    {Trouble::secondary_limit, "secondary_limit", Remedy::change_token, "rate_limited",
     "GitHub asks to slow down", false},
    {Trouble::not_found, "not_found", Remedy::accept, "not_found", "GitHub knows no such user",
     true},
    {Trouble::too_many_ids, "too_many_ids", Remedy::give_up, "client_bug",
     "GitHub refuses the query", true},
    {Trouble::window_too_long, "window_too_long", Remedy::give_up, "client_bug",
     "GitHub refuses the query", true},
    {Trouble::refused_query, "refused_query", Remedy::give_up, "client_bug",
     "GitHub refuses the query", true},
    {Trouble::resource_limits, "resource_limits", Remedy::split, "resource_limits",
     "the query is too heavy for GitHub", false},
    {Trouble::timeout, "timeout", Remedy::split, "unavailable", "GitHub did not answer in time",
     false},
    {Trouble::unavailable, "unavailable", Remedy::retry, "unavailable", "GitHub is not available",
     false},
    {Trouble::bad_answer, "bad_answer", Remedy::retry, "bad_answer",
     "GitHub's answer makes no sense", false},
}};

const Row& row_of(Trouble trouble) {
  return *std::ranges::find(kRows, trouble, &Row::trouble);  // every value has its row
}

}  // namespace

Remedy remedy_of(Trouble trouble) { return row_of(trouble).remedy; }

const char* to_text(Trouble trouble) { return row_of(trouble).name; }

runtime::Error to_error(const Failure& failure) {
  const Row& row = row_of(failure.trouble);
  std::string message = row.message;
  if (!failure.detail.empty()) message += " (" + failure.detail + ")";
  return {row.code, std::move(message), row.permanent};
}

Failure classify_transport(const runtime::Error& error) {
  if (error.code == "timeout") return {Trouble::timeout, "no answer in time"};
  if (error.code == "too_large") return {Trouble::bad_answer, "the answer is too large"};
  return {Trouble::unavailable, quoted(error.message)};
}

std::optional<Failure> classify_status(const net::HttpResponse& response) {
  if (response.status == 200) return std::nullopt;
  const std::string body =
      runtime::to_lower_ascii(std::string_view(response.body).substr(0, kMostSearched));
  switch (response.status) {
    case 401:
      return classify_unauthorized(response);
    case 403:
    case 429:
      return classify_forbidden(response, body);
    case 400:
    case 422:
      return Failure{Trouble::refused_query, fmt::format("HTTP {}", response.status)};
    case 502:
    case 504:
      return Failure{Trouble::timeout, fmt::format("HTTP {}", response.status)};
    default:
      break;
  }
  if (response.status >= 500) {
    return Failure{Trouble::unavailable, fmt::format("HTTP {}", response.status)};
  }
  return Failure{Trouble::bad_answer, fmt::format("HTTP {}", response.status)};
}

Failure classify_item(const ErrorItem& item) {
  const std::string message = runtime::to_lower_ascii(item.message.substr(0, kMostSearched));
  if (is_secondary(message)) return {Trouble::secondary_limit, "secondary limit"};
  if (item.type == "RATE_LIMITED" || item.type == "RATE_LIMIT" ||
      item.code == "graphql_rate_limit" || is_rate_limit(message)) {
    return {Trouble::primary_limit, "points are spent"};
  }
  if (item.type == "NOT_FOUND") return {Trouble::not_found, {}};
  if (item.type == "RESOURCE_LIMITS_EXCEEDED") return {Trouble::resource_limits, {}};
  if (item.type == "INSUFFICIENT_SCOPES") {
    return {Trouble::missing_scopes, quoted(item.type)};
  }
  if (item.type == "FORBIDDEN") return {Trouble::forbidden, quoted(item.type)};
  if (item.type == "ARGUMENT_LIMIT" || item.type == "MAX_NODE_LIMIT_EXCEEDED") {
    return {Trouble::too_many_ids, quoted(item.message)};
  }
  if (item.type == "VALIDATION") return {Trouble::window_too_long, quoted(item.message)};
  // The execution of a sound query broke off: a time limit or a fault on GitHub's side.
  if (contains(message, "something went wrong") || contains(message, "timeout")) {
    return {Trouble::timeout, "something went wrong"};
  }
  if (item.type.empty() && !item.extensions_code.empty()) {
    return {Trouble::refused_query, quoted(item.message)};
  }
  return {Trouble::unavailable, "an error of unknown type: " + quoted(item.type)};
}

}  // namespace streaky::github

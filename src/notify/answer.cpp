#include "notify/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <system_error>

#include "net/retry_after.h"
#include "runtime/bytes.h"

namespace streaky::notify {

std::optional<runtime::Millis> wait_from_seconds(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return std::nullopt;
  const auto longest = static_cast<double>(kLongestServiceWait.count());
  const double millis = std::min(std::ceil(seconds * 1000.0), longest);
  return std::max(runtime::Millis{static_cast<std::int64_t>(millis)}, kShortestServiceWait);
}

std::optional<runtime::Millis> wait_from_header(std::string_view text) {
  text = runtime::trim_ascii(text);
  double seconds = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return wait_from_seconds(seconds);
}

std::optional<runtime::Millis> wait_from_retry_after(const net::HttpResponse& response,
                                                     runtime::TimePoint now) {
  const auto asked = net::retry_after(response, now);
  if (!asked) return std::nullopt;
  return std::clamp(*asked, kShortestServiceWait, kLongestServiceWait);
}

std::optional<boost::json::object> parse_object(std::string_view body) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(body, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::optional<std::int64_t> integer_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* found = object.if_contains(key);
  if (found == nullptr || !found->is_int64()) return std::nullopt;
  return found->get_int64();
}

std::optional<double> number_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* found = object.if_contains(key);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->to_number<double>();
}

std::string_view text_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* found = object.if_contains(key);
  if (found == nullptr || !found->is_string()) return {};
  const boost::json::string& text = found->get_string();
  return {text.data(), text.size()};
}

bool true_at(const boost::json::object& object, std::string_view key) {
  const boost::json::value* found = object.if_contains(key);
  return found != nullptr && found->is_bool() && found->get_bool();
}

Answer answer_of_error(const runtime::Error& error) {
  Answer answer;
  answer.code = error.code;
  answer.maybe_seen = net::may_have_been_seen(error);
  answer.reason = fmt::format("the request ended without an answer ({})", error.code);
  return answer;
}

Answer answer_of_trouble(const net::HttpResponse& response, runtime::TimePoint now) {
  Answer answer;
  answer.code = "service_error";
  answer.reason = fmt::format("the service is in trouble (status {})", response.status);
  answer.maybe_seen = true;
  if (const auto wait = wait_from_retry_after(response, now)) answer.wait = *wait;
  return answer;
}

}  // namespace streaky::notify

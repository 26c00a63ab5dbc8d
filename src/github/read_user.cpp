#include "github/read_user.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <chrono>
#include <utility>

#include "runtime/bytes.h"
#include "streak/mutant.h"

namespace streaky::github {

namespace {

namespace json = boost::json;
using streak::Calendar;
using streak::Label;

constexpr std::int64_t kMostPerDay = 1'000'000;  // contributions; more is no count but damage
constexpr std::size_t kMostDays = 400;           // a year, and the rests of its first and last week
constexpr std::size_t kLongestText = 200;        // of an id or a login
constexpr std::size_t kLabelLength = 10;

std::unexpected<Failure> bad(const char* what) {
  return std::unexpected(Failure{Trouble::bad_answer, what});
}

/// Non-empty and of sane length; else empty.
std::string_view text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr || text->size() > kLongestText) return {};
  return {text->data(), text->size()};
}

const json::object* object_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* array_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_array();
}

std::optional<Label> date_at(const json::object& object, std::string_view key) {
  const auto at = runtime::parse_rfc3339(text_at(object, key));
  if (!at) return std::nullopt;
  return std::chrono::floor<std::chrono::days>(*at);
}

struct Day {
  Label label;
  int count = 0;
};

std::expected<Day, Failure> read_day(const json::value& value) {
  const json::object* day = value.if_object();
  if (day == nullptr) return bad("a day is not an object");
  // Only the date itself: answers with a time behind it have been seen (docs/remote-apis.md §1.1).
  const auto label = streak::parse_label(text_at(*day, "date").substr(0, kLabelLength));
  if (!label) return bad("a day without a date");
  const json::value* count = day->if_contains("contributionCount");
  if (count == nullptr || !count->is_int64()) return bad("a day without a whole count");
  const std::int64_t number = count->get_int64();
  if (number < 0 || number > kMostPerDay) return bad("a day with an impossible count");
  return Day{*label, static_cast<int>(number)};
}

std::expected<void, Failure> add_day(Calendar& days, Day day, streak::LabelRange window) {
  // The first and the last week may be shown whole: what lies outside was not asked for.
  if (day.label < window.from || day.label > window.to) return {};
  if (days.count(day.label)) return bad("a day twice");
  days.set(day.label, day.count);
  return {};
}

std::expected<Calendar, Failure> read_weeks(const json::array& weeks, streak::LabelRange window) {
  Calendar days;
  std::size_t seen = 0;
  for (const json::value& value : weeks) {
    const json::object* week = value.if_object();
    const json::array* list = week == nullptr ? nullptr : array_at(*week, "contributionDays");
    if (list == nullptr) return bad("a week without days");
    seen += list->size();
    if (seen > kMostDays) return bad("too many days");
    for (const json::value& item : *list) {
      const auto day = read_day(item);
      if (!day) return std::unexpected(day.error());
      const auto added = add_day(days, *day, window);
      if (!added) return std::unexpected(added.error());
    }
  }
  return days;
}

void fill_with_zeros(Calendar& days, streak::LabelRange window) {
  for (Label label = window.from; label <= window.to; label += std::chrono::days{1}) {
    if (!days.count(label)) days.set(label, 0);
  }
}

/// True when no count can lie behind the days that are shown: GitHub says that it looked no
/// further, or its total is what they add up to. Half an answer lacks its last week, and tomorrow
/// may be one.
bool nothing_is_hidden(const json::object& calendar, const Calendar& days, Label ended,
                       Label utc_today) {
  if (ended <= utc_today || planted(Mutant::half_trusted)) return true;
  std::int64_t sum = 0;
  for (const auto& [label, count] : days) sum += count;
  const json::value* total = calendar.if_contains("totalContributions");
  return total != nullptr && total->is_int64() && total->get_int64() == sum;
}

std::expected<Calendar, Failure> read_collection(const json::object& collection,
                                                 const Asked& asked) {
  const auto ended = date_at(collection, "endedAt");
  if (!date_at(collection, "startedAt") || !ended) return bad("a window without bounds");
  const json::object* calendar = object_at(collection, "contributionCalendar");
  const json::array* weeks = calendar == nullptr ? nullptr : array_at(*calendar, "weeks");
  if (weeks == nullptr) return bad("no calendar");

  auto days = read_weeks(*weeks, asked.window);
  if (!days) return days;
  if (planted(Mutant::unknown_as_zero)) fill_with_zeros(*days, asked.window);
  // A calendar may end with UTC's today, whatever was asked: what lies behind is then not known.
  const Label last = std::min(asked.window.to, asked.utc_today);
  if (!days->covers({asked.window.from, last})) return bad("a day is missing");
  const bool whole = days->covers(asked.window);
  if (!whole && !nothing_is_hidden(*calendar, *days, *ended, asked.utc_today)) {
    return bad("a day is missing");
  }
  return days;
}

std::expected<void, Failure> check_identity(const Reading& reading, const Asked& asked,
                                            std::size_t index) {
  const Who& who = asked.whom[index];
  if (asked.by == AskBy::node_id) {
    if (reading.node_id == who.node_id) return {};
    if (is_legacy_id_of(who.node_id, reading.database_id)) return {};
    return bad("another user than the one asked for");
  }
  if (runtime::to_lower_ascii(reading.login) != runtime::to_lower_ascii(who.login)) {
    return bad("another login than the one asked for");
  }
  if (!who.database_id) return {};
  if (!reading.database_id) return bad("no databaseId");
  if (*reading.database_id == *who.database_id) return {};
  // Logins are given out again: the one that we knew is gone, a stranger has the name now.
  return std::unexpected(Failure{Trouble::not_found, "the login belongs to another account now"});
}

}  // namespace

std::expected<Reading, Failure> read_user(const json::value& value, const Asked& asked,
                                          std::size_t index) {
  const json::object* user = value.if_object();
  if (user == nullptr) return bad("a user is not an object");
  if (asked.by == AskBy::node_id) {
    const std::string_view type = text_at(*user, "__typename");
    if (type.empty()) return bad("a node without a type");
    if (type != "User") return std::unexpected(Failure{Trouble::not_found, "not a user's id"});
  }
  Reading reading;
  reading.node_id = text_at(*user, "id");
  reading.login = text_at(*user, "login");
  if (reading.node_id.empty() || reading.login.empty()) return bad("a user without id or login");
  const json::value* number = user->if_contains("databaseId");
  if (number != nullptr && !number->is_null()) {
    if (!number->is_int64() || number->get_int64() <= 0) return bad("an impossible databaseId");
    reading.database_id = number->get_int64();
  }
  const auto created_on = date_at(*user, "createdAt");
  if (!created_on) return bad("a user without createdAt");
  reading.created_on = *created_on;
  const auto identity = check_identity(reading, asked, index);
  if (!identity) return std::unexpected(identity.error());

  const json::object* collection = object_at(*user, "contributionsCollection");
  if (collection == nullptr) return bad("no contributions");
  auto days = read_collection(*collection, asked);
  if (!days) return std::unexpected(days.error());
  reading.days = std::move(*days);
  return reading;
}

bool is_legacy_id_of(std::string_view old_id, std::optional<std::int64_t> database_id) {
  if (!database_id) return false;
  while (!old_id.empty() && old_id.back() == '=') old_id.remove_suffix(1);
  // "04:User" and the number: none of these characters falls on the two letters in which the
  // alphabets of Base64 differ.
  return old_id == runtime::base64url_encode("04:User" + std::to_string(*database_id));
}

}  // namespace streaky::github

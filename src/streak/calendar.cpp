#include "streak/calendar.h"

#include <algorithm>
#include <iterator>

#include "streak/digits.h"

namespace streaky::streak {

namespace {

constexpr int kFirstYear = 1970;

/// -1 when a character is no digit.
int number_at(std::string_view text, std::size_t from, std::size_t length) {
  int number = 0;
  for (const char character : text.substr(from, length)) {
    if (!is_digit(character)) return -1;
    number = number * 10 + (character - '0');
  }
  return number;
}

}  // namespace

std::string to_text(Label label) {
  const std::chrono::year_month_day date(label);
  std::string year = std::to_string(static_cast<int>(date.year()));
  if (year.size() < 4) year.insert(0, 4 - year.size(), '0');
  return year + "-" + two_digits(static_cast<int>(static_cast<unsigned>(date.month()))) + "-" +
         two_digits(static_cast<int>(static_cast<unsigned>(date.day())));
}

std::optional<Label> parse_label(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = number_at(text, 0, 4);
  const int month = number_at(text, 5, 2);
  const int day = number_at(text, 8, 2);
  if (year < kFirstYear || month < 0 || day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return Label(date);
}

std::optional<int> Calendar::count(Label label) const {
  const auto found = counts_.find(label);
  if (found == counts_.end()) return std::nullopt;
  return found->second;
}

bool Calendar::covers(LabelRange range) const {
  if (range.to < range.from) return true;
  const auto first = counts_.lower_bound(range.from);
  const auto past = counts_.upper_bound(range.to);
  // Keys are unique, so a range is complete exactly when it holds as many of them as it has days.
  return std::distance(first, past) == (range.to - range.from).count() + 1;
}

void Calendar::merge_larger(const Calendar& other) {
  for (const auto& [label, count] : other.counts_) {
    const auto [mine, is_new] = counts_.try_emplace(label, count);
    if (!is_new) mine->second = std::max(mine->second, count);
  }
}

}  // namespace streaky::streak

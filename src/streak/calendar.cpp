#include "streak/calendar.h"

#include <algorithm>
#include <utility>

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

void Calendar::set(Label label, int count) {
  if (days_.empty() || days_.back().label < label) {
    days_.push_back({label, count});
    return;
  }
  const auto place = std::ranges::lower_bound(days_, label, {}, &Day::label);
  if (place->label == label) {
    place->count = count;
  } else {
    days_.insert(place, {label, count});
  }
}

std::optional<int> Calendar::count(Label label) const {
  const auto found = std::ranges::lower_bound(days_, label, {}, &Day::label);
  if (found == days_.end() || found->label != label) return std::nullopt;
  return found->count;
}

bool Calendar::covers(LabelRange range) const {
  if (range.to < range.from) return true;
  const auto first = std::ranges::lower_bound(days_, range.from, {}, &Day::label);
  const auto past = std::ranges::upper_bound(days_, range.to, {}, &Day::label);
  // Labels are unique, so a range is complete exactly when it holds as many of them as it has days.
  return past - first == (range.to - range.from).count() + 1;
}

void Calendar::merge_larger(const Calendar& other) {
  std::vector<Day> merged;
  merged.reserve(days_.size() + other.days_.size());
  auto mine = days_.begin();
  auto theirs = other.days_.begin();
  while (mine != days_.end() || theirs != other.days_.end()) {
    const bool take_mine =
        theirs == other.days_.end() || (mine != days_.end() && mine->label < theirs->label);
    if (take_mine) {
      merged.push_back(*mine++);
    } else if (mine == days_.end() || theirs->label < mine->label) {
      merged.push_back(*theirs++);
    } else {
      merged.push_back({mine->label, std::max(mine->count, theirs->count)});
      ++mine;
      ++theirs;
    }
  }
  days_ = std::move(merged);
}

}  // namespace streaky::streak

#include "app/heat_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace streaky::app {

namespace {

constexpr int kWeeks = 53;
constexpr std::array<const char*, 5> kPlain = {"·", "░", "▒", "▓", "█"};
constexpr std::array<int, 5> kShades = {237, 22, 28, 34, 46};
constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<const char*, 7> kDays = {"   ", "Mon", "   ", "Wed", "   ", "Fri", "   "};

/// 0 for nothing, 1 to 4 by the quarter of the days shown.
std::size_t level_of(int count, const std::vector<int>& sorted) {
  if (count == 0 || sorted.empty()) return 0;
  const auto below = std::ranges::lower_bound(sorted, count) - sorted.begin();
  return 1 + static_cast<std::size_t>(below) * 4 / sorted.size();
}

std::vector<int> contributing_counts(const streak::Calendar& calendar, streak::Label first) {
  std::vector<int> counts;
  for (const auto& [label, count] : calendar) {
    if (label >= first && count > 0) counts.push_back(count);
  }
  std::ranges::sort(counts);
  return counts;
}

std::string month_line(streak::Label first_sunday) {
  std::string line(4, ' ');
  unsigned last_month = 0;
  for (int week = 0; week < kWeeks; ++week) {
    const std::chrono::year_month_day date{first_sunday + std::chrono::days{7 * week}};
    const unsigned month = static_cast<unsigned>(date.month());
    const auto column = 4 + static_cast<std::size_t>(week);
    if (month != last_month && column >= line.size()) {
      line.resize(column, ' ');
      line += kMonths.at(month - 1);
    }
    last_month = month;
  }
  return line;
}

}  // namespace

std::string heat_map(const streak::Calendar& calendar, streak::Label today, bool colour) {
  const auto weekday = std::chrono::weekday{today}.c_encoding();
  const streak::Label this_sunday = today - std::chrono::days{weekday};
  const streak::Label first = this_sunday - std::chrono::days{7 * (kWeeks - 1)};
  const std::vector<int> counts = contributing_counts(calendar, first);

  std::string text = month_line(first) + "\n";
  for (int row = 0; row < 7; ++row) {
    text += kDays.at(static_cast<std::size_t>(row));
    text += ' ';
    for (int week = 0; week < kWeeks; ++week) {
      const streak::Label label = first + std::chrono::days{7 * week + row};
      const auto count = label <= today ? calendar.count(label) : std::nullopt;
      if (!count) {
        text += ' ';
        continue;
      }
      const std::size_t level = level_of(*count, counts);
      text += colour ? fmt::format("\x1b[38;5;{}m■\x1b[0m", kShades.at(level)) : kPlain.at(level);
    }
    text += '\n';
  }
  return text;
}

}  // namespace streaky::app

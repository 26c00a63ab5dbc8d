#include "web/heat_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "web/words.h"

namespace streaky::web {

namespace {

constexpr int kWeeks = 53;
constexpr int kPitch = 13;  // from one square to the next
constexpr int kLeft = 30;   // for the names of days
constexpr int kTop = 20;    // for the names of months
constexpr std::size_t kLevels = 4;
constexpr std::size_t kUsualSvg = 32U << 10U;
constexpr std::array<const char*, 7> kDayNames = {"", "Mon", "", "Wed", "", "Fri", ""};
/// Two names of months need so many weeks between them.
constexpr int kNameWeeks = 3;

streak::Label first_sunday(streak::Label today) {
  const auto weekday = std::chrono::weekday{today}.c_encoding();
  return today - std::chrono::days{weekday} - std::chrono::days{7 * (kWeeks - 1)};
}

/// The days shown, side by side: a count each, or nothing where nothing is known.
class Year {
 public:
  Year(const streak::Calendar& calendar, streak::Label first, streak::Label today)
      : first_(first), counts_(static_cast<std::size_t>((today - first).count()) + 1) {
    auto day = std::ranges::lower_bound(calendar, first, {}, &streak::Calendar::Day::label);
    for (; day != calendar.end() && day->label <= today; ++day) {
      counts_[place_of(day->label)] = day->count;
    }
    find_levels();
  }

  [[nodiscard]] std::optional<int> count(streak::Label label) const {
    return counts_[place_of(label)];
  }

  /// From 0 for none to `kLevels`.
  [[nodiscard]] std::size_t level(int count) const {
    if (count == 0) return 0;
    const auto below = [count](int most) { return most < count; };
    return 1 + static_cast<std::size_t>(std::ranges::count_if(most_of_level_, below));
  }

 private:
  [[nodiscard]] std::size_t place_of(streak::Label label) const {
    return static_cast<std::size_t>((label - first_).count());
  }

  /// Of the days with contributions a quarter each, so that a busy week does not pale a steady
  /// year.
  void find_levels() {
    std::vector<int> sorted;
    sorted.reserve(counts_.size());
    for (const auto count : counts_) {
      if (count.value_or(0) > 0) sorted.push_back(*count);
    }
    if (sorted.empty()) return;
    std::ranges::sort(sorted);
    for (std::size_t level = 1; level < kLevels; ++level) {
      most_of_level_.at(level - 1) = sorted.at((level * sorted.size() + kLevels - 1) / kLevels - 1);
    }
  }

  const streak::Label first_;
  std::vector<std::optional<int>> counts_;
  std::array<int, kLevels - 1> most_of_level_{};
};

void add_month_names(std::string& svg, streak::Label first) {
  unsigned last = 0;
  int last_week = -kNameWeeks;
  for (int week = 0; week < kWeeks; ++week) {
    const std::chrono::year_month_day date{first + std::chrono::days{7 * week}};
    const auto month = static_cast<unsigned>(date.month());
    if (month == last) continue;
    last = month;
    if (week - last_week < kNameWeeks || week > kWeeks - 2) continue;
    last_week = week;
    const std::string name = short_date(std::chrono::sys_days{date}).substr(4);
    fmt::format_to(std::back_inserter(svg), "<text x=\"{}\" y=\"12\">{}</text>",
                   kLeft + week * kPitch, name.substr(name.find(' ') + 1));
  }
}

void add_day_names(std::string& svg) {
  for (std::size_t day = 0; day < kDayNames.size(); ++day) {
    if (*kDayNames.at(day) == '\0') continue;
    fmt::format_to(std::back_inserter(svg), "<text x=\"0\" y=\"{}\">{}</text>",
                   kTop + static_cast<int>(day) * kPitch + 9, kDayNames.at(day));
  }
}

/// By hand, not by format: a year has 371 of them, and a page has to be made in a moment.
void add_day(std::string& svg, const Year& year, streak::Label label, int day, bool is_today) {
  constexpr std::string_view kLevelNames = "01234";
  const auto count = year.count(label);
  svg += "<rect y=\"";
  svg += std::to_string(day * kPitch);
  svg += "\" class=\"l";
  svg += count ? kLevelNames.at(year.level(*count)) : 'u';
  if (is_today) svg += " now";
  svg += "\"><title>";
  append_short_date(svg, label);
  svg += ": ";
  svg += count ? std::to_string(*count) : "not known";
  svg += "</title></rect>";
}

std::string draw(const Year& year, streak::Label first, streak::Label today,
                 const std::string& summary) {
  std::string svg = fmt::format(
      "<svg class=\"heat\" viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" role=\"img\" "
      "aria-label=\"{}\">",
      kLeft + kWeeks * kPitch, kTop + 7 * kPitch, kLeft + kWeeks * kPitch, kTop + 7 * kPitch,
      summary);
  svg.reserve(kUsualSvg);
  auto out = std::back_inserter(svg);
  add_month_names(svg, first);
  add_day_names(svg);
  for (int week = 0; week < kWeeks; ++week) {
    fmt::format_to(out, "<g transform=\"translate({} {})\">", kLeft + week * kPitch, kTop);
    for (int day = 0; day < 7; ++day) {
      const streak::Label label = first + std::chrono::days{7 * week + day};
      if (label > today) break;
      add_day(svg, year, label, day, label == today);
    }
    svg += "</g>";
  }
  svg += "</svg>";
  return svg;
}

std::vector<MonthSum> sum_months(const Year& year, streak::Label first, streak::Label today) {
  std::vector<MonthSum> months;
  streak::Label label = first;
  while (label <= today) {
    const std::chrono::year_month_day date{label};
    const streak::Label last{date.year() / date.month() / std::chrono::last};
    const std::string name = long_date(label);
    MonthSum month{.name = name.substr(name.find(' ') + 1)};
    for (; label <= std::min(last, today); label += std::chrono::days{1}) {
      const auto count = year.count(label);
      month.whole = month.whole && count.has_value();
      month.days += count.value_or(0) > 0 ? 1 : 0;
      month.contributions += count.value_or(0);
    }
    months.push_back(std::move(month));
  }
  std::ranges::reverse(months);
  return months;
}

std::string make_summary(const std::vector<MonthSum>& months, streak::Label first) {
  int days = 0;
  int contributions = 0;
  bool whole = true;
  for (const MonthSum& month : months) {
    days += month.days;
    contributions += month.contributions;
    whole = whole && month.whole;
  }
  return fmt::format("{}{} on {} {} since {}.", whole ? "" : "At least ",
                     contributions_text(contributions), days, days == 1 ? "day" : "days",
                     long_date(first));
}

}  // namespace

HeatMap make_heat_map(const streak::Calendar& calendar, streak::Label today) {
  HeatMap map;
  const streak::Label first = first_sunday(today);
  const Year year(calendar, first, today);
  map.months = sum_months(year, first, today);
  map.summary = make_summary(map.months, first);
  map.svg = draw(year, first, today, map.summary);
  return map;
}

const CardTheme& card_theme(std::string_view name) {
  static const CardTheme kLight{.paper = "#ffffff",
                                .ink = "#211c16",
                                .soft = "#665d52",
                                .accent = "#c2410c",
                                .levels = {"#eee8de", "#fbd3a5", "#f5a055", "#d9661a", "#8a2c0d"}};
  static const CardTheme kDark{.paper = "#1d1a16",
                               .ink = "#f3eee6",
                               .soft = "#b0a698",
                               .accent = "#fb923c",
                               .levels = {"#2a251f", "#5e3013", "#a04d13", "#e67f22", "#ffc88a"}};
  return name == "dark" ? kDark : kLight;
}

std::string heat_map_card(const streak::Calendar& calendar, streak::Label today,
                          const CardTheme& theme) {
  const streak::Label first = first_sunday(today);
  const Year year(calendar, first, today);
  constexpr int kMargin = 16;
  const int width = kWeeks * kPitch + 2 * kMargin;
  const int height = 7 * kPitch + 2 * kMargin;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" width=\"{}\" "
      "height=\"{}\" role=\"img\"><title>{}</title><rect width=\"{}\" height=\"{}\" rx=\"10\" "
      "fill=\"{}\"/>",
      width, height, width, height, make_summary(sum_months(year, first, today), first), width,
      height, theme.paper);
  for (streak::Label label = first; label <= today; label += std::chrono::days{1}) {
    const auto days = (label - first).count();
    const auto count = year.count(label);
    const std::string paint =
        count ? fmt::format("fill=\"{}\"", theme.levels.at(year.level(*count)))
              : fmt::format("fill=\"none\" stroke=\"{}\" stroke-dasharray=\"2 2\"", theme.soft);
    fmt::format_to(std::back_inserter(svg),
                   "<rect x=\"{}\" y=\"{}\" width=\"11\" height=\"11\" rx=\"2.5\" {}/>",
                   kMargin + days / 7 * kPitch, kMargin + days % 7 * kPitch, paint);
  }
  return svg + "</svg>\n";
}

std::string example_heat_map(streak::Label today) {
  streak::Calendar calendar;
  // Any numbers that look like somebody's year: weekends are quieter, a holiday in the middle.
  std::uint32_t state = 7;
  const streak::Label first = first_sunday(today);
  for (streak::Label label = first; label <= today; label += std::chrono::days{1}) {
    state = state * 1'664'525U + 1'013'904'223U;
    const auto weekday = std::chrono::weekday{label}.c_encoding();
    const auto back = (today - label).count();
    int count = static_cast<int>((state >> 24U) % (weekday == 0 || weekday == 6 ? 4U : 11U));
    if (back < 41) count = std::max(count, 1);
    if (back == 41 || (back > 190 && back < 204)) count = 0;
    calendar.set(label, count);
  }
  return draw(Year(calendar, first, today), first, today,
              "An example: one year of contributions, the last 41 days in a row.");
}

}  // namespace streaky::web

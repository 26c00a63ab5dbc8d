#include "web/words.h"

#include <fmt/format.h>

#include <array>

namespace streaky::web {

namespace {

constexpr std::array<const char*, 12> kMonths = {"January",   "February", "March",    "April",
                                                 "May",       "June",     "July",     "August",
                                                 "September", "October",  "November", "December"};
constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::size_t kShort = 3;

std::string_view month_of(std::chrono::year_month_day date) {
  return kMonths.at(static_cast<unsigned>(date.month()) - 1);
}

}  // namespace

std::string long_date(streak::Label label) {
  const std::chrono::year_month_day date{label};
  return fmt::format("{} {} {}", static_cast<unsigned>(date.day()), month_of(date),
                     static_cast<int>(date.year()));
}

void append_short_date(std::string& text, streak::Label label) {
  const std::chrono::year_month_day date{label};
  text += kDays.at(std::chrono::weekday{label}.c_encoding());
  text += ' ';
  text += std::to_string(static_cast<unsigned>(date.day()));
  text += ' ';
  text += month_of(date).substr(0, kShort);
}

std::string short_date(streak::Label label) {
  std::string text;
  append_short_date(text, label);
  return text;
}

std::string local_when(const streak::Zone& zone, runtime::TimePoint at, runtime::TimePoint now) {
  const streak::Label date = zone.local_date(at);
  const auto days = (date - zone.local_date(now)).count();
  std::string day = short_date(date);
  if (days == 0) day = "today";
  if (days == -1) day = "yesterday";
  if (days == 1) day = "tomorrow";
  return day + " " + zone.clock_text(at);
}

std::string ago(runtime::TimePoint at, runtime::TimePoint now) {
  const auto minutes = std::chrono::floor<std::chrono::minutes>(now - at).count();
  if (minutes < 1) return "just now";
  if (minutes < 60) return fmt::format("{} min ago", minutes);
  if (minutes < 48L * 60) return fmt::format("{} h ago", minutes / 60);
  return fmt::format("{} days ago", minutes / (24L * 60));
}

std::string contributions_text(int count) {
  return count == 1 ? "1 contribution" : fmt::format("{} contributions", count);
}

std::string channel_name(std::string_view kind) {
  if (kind == "discord") return "Discord";
  if (kind == "telegram") return "Telegram";
  return std::string(kind);
}

streak::Zone zone_or_utc(const std::string& name) {
  const auto zone = streak::Zone::find(name);
  return zone ? *zone : streak::Zone::find("UTC").value();
}

}  // namespace streaky::web

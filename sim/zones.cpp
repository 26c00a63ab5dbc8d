#include "sim/zones.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <iterator>

namespace streaky::sim {
namespace {

constexpr std::array kNames = {
    "UTC",
    "Pacific/Kiritimati",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Auckland",
    "Pacific/Fiji",
    "Asia/Kamchatka",
    "Pacific/Norfolk",
    "Pacific/Guadalcanal",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Australia/Brisbane",
    "Australia/Adelaide",
    "Australia/Darwin",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Australia/Eucla",
    "Asia/Shanghai",
    "Australia/Perth",
    "Asia/Singapore",
    "Asia/Manila",
    "Asia/Jakarta",
    "Asia/Ho_Chi_Minh",
    "Asia/Bangkok",
    "Asia/Yangon",
    "Asia/Dhaka",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Colombo",
    "Asia/Tashkent",
    "Asia/Karachi",
    "Asia/Kabul",
    "Asia/Dubai",
    "Asia/Tehran",
    "Europe/Moscow",
    "Europe/Istanbul",
    "Africa/Nairobi",
    "Asia/Riyadh",
    "Asia/Jerusalem",
    "Africa/Cairo",
    "Europe/Kyiv",
    "Europe/Athens",
    "Africa/Johannesburg",
    "Europe/Berlin",
    "Europe/Paris",
    "Africa/Lagos",
    "Africa/Casablanca",
    "Europe/London",
    "Europe/Dublin",
    "Atlantic/Azores",
    "Atlantic/Cape_Verde",
    "America/Nuuk",
    "America/Sao_Paulo",
    "America/Argentina/Buenos_Aires",
    "America/St_Johns",
    "America/Halifax",
    "America/Caracas",
    "America/New_York",
    "America/Bogota",
    "America/Chicago",
    "America/Mexico_City",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Marquesas",
    "Pacific/Honolulu",
    "Pacific/Pago_Pago",
};

constexpr std::int64_t kDaySeconds = 86'400;

/// With leading zeros; `unit` is what the first digit counts.
void append_digits(std::string& out, unsigned number, unsigned unit) {
  for (; unit != 0; unit /= 10) {
    out.push_back(static_cast<char>('0' + (number / unit % 10)));
  }
}

}  // namespace

Day utc_day(runtime::TimePoint at) {
  return static_cast<Day>(std::chrono::floor<std::chrono::days>(at).time_since_epoch().count());
}

void append_day(std::string& out, Day day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  // A calendar has hundreds of them, and the world must not be what a measurement measures.
  append_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 1'000);
  out.push_back('-');
  append_digits(out, static_cast<unsigned>(date.month()), 10);
  out.push_back('-');
  append_digits(out, static_cast<unsigned>(date.day()), 10);
}

int weekday_of(Day day) {
  const int weekday = (day + 4) % 7;  // 1970-01-01 was a Thursday
  return weekday < 0 ? weekday + 7 : weekday;
}

int year_of(Day day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  return static_cast<int>(date.year());
}

Zones::Zones() {
  for (const char* name : kNames) {
    Entry entry;
    entry.zone = date::locate_zone(name);
    entries_.push_back(entry);
  }
}

std::span<const char* const> Zones::names() { return kNames; }

std::optional<std::uint8_t> Zones::find(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) {
      return static_cast<std::uint8_t>(i);
    }
  }
  return std::nullopt;
}

Zones::Local Zones::local(std::uint8_t zone, runtime::TimePoint at) const {
  Entry& entry = entries_.at(zone);
  const std::int64_t seconds =
      std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  if (seconds < entry.from_s || seconds >= entry.until_s) {
    const auto info = entry.zone->get_info(date::sys_seconds{std::chrono::seconds{seconds}});
    entry.from_s = info.begin.time_since_epoch().count();
    entry.until_s = info.end.time_since_epoch().count();
    entry.offset_s = info.offset.count();
  }
  const std::int64_t wall = seconds + entry.offset_s;
  std::int64_t day = wall / kDaySeconds;
  std::int64_t rest = wall % kDaySeconds;
  if (rest < 0) {
    rest += kDaySeconds;
    --day;
  }
  return Local{static_cast<Day>(day), static_cast<int>(rest / 60)};
}

}  // namespace streaky::sim

#include "streak/local_day.h"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <exception>
#include <limits>

#include "streak/digits.h"
#include "streak/mutant.h"

namespace streaky::streak {

namespace {

using Seconds = std::chrono::sys_seconds;

constexpr std::string_view kUtc = "UTC";
/// No wall clock was ever further from UTC.
constexpr std::chrono::hours kLargestOffset{26};
/// Longer than any name in tzdata, so that comparing stays cheap whatever a user types.
constexpr std::size_t kLongestName = 64;

/// Files of the zone folder that are no zones, or that mean something else on every machine.
bool is_no_zone(std::string_view name) {
  static constexpr std::array<std::string_view, 3> kOthers = {"localtime", "posixrules", "Factory"};
  return std::ranges::find(kOthers, name) != kOthers.end() || name.starts_with("posix/") ||
         name.starts_with("right/");
}

/// Nothing where the system has no tzdata: then UTC is all there is.
const std::vector<date::time_zone>* all_zones() {
  try {
    return &date::get_tzdb().zones;
  } catch (const std::exception&) {
    return nullptr;
  }
}

/// Zones are read when they are first used; a file that is no zone shows itself only then.
bool can_be_read(const date::time_zone& zone) {
  try {
    static_cast<void>(zone.get_info(Seconds{}));
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

std::chrono::seconds offset_of(const date::sys_info& stretch) {
  // The system's files say only that the clock is set forth, not by how much.
  const bool forth = planted(Mutant::dst_ignored) && stretch.save != std::chrono::minutes{0};
  return forth ? stretch.offset - std::chrono::hours{1} : stretch.offset;
}

std::chrono::seconds offset_of(const date::time_zone* zone, Instant at) {
  if (zone == nullptr) return std::chrono::seconds{0};
  return offset_of(zone->get_info(std::chrono::floor<std::chrono::seconds>(at)));
}

/// How many characters must be changed, added or left out to turn one text into the other.
std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::optional<Zone> Zone::find(std::string_view name) {
  if (name == kUtc) return Zone(nullptr);
  const std::vector<date::time_zone>* zones = all_zones();
  if (zones == nullptr || is_no_zone(name)) return std::nullopt;
  const auto found = std::ranges::lower_bound(
      *zones, name, {}, [](const date::time_zone& zone) { return std::string_view(zone.name()); });
  if (found == zones->end() || found->name() != name || !can_be_read(*found)) return std::nullopt;
  return Zone(&*found);
}

std::vector<std::string> Zone::names() {
  std::vector<std::string> names;
  if (const std::vector<date::time_zone>* zones = all_zones()) {
    for (const date::time_zone& zone : *zones) {
      if (!is_no_zone(zone.name()) && can_be_read(zone)) names.push_back(zone.name());
    }
  }
  if (!std::ranges::binary_search(names, kUtc)) {
    names.insert(std::ranges::upper_bound(names, kUtc), std::string(kUtc));
  }
  return names;
}

std::string Zone::nearest_name(std::string_view name) {
  std::string wanted = lower_case(name.substr(0, kLongestName));
  std::ranges::replace(wanted, ' ', '_');
  std::string nearest(kUtc);
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const std::string& known : names()) {
    const std::string whole = lower_case(known);
    // People know their city better than the region that tzdata files it under.
    const std::string_view city = std::string_view(whole).substr(whole.rfind('/') + 1);
    // Of two that are equally near, the one that was meant whole.
    const std::size_t distance =
        std::min(2 * edit_distance(wanted, whole), 2 * edit_distance(wanted, city) + 1);
    if (distance >= least) continue;
    least = distance;
    nearest = known;
  }
  return nearest;
}

const std::string& Zone::name() const {
  static const std::string kUtcName(kUtc);
  return zone_ == nullptr ? kUtcName : zone_->name();
}

Label Zone::local_date(Instant at) const {
  if (planted(Mutant::utc_day)) return std::chrono::floor<std::chrono::days>(at);
  return std::chrono::floor<std::chrono::days>(at + offset_of(zone_, at));
}

int Zone::local_minute(Instant at) const {
  const Instant wall = at + offset_of(zone_, at);
  const auto since_midnight = wall - std::chrono::floor<std::chrono::days>(wall);
  return static_cast<int>(std::chrono::floor<std::chrono::minutes>(since_midnight).count());
}

Instant Zone::instant_of(Label date, int minute) const {
  const Seconds wall = Seconds(date) + std::chrono::minutes(minute);
  if (zone_ == nullptr) return wall;
  // The first instant at which the clock has come that far. This is the first pass of an overlap
  // and the end of a gap, even of one that swallows a whole day.
  date::sys_info stretch = zone_->get_info(wall - kLargestOffset);
  while (stretch.end != Seconds::max() && stretch.end + offset_of(stretch) <= wall) {
    const Seconds next = stretch.end;
    stretch = zone_->get_info(next);
    if (stretch.end <= next) break;
  }
  return std::max(stretch.begin, wall - offset_of(stretch));
}

Instant Zone::end_of(Label date) const { return instant_of(date + std::chrono::days(1), 0); }

std::string Zone::clock_text(Instant at) const {
  const int minute = local_minute(at);
  return two_digits(minute / 60) + ":" + two_digits(minute % 60);
}

}  // namespace streaky::streak

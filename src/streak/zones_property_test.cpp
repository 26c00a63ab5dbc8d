// Every zone of the system's tzdata, day after day, against a second computation that shares no
// code with ours: the C library's localtime_r, walked forwards until its clock has come far enough.
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "streak/reminder_plan.h"

namespace streaky::streak {
namespace {

using Seconds = std::chrono::sys_seconds;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr hours kFarthest{26};

/// The C library's clock of one zone.
class OtherClock {
 public:
  explicit OtherClock(const std::string& zone) {
    setenv("TZ", (":" + zone).c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
    tzset();
  }
  ~OtherClock() {
    unsetenv("TZ");  // NOLINT(concurrency-mt-unsafe): one thread
    tzset();
  }
  OtherClock(const OtherClock&) = delete;
  OtherClock& operator=(const OtherClock&) = delete;

  /// What the wall clock shows, as if it were UTC.
  [[nodiscard]] Seconds wall(Seconds at) const {
    const std::time_t time = at.time_since_epoch().count();
    std::tm fields{};
    localtime_r(&time, &fields);
    const auto date = std::chrono::year(fields.tm_year + 1900) /
                      std::chrono::month(static_cast<unsigned>(fields.tm_mon + 1)) /
                      std::chrono::day(static_cast<unsigned>(fields.tm_mday));
    return std::chrono::sys_days(date) + hours(fields.tm_hour) + minutes(fields.tm_min) +
           seconds(fields.tm_sec);
  }
};

/// The first instants at which a clock has come to ever later times. It walks by hours, and through
/// an hour in which the clock is changed by seconds.
class Walk {
 public:
  Walk(const OtherClock& clock, Seconds from) : clock_(clock) { enter(from); }

  Seconds first_at_or_after(Seconds target) {
    while (true) {
      if (is_plain_) {
        if (wall_ + hours(1) > target) return at_ + std::max(seconds(0), target - wall_);
      } else {
        for (Seconds at = at_; at < at_ + hours(1); at += seconds(1)) {
          if (changing_[static_cast<std::size_t>((at - at_).count())] >= target) return at;
        }
      }
      enter(at_ + hours(1));
    }
  }

 private:
  void enter(Seconds at) {
    at_ = at;
    wall_ = is_known_ && is_plain_ ? next_ : clock_.wall(at);
    next_ = clock_.wall(at + hours(1));
    is_known_ = true;
    is_plain_ = next_ - wall_ == hours(1);
    if (is_plain_) return;
    changing_.clear();
    for (Seconds second = at; second < at + hours(1); second += seconds(1)) {
      changing_.push_back(clock_.wall(second));
    }
  }

  const OtherClock& clock_;
  Seconds at_;
  Seconds wall_;
  Seconds next_;
  bool is_known_ = false;
  bool is_plain_ = true;
  std::vector<Seconds> changing_;
};

/// One name for each zone that differs from all others.
std::vector<std::string> distinct_zones() {
  std::map<std::string, std::string> by_content;
  for (const std::string& name : Zone::names()) {
    std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    EXPECT_FALSE(content.empty()) << name;
    by_content.try_emplace(content, name);
  }
  std::vector<std::string> names;
  names.reserve(by_content.size());
  for (const auto& [content, name] : by_content) names.push_back(name);
  return names;
}

/// Where our clock and the other one first differ.
std::optional<std::string> difference(const std::string& name, Label first, Label last,
                                      const StageMinutes& times) {
  const OtherClock clock(name);
  const Zone zone = Zone::find(name).value();
  Walk walk(clock, first - kFarthest);
  Seconds day_begins = walk.first_at_or_after(first);
  Instant after = day_begins - seconds(1);
  for (Label date = first; date <= last; date += days(1)) {
    std::vector<Seconds> expected;
    for (const int minute : times) {
      const Seconds at = walk.first_at_or_after(date + minutes(minute));
      if (zone.instant_of(date, minute) != at) return to_text(date) + " " + minute_text(minute);
      expected.push_back(at);
    }
    const Seconds day_ends = walk.first_at_or_after(date + days(1));
    if (zone.end_of(date) != day_ends) return to_text(date) + ": its end";
    for (std::size_t i = 0; i < times.size() && day_begins < day_ends; ++i) {
      // Stages that fall together fire once; where a day ends in a gap, half an hour before it
      // does.
      if (expected[i] >= day_ends) expected[i] = day_ends - minutes(30);
      if (expected[i] <= after) continue;
      const auto next = next_stage(zone, times, after);
      if (!next || next->at != expected[i] || next->date != date) {
        return to_text(date) + " " + minute_text(times[i]) + ": its stage";
      }
      if (zone.local_date(next->at) != date) return to_text(date) + ": a stage of another day";
      const auto wall = clock.wall(expected[i]);
      if (zone.local_minute(next->at) != (wall - std::chrono::floor<days>(wall)) / minutes(1)) {
        return to_text(date) + " " + minute_text(times[i]) + ": its time of day";
      }
      after = next->at;
    }
    const auto latest = latest_stage_today(zone, times, day_ends - std::chrono::milliseconds(1));
    if (day_begins < day_ends && (!latest || latest->at != after)) {
      return to_text(date) + ": its latest stage";
    }
    day_begins = day_ends;
  }
  return std::nullopt;
}

void compare_all_zones(int first_year, int last_year, const StageMinutes& times) {
  const auto names = distinct_zones();
  EXPECT_GT(names.size(), 300U);
  const Label first = std::chrono::year(first_year) / std::chrono::January / 1;
  const Label last = std::chrono::year(last_year) / std::chrono::December / 31;
  for (const std::string& name : names) {
    const auto found = difference(name, first, last, times);
    EXPECT_FALSE(found) << name << ", " << *found;
  }
}

TEST(AllZones, TwoYearsToComeAgreeWithTheCLibrary) {
  compare_all_zones(2026, 2027, {0, 30, 120, 135, 150, 20 * 60, 1410, 1439});
}

TEST(AllZones, TheYearThatSamoaLeftADayOutAgreesToo) {
  compare_all_zones(2011, 2011, {0, 150, 20 * 60, 1439});
}

}  // namespace
}  // namespace streaky::streak

// What people asked for with links and levels, and whether a message keeps to it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "simulation/local_time.h"
#include "simulation/oracle.h"

namespace streaky::simulation {

using namespace std::chrono_literals;
using runtime::Millis;
using runtime::TimePoint;

namespace {

/// A message that was on its way when its user asked for quiet may arrive still.
constexpr Millis kOnItsWay = 90s;
/// A snooze is offered, or not, with so much left of the day.
constexpr Millis kSurelyOffered = 45min;
constexpr Millis kSurelyTooLate = 35min;
constexpr std::string_view kSnooze = "Snooze an hour";

}  // namespace

bool wants_quiet(const sim::Zones& zones, const Settings& settings, TimePoint at) {
  const auto& wish = settings.wish;
  const sim::Day day = zones.local(settings.zone, at).day;
  if (!wish || wish->day != day) return false;
  if (wish->stopped) return true;
  // Where the hour lies on another date, since the person has moved, nothing would come at its end.
  return wish->later && at < *wish->later && zones.local(settings.zone, *wish->later).day == day;
}

void heed_wish(const sim::Zones& zones, const Settings& settings, sim::Day day,
               std::vector<TimePoint>& stages) {
  const auto& wish = settings.wish;
  if (!wish || wish->day != day) return;
  if (wish->stopped) return stages.clear();
  if (!wish->later || zones.local(settings.zone, *wish->later).day != day) return;
  const TimePoint later = *wish->later;
  std::erase_if(stages, [later](TimePoint stage) { return stage <= later; });
  stages.insert(stages.begin(), later);
}

/// Some instants at which what the person wanted may have been looked up for a message.
std::vector<TimePoint> Oracle::lately(TimePoint at) const {
  const Millis wrong = slack(at);
  std::vector<TimePoint> some = {at, at - kOnItsWay};
  if (wrong > 0ms) some.insert(some.end(), {at - wrong, at + wrong, at - kOnItsWay - wrong});
  return some;
}

void Oracle::check_wishes(const Citizen& citizen, const sim::Entry& entry, Kind kind) {
  if (kind == Kind::notice) return;
  const auto unwanted = [&](TimePoint at) {
    const Settings& settings = citizen.at(at);
    if (wants_quiet(truth_.zones(), settings, at)) return true;
    const sim::Day day = truth_.zones().local(settings.zone, at).day;
    const bool rests = settings.wish && settings.wish->rested && settings.wish->day == day;
    return rests && settings.paused_on(day) && kind != Kind::summary;
  };
  if (std::ranges::all_of(lately(entry.at), unwanted)) {
    fail(citizen, entry.at, "unheeded",
         fmt::format("a message though its user had asked for quiet ({})", entry.text));
  }
  if (kind != Kind::reminder) {
    if (!entry.links.empty()) fail(citizen, entry.at, "strange", "links without a reminder");
    return;
  }
  const Millis left = day_of(citizen, entry.at + machine_.error()).to - entry.at;
  const Millis doubt = slack(entry.at) + 1min;
  const bool snooze =
      std::ranges::find(entry.links, kSnooze, &sim::EntryLink::label) != entry.links.end();
  const bool missing = !snooze && left - doubt > kSurelyOffered;
  const bool useless = snooze && left + doubt < kSurelyTooLate && !moved_lately(citizen, entry.at);
  if (entry.links.size() < 2 || missing || useless) {
    fail(citizen, entry.at, "wrong_links",
         fmt::format("a reminder with {} links, {} a snooze", entry.links.size(),
                     snooze ? "among them" : "without"));
  }
}

bool Oracle::moved_lately(const Citizen& citizen, TimePoint at) {
  const std::uint8_t zone = citizen.at(at).zone;
  for (auto chapter = citizen.chapters.rbegin(); chapter != citizen.chapters.rend(); ++chapter) {
    if (chapter->settings.zone != zone) return true;
    if (chapter->from < at - 26h) break;
  }
  return false;
}

void Oracle::check_level(const Citizen& citizen, const sim::Entry& entry, Kind kind) {
  const auto quiet = [&](TimePoint at) {
    return citizen.at(at).level(entry.service) == Level::quiet;
  };
  const bool fits = std::ranges::any_of(lately(entry.at),
                                        [&](TimePoint at) { return quiet(at) == entry.silent; });
  if (!fits) {
    fail(citizen, entry.at, "wrong_sound",
         entry.silent ? "no sound on a channel that has one" : "a sound on a quiet channel");
  }
  const bool limited = kind == Kind::reminder || kind == Kind::summary;
  if (limited && !may_be_loud(citizen, entry, kind)) {
    fail(citizen, entry.at, "nag",
         fmt::format("a loud channel hears what is not the day's last reminder ({})", entry.text));
  }
}

/// Whether, at some moment of the day so far, the channel had another level or the day's last
/// reminder was due on it.
bool Oracle::may_be_loud(const Citizen& citizen, const sim::Entry& entry, Kind kind) const {
  const sim::Zones& zones = truth_.zones();
  const TimePoint by = entry.at + slack(entry.at);
  const TimePoint since = day_of(citizen, entry.at + machine_.error()).from - kOnItsWay;
  if (moved_lately(citizen, entry.at)) return true;
  for (std::size_t i = 0; i < citizen.chapters.size(); ++i) {
    const Chapter& chapter = citizen.chapters[i];
    const bool newest = i + 1 == citizen.chapters.size();
    const TimePoint end = newest ? by : std::min(by, citizen.chapters[i + 1].from);
    if (end < since || chapter.from > by) continue;
    if (chapter.settings.level(entry.service) != Level::loud) return true;
    if (kind != Kind::reminder) continue;
    // What arrives a moment after midnight was the last one of the day before.
    for (const TimePoint at : {end, std::max(chapter.from, end - kOnItsWay - slack(entry.at))}) {
      if (is_last(zones, chapter.settings, at)) return true;
    }
  }
  return false;
}

bool is_last(const sim::Zones& zones, const Settings& settings, TimePoint at) {
  const sim::Day day = zones.local(settings.zone, at).day;
  return stages_within(zones, settings, at + 1ms, end_of(zones, settings.zone, day) - 1ms).empty();
}

}  // namespace streaky::simulation

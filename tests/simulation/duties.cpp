// What had to be said: the oracle's judgement of a day that is over.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "simulation/local_time.h"
#include "simulation/oracle.h"

namespace streaky::simulation {

using namespace std::chrono_literals;
using runtime::Millis;
using runtime::TimePoint;
using sim::Service;

namespace {

constexpr Millis kReachable = 10min;
/// The last words are written fifteen minutes before midnight.
constexpr Millis kLastWords = 16min;
constexpr Millis kLateJob = 20min;
/// Days are judged a while after they ended, when the clock can be no more wrong than that.
constexpr Millis kAfterwards = 25min;
constexpr Millis kKeepMessages = 72h;
constexpr Millis kWrongClock = 13min;

Part part_of(Service service) {
  return service == Service::discord ? Part::discord : Part::telegram;
}

}  // namespace

std::vector<TimePoint> stages_on(const sim::Zones& zones, const Settings& settings, sim::Day day) {
  std::vector<TimePoint> all;
  if (!settings.active) return all;
  const TimePoint begin = instant_of(zones, settings.zone, day, 0);
  const TimePoint end = end_of(zones, settings.zone, day);
  if (begin >= end) return all;  // a date that the zone left out
  for (const int minute : settings.stages) {
    TimePoint at = instant_of(zones, settings.zone, day, minute);
    // Where the clock jumps over the end of a day, its last reminders come half an hour before.
    if (at >= end) at = std::max(begin, end - 30min);
    if (all.empty() || all.back() < at) all.push_back(at);
  }
  heed_wish(zones, settings, day, all);
  return all;
}

std::vector<TimePoint> stages_within(const sim::Zones& zones, const Settings& settings,
                                     TimePoint from, TimePoint to) {
  std::vector<TimePoint> all;
  if (from > to) return all;
  const sim::Day last = zones.local(settings.zone, to).day;
  for (sim::Day day = zones.local(settings.zone, from).day; day <= last; ++day) {
    for (const TimePoint at : stages_on(zones, settings, day)) {
      if (at >= from && at <= to) all.push_back(at);
    }
  }
  return all;
}

void Oracle::begin(const std::vector<Citizen>& citizens, TimePoint now) {
  watches_.resize(citizens.size());
  for (const Citizen& citizen : citizens) {
    Watch& watch = watches_.at(citizen.person);
    watch.slacks.push_back(0ms);
    watch.judged_to = now + 1ms;  // a new user is first looked at strictly later
    watch.day_end = day_of(citizen, now).to;
  }
  next_ = now;
}

TimePoint Oracle::next() const { return next_; }

void Oracle::run(const std::vector<Citizen>& citizens, TimePoint now) {
  next_ = TimePoint::max();
  for (const Citizen& citizen : citizens) {
    Watch& watch = watches_[citizen.person];
    while (watch.day_end + kAfterwards <= now) {
      judge_until(citizen, watch, watch.day_end);
      watch.day_end = day_of(citizen, watch.day_end).to;
      forget_old(watch, now);
    }
    next_ = std::min(next_, watch.day_end + kAfterwards);
  }
}

void Oracle::close_chapter(const Citizen& citizen, TimePoint now) {
  Watch& watch = watches_.at(citizen.person);
  // Days that ended a moment ago are still waiting to be judged.
  while (watch.day_end <= now) {
    judge_until(citizen, watch, watch.day_end);
    watch.day_end = day_of(citizen, watch.day_end).to;
  }
  judge_until(citizen, watch, now);
}

void Oracle::open_chapter(const Citizen& citizen, TimePoint now) {
  // Who moved to another zone has another midnight.
  Watch& watch = watches_.at(citizen.person);
  watch.slacks.push_back(slack(now));
  watch.day_end = day_of(citizen, now).to;
  next_ = std::min(next_, watch.day_end + kAfterwards);
}

void Oracle::forget_old(Watch& watch, TimePoint now) {
  for (Ear& ear : watch.ears) {
    std::erase_if(ear.messages, [now](const Message& one) { return one.at + kKeepMessages < now; });
    std::erase_if(ear.excuses, [now](TimePoint one) { return one + kKeepMessages < now; });
  }
}

/// What is due within one chapter of one day.
std::vector<Oracle::Due> Oracle::due_within(const Citizen& citizen, const Watch& watch, Day day,
                                            TimePoint from, TimePoint to) const {
  const Settings& settings = citizen.at(from);
  std::vector<Due> due;
  for (const TimePoint at : stages_within(truth_.zones(), settings, from, to - 1ms)) {
    due.push_back(Due{at, at});
  }
  const auto chapter = std::ranges::find_if(
      citizen.chapters, [from](const Chapter& one) { return one.from == from; });
  const bool first = !due.empty() && due.front().from == from;
  if (from <= day.from || first || chapter == citizen.chapters.end()) return due;
  // The day began under other settings. What was due before goes on where zone and hours stayed;
  // an edit that leaves no stage today is looked at at once, if nothing was said today.
  const auto before = stages_within(truth_.zones(), settings, day.from, from - 1ms);
  if (before.empty()) return due;
  const bool later = !stages_within(truth_.zones(), settings, from, day.to - 1ms).empty();
  // Also by an edit before this one: what it left behind does not come back.
  const auto replans = [&before, from](const Chapter& one) {
    return one.replanned && one.from > before.back() && one.from <= from;
  };
  const bool replanned_since = std::ranges::any_of(citizen.chapters, replans);
  bool said = false;
  bool said_since = false;
  for (const Ear& ear : watch.ears) {
    for (const Message& one : ear.messages) {
      if (one.day != day.label) continue;
      said = true;
      said_since = said_since || one.at >= before.back() - kWrongClock;
    }
  }
  if (!said && chapter->told && chapter->settings.active && !later) {
    due.insert(due.begin(), Due{from, from});
  } else if (!said_since && !replanned_since) {
    due.insert(due.begin(), Due{before.back(), from});
  }
  return due;
}

/// Loud channels are kept for the day's last reminder.
bool Oracle::hears_of(const Settings& settings, Service service, TimePoint stage) const {
  if (!settings.has(service)) return false;
  return settings.level(service) != Level::loud || is_last(truth_.zones(), settings, stage);
}

void Oracle::judge_until(const Citizen& citizen, Watch& watch, TimePoint until) {
  const TimePoint from = watch.judged_to;
  if (until <= from) return;
  const Settings& settings = citizen.at(from);
  watch.judged_to = until;
  if (citizen.gone || !settings.active) return;
  const Day day = day_of(citizen, from);
  const auto due = due_within(citizen, watch, day, from, until);
  for (std::size_t i = 0; i < due.size(); ++i) {
    const TimePoint to = i + 1 < due.size() ? due[i + 1].from : until;
    for (const Service service : {Service::discord, Service::telegram}) {
      if (hears_of(settings, service, due[i].from)) {
        judge_stage(citizen, watch, service, due[i], to);
      }
    }
  }
  if (until != day.to || due.empty() || due.back().stage != due.back().from) return;
  const TimePoint last = due.back().from;
  if (settings.discord) judge_last_words(citizen, watch, Service::discord, last, day.to);
  if (settings.telegram) judge_last_words(citizen, watch, Service::telegram, last, day.to);
}

void Oracle::judge_stage(const Citizen& citizen, const Watch& watch, Service service, Due due,
                         TimePoint to) {
  const std::vector<Part> parts = {Part::machine, Part::github, part_of(service)};
  const auto window = uptime_.window(parts, due.from, to, kReachable);
  if (!window || !truth_.of(citizen, due.from).surely_at_risk() ||
      !truth_.of(citizen, *window + kReachable).surely_at_risk()) {
    return;
  }
  if (due.stage != due.from) {
    // What was looked at and settled before the change is not looked at again.
    const bool on = hears_of(citizen.at(due.stage), service, due.stage);
    if (!on || !truth_.of(citizen, due.stage).surely_at_risk()) return;
  }
  // A clock that was ahead may have made the reminder come early, and the look too.
  TimePoint since = due.from;
  if (uptime_.down_within(Part::machine, since - kWrongClock, since + 1ms)) {
    since -= kWrongClock;
    if (!truth_.of(citizen, since).surely_at_risk()) return;
  }
  ++tally_.duties;
  const Ear& ear = watch.ears.at(static_cast<std::size_t>(service));
  if (heard_between(ear, since, *window + kReachable, false)) return;
  fail(citizen, *window + kReachable, heard_between(ear, since, to, false) ? "late" : "missed",
       fmt::format("nothing on {} for the stage of {}, though all was well from {} on",
                   sim::to_text(service), runtime::to_rfc3339(due.stage),
                   runtime::to_rfc3339(*window)));
}

void Oracle::judge_last_words(const Citizen& citizen, const Watch& watch, Service service,
                              TimePoint from, TimePoint midnight) {
  const TimePoint last = midnight - kLastWords;
  if (from > midnight - kLateJob) return;
  if (uptime_.down_within(Part::machine, last - kWrongClock, midnight)) return;
  if (uptime_.down_within(part_of(service), last, midnight)) return;
  const Ear& ear = watch.ears.at(static_cast<std::size_t>(service));
  // Once a date, even where a journey made it longer.
  const bool told = heard_on(ear, Kind::could_not_check, day_of(citizen, last).label) > 0;
  const Standing at_first = truth_.of(citizen, from);
  const Standing at_last = truth_.of(citizen, midnight - 1min);
  const bool at_risk = at_first.surely_at_risk() && at_last.surely_at_risk();
  if (at_risk) {
    ++tally_.honest_duties;
    if (told || heard_between(ear, from - kWrongClock, midnight, true)) return;
    return fail(citizen, midnight, "silent",
                fmt::format("not a word on {} before midnight for the stage of {}",
                            sim::to_text(service), runtime::to_rfc3339(from)));
  }
  const bool dark = uptime_.down_throughout(Part::github_dark, from - kWrongClock, midnight);
  const bool works = at_first.stand == Stand::safe || at_first.stand == Stand::no_streak;
  // On a day off there is nothing to be said, whatever GitHub would answer.
  const bool off = citizen.at(from).skips(at_first.today);
  if (!dark || !works || off) return;
  ++tally_.honest_duties;
  if (told || heard_between(ear, last, midnight, true)) return;
  fail(citizen, midnight, "silent",
       fmt::format("no honest word on {} though GitHub was down from {} to midnight",
                   sim::to_text(service), runtime::to_rfc3339(from)));
}

}  // namespace streaky::simulation

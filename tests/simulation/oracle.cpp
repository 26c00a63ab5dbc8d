// What is heard, and whether it may be said.
#include "simulation/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>

#include "simulation/local_time.h"

namespace streaky::simulation {

using namespace std::chrono_literals;
using runtime::Millis;
using runtime::TimePoint;
using sim::Service;

namespace {

/// A look at GitHub is good for five minutes (docs/job-states.md); what is on its way takes up to
/// half a minute more.
constexpr Millis kFresh = 5min + 45s;
constexpr Millis kBeforeMidnight = 15min;
/// How long a wrong clock's consequences are looked for.
constexpr Millis kClockMemory = 20min;
/// A message is on its way for so long when the next stage comes.
constexpr Millis kOnItsWay = 1min;
/// A message that was sent again after a crash was right when it was sent first.
constexpr Millis kSentAgain = 10min;
/// How long after the death of a token a streak that it alone showed may be spoken of.
constexpr Millis kHiddenStreak = 24h * 4;
/// A word about a dead channel waits with the message that was lost, a day at most.
constexpr Millis kNoticeWait = 26h;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::optional<int> number_after(std::string_view text, std::string_view part) {
  const std::size_t at = text.find(part);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + part.size());
  int value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop == text.data()) return std::nullopt;
  return value;
}

/// `As of 23:10` in minutes.
std::optional<int> as_of_minute(std::string_view text) {
  const std::size_t at = text.find("As of ");
  if (at == std::string_view::npos) return std::nullopt;
  const auto hour = number_after(text, "As of ");
  const auto minute = number_after(text.substr(at + 6), ":");
  if (!hour || !minute) return std::nullopt;
  return *hour * 60 + *minute;
}

}  // namespace

Oracle::Oracle(const Truth& truth, const Uptime& uptime, Machine& machine, Diary& diary)
    : truth_(truth), uptime_(uptime), machine_(machine), diary_(diary) {}

void Oracle::fail(const Citizen& citizen, TimePoint at, const char* what, std::string story) {
  if (failures_.size() >= kMostFailures) return;
  failures_.push_back(
      Failure{citizen.person, at, what,
              fmt::format("{} at {}: {}\n{}", citizen.login, runtime::to_rfc3339(at), story,
                          diary_.of(citizen.person))});
}

void Oracle::clock_changed(TimePoint now, Millis before) {
  clock_errors_.emplace_back(now, before);
}

/// By how much the machine's clock is, or was a short while ago, wrong.
Millis Oracle::slack(TimePoint at) const {
  Millis most = std::max(machine_.error(), -machine_.error());
  for (auto one = clock_errors_.rbegin(); one != clock_errors_.rend(); ++one) {
    if (one->first + kClockMemory < at) break;
    most = std::max({most, one->second, -one->second});
  }
  return most;
}

/// The instants at which the answer may have been seen on which a message rests.
std::vector<TimePoint> Oracle::moments(TimePoint at) const {
  std::vector<TimePoint> some = {at, at - 20s, at - 1min, at - 150s, at - kFresh};
  const Millis wrong = slack(at);
  if (wrong > 0ms) {
    some.push_back(at - wrong);
    some.push_back(at + wrong);
    some.push_back(at - wrong - kFresh);
  }
  return some;
}

Oracle::Day Oracle::day_of(const Citizen& citizen, TimePoint at) const {
  const std::uint8_t zone = citizen.at(at).zone;
  const sim::Day day = truth_.zones().local(zone, at).day;
  return Day{day, instant_of(truth_.zones(), zone, day, 0), end_of(truth_.zones(), zone, day)};
}

std::size_t Oracle::heard_on(const Ear& ear, Kind kind, sim::Day day) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(ear.messages, [kind, day](const Message& one) {
        // A channel dies once, whatever the date.
        const bool same_day = one.day == day || (kind == Kind::notice && one.day == day - 1);
        return one.kind == kind && same_day && !one.excused;
      }));
}

/// How many messages of a kind may have come on one channel by then, on that local day.
std::size_t Oracle::most_today(const Citizen& citizen, Kind kind, const Day& day,
                               TimePoint by) const {
  const std::vector<Millis>& slacks = watches_.at(citizen.person).slacks;
  std::size_t most = kind == Kind::reminder ? 0 : 1;
  for (std::size_t i = 0; i < citizen.chapters.size(); ++i) {
    const Chapter& chapter = citizen.chapters[i];
    const bool last = i + 1 == citizen.chapters.size();
    // A clock that was ahead let what was due before a change come early.
    const TimePoint end = last ? by : std::min(by, citizen.chapters[i + 1].from + slacks.at(i + 1));
    const bool began_lately = chapter.from > by - 26h && chapter.from <= by;
    // Who travels has two days of one date, or a message on its way from one to the other.
    if (kind != Kind::reminder) {
      most += began_lately && chapter.replanned ? 1U : 0U;
      continue;
    }
    most += began_lately && chapter.told && i > 0 ? 1U : 0U;
    if (end < day.from - 26h || chapter.from > by) continue;
    for (const TimePoint at : stages_on(truth_.zones(), chapter.settings, day.label)) {
      most += at >= chapter.from && at <= end ? 1U : 0U;
    }
  }
  return most;
}

bool Oracle::has_cause(const Citizen& citizen, const Ear& ear, TimePoint at) const {
  const auto last = std::find_if(ear.messages.rbegin(), ear.messages.rend(),
                                 [](const Message& one) { return one.kind == Kind::reminder; });
  if (last == ear.messages.rend()) return true;
  const TimePoint since = last->at - kOnItsWay - slack(last->at);
  const TimePoint by = at + slack(at);
  for (std::size_t i = 0; i < citizen.chapters.size(); ++i) {
    const Chapter& chapter = citizen.chapters[i];
    const bool newest = i + 1 == citizen.chapters.size();
    const TimePoint end = newest ? by : std::min(by, citizen.chapters[i + 1].from);
    if (end < since || chapter.from > by) continue;
    if (i > 0 && chapter.told && chapter.from > since) return true;
    const TimePoint from = std::max(since, chapter.from);
    if (!stages_within(truth_.zones(), chapter.settings, from, end).empty()) return true;
  }
  return false;
}

bool Oracle::heard_between(const Ear& ear, TimePoint from, TimePoint to, bool honest_too) const {
  return std::ranges::any_of(ear.messages, [=](const Message& one) {
    const bool kind =
        one.kind == Kind::reminder || (honest_too && one.kind == Kind::could_not_check);
    return kind && one.at >= from && one.at < to;
  });
}

void Oracle::excuse(const Citizen& citizen, Service service, TimePoint at) {
  watches_.at(citizen.person).ears.at(static_cast<std::size_t>(service)).excuses.push_back(at);
}

bool Oracle::take_excuse(Ear& ear, TimePoint at) {
  const auto found = std::ranges::find_if(
      ear.excuses, [at](TimePoint one) { return one <= at && at - one < kNoticeWait; });
  if (found == ear.excuses.end()) return false;
  ear.excuses.erase(found);
  ++tally_.doubles;
  return true;
}

void Oracle::heard(const Citizen& citizen, const sim::Entry& entry) {
  diary_.note(citizen.person, entry.at,
              fmt::format("{}: {}", sim::to_text(entry.service), entry.text));
  Ear& ear = watches_.at(citizen.person).ears.at(static_cast<std::size_t>(entry.service));
  Kind kind = Kind::reminder;
  if (contains(entry.text, "Could not check GitHub today")) {
    kind = Kind::could_not_check;
  } else if (contains(entry.text, "was switched off")) {
    kind = Kind::notice;
  } else if (contains(entry.text, "Great job")) {
    kind = Kind::summary;
  } else if (!contains(entry.text, "is at risk")) {
    fail(citizen, entry.at, "strange", "a message that nobody asked for");
  }
  const TimePoint by = entry.at + machine_.error();
  const Day day = day_of(citizen, by);
  const std::size_t most = most_today(citizen, kind, day, by + slack(entry.at));
  const std::size_t count = heard_on(ear, kind, day.label) + 1;
  bool excused = false;
  const bool called_for = kind != Kind::reminder || has_cause(citizen, ear, entry.at);
  if (count > most || !called_for) {
    excused = take_excuse(ear, entry.at);
    if (!excused) {
      fail(citizen, entry.at, "double",
           fmt::format("message {} of its kind today, {} may come{} ({})", count, most,
                       called_for ? "" : ", and nothing new called for it", entry.text));
    }
  }
  check_wishes(citizen, entry, kind);
  check_level(citizen, entry, kind);
  switch (kind) {
    case Kind::reminder:
      hear_reminder(citizen, entry, excused);
      break;
    case Kind::could_not_check:
      hear_could_not_check(citizen, entry, excused);
      break;
    case Kind::summary:
      hear_summary(citizen, entry, excused);
      break;
    case Kind::notice:
      hear_notice(citizen, entry, excused);
      break;
  }
  ear.messages.push_back(Message{entry.at, day.label, kind, excused});
}

bool Oracle::check_length(const Citizen& citizen, const sim::Entry& entry,
                          const std::vector<TimePoint>& moments) {
  const bool lower =
      contains(entry.text, "treak of at least ") || contains(entry.text, "streak is at least ");
  std::optional<int> said = number_after(entry.text, lower ? "treak of at least " : "treak of ");
  if (!said) said = number_after(entry.text, lower ? "streak is at least " : "streak is ");
  if (!said) return false;
  std::string truths;
  for (const TimePoint moment : moments) {
    const Standing standing = truth_.of(citizen, moment);
    if (lower ? standing.allows_at_least(*said) : standing.allows(*said)) return true;
    for (const int one : standing.lengths) truths += fmt::format(" {}", one);
  }
  fail(citizen, entry.at, "wrong_length",
       fmt::format("said {} days, the truth is{} ({})", *said, truths, entry.text));
  return true;
}

void Oracle::hear_reminder(const Citizen& citizen, const sim::Entry& entry, bool excused) {
  ++tally_.reminders;
  std::vector<TimePoint> when = moments(entry.at);
  const auto minute = as_of_minute(entry.text);
  if (minute) {
    const std::uint8_t zone = citizen.at(entry.at).zone;
    const sim::Day day = truth_.zones().local(zone, entry.at + machine_.error()).day;
    const TimePoint seen = instant_of(truth_.zones(), zone, day, *minute) - machine_.error();
    when = {seen - 30s, seen, seen + 30s, seen + 1min};
    const Millis wrong = slack(entry.at);
    if (wrong > 0ms) when.insert(when.end(), {seen - wrong, seen + wrong});
    if (!uptime_.down_within(Part::github, entry.at - 10min, entry.at)) {
      fail(citizen, entry.at, "stale", "rests on an old answer though GitHub can be asked");
    }
  } else {
    const Millis age = kFresh + slack(entry.at) + (excused ? kSentAgain : 0ms);
    when.push_back(entry.at - age);
    if (uptime_.down_throughout(Part::github_dark, entry.at - age, entry.at)) {
      fail(citizen, entry.at, "guess", "alarmed though GitHub answered nothing for so long");
    }
  }
  const bool justified = std::ranges::any_of(when, [this, &citizen](TimePoint moment) {
    return truth_.of(citizen, moment).may_be_at_risk();
  });
  if (!justified) {
    fail(citizen, entry.at, "false_alarm",
         fmt::format("alarmed while {} ({})", to_text(truth_.of(citizen, entry.at).stand),
                     entry.text));
    return;
  }
  if (!check_length(citizen, entry, when)) {
    fail(citizen, entry.at, "strange", "a reminder that does not say how long the streak is");
  }
}

/// Whose token died lately may be told that nobody can see the streak which it showed.
bool Oracle::hides_a_streak(const Citizen& citizen, const sim::Entry& entry) const {
  const bool says_so = contains(entry.text, "your own GitHub token no longer works");
  if (!says_so || citizen.at(entry.at).token != sim::OwnToken::dead) return false;
  const auto living = [&](TimePoint at) { return citizen.at(at).token != sim::OwnToken::dead; };
  const auto when = moments(entry.at);
  return living(entry.at - kHiddenStreak) && std::ranges::any_of(when, [&](TimePoint moment) {
           return truth_.of(citizen, moment).stand == Stand::no_streak;
         });
}

void Oracle::hear_could_not_check(const Citizen& citizen, const sim::Entry& entry, bool) {
  ++tally_.could_not_check;
  const Standing standing = truth_.of(citizen, entry.at - slack(entry.at));
  const bool off = standing.stand == Stand::day_off || standing.stand == Stand::inactive;
  if (off && !truth_.of(citizen, entry.at - 30s).may_be_at_risk()) {
    fail(citizen, entry.at, "nag", "an honest word on a day off");
  }
  if (hides_a_streak(citizen, entry)) return;
  const Day day = day_of(citizen, entry.at);
  if (entry.at + kBeforeMidnight + slack(entry.at) + 5s < day.to) {
    fail(citizen, entry.at, "nag", "an honest word too early");
  }
  const auto stages = stages_within(truth_.zones(), citizen.at(entry.at), day.from, entry.at);
  if (stages.empty() || slack(entry.at) > 0ms) return;
  const TimePoint from = std::max(stages.back(), citizen.chapters.back().from);
  if (uptime_.window({Part::machine, Part::github}, from, entry.at, 10min)) {
    fail(citizen, entry.at, "nag", "an honest word though GitHub could be asked");
  }
}

void Oracle::hear_summary(const Citizen& citizen, const sim::Entry& entry, bool) {
  ++tally_.summaries;
  const auto when = moments(entry.at);
  const bool asked = std::ranges::any_of(
      when, [&citizen](TimePoint moment) { return citizen.at(moment).summary; });
  if (!asked) fail(citizen, entry.at, "nag", "a summary that nobody asked for");
  // A summary may wait for its channel; what it says was so when it was written.
  const Day day = day_of(citizen, entry.at + machine_.error());
  std::vector<TimePoint> since = when;
  for (TimePoint at = day.from; at < entry.at; at += 30min) since.push_back(at);
  const bool safe = std::ranges::any_of(since, [this, &citizen](TimePoint moment) {
    return truth_.of(citizen, moment).stand == Stand::safe;
  });
  if (!safe) return fail(citizen, entry.at, "false_comfort", "told that all is well");
  check_length(citizen, entry, since);
}

void Oracle::hear_notice(const Citizen& citizen, const sim::Entry& entry, bool) {
  ++tally_.notices;
  const bool about_discord = contains(entry.text, "Discord was switched off");
  const auto dead = [&](const Chapter& chapter) {
    return about_discord ? !chapter.settings.discord : !chapter.settings.telegram;
  };
  for (std::size_t i = 0; i < citizen.chapters.size(); ++i) {
    const bool last = i + 1 == citizen.chapters.size();
    const TimePoint end = last ? TimePoint::max() : citizen.chapters[i + 1].from;
    if (end > entry.at - kNoticeWait && dead(citizen.chapters[i])) return;
  }
  fail(citizen, entry.at, "false_notice", "a channel that lives was switched off");
}

}  // namespace streaky::simulation

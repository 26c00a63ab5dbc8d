#include "simulation/standing.h"

#include <algorithm>
#include <chrono>

namespace streaky::simulation {

using sim::Day;
using sim::OwnToken;

namespace {

/// Nothing that lies further back changes any more: late pushes come within a day.
constexpr Day kChanging = 6;
/// Streaky trusts older history for seven days and reads it again with the next check after that;
/// who was paused meanwhile is looked at later still.
constexpr Day kHistoryTrust = 10;
/// A day that was seen while it was among the latest is remembered as it was seen then.
constexpr Day kReadAgain = 5;

}  // namespace

const char* to_text(Stand stand) {
  switch (stand) {
    case Stand::safe:
      return "safe";
    case Stand::at_risk:
      return "at risk";
    case Stand::no_streak:
      return "no streak";
    case Stand::day_off:
      return "day off";
    case Stand::inactive:
      return "inactive";
    case Stand::gone:
      return "gone";
  }
  return "?";
}

bool Standing::allows(int length) const {
  return std::ranges::find(lengths, length) != lengths.end();
}

bool Standing::allows_at_least(int length) const {
  return length > 0 && std::ranges::any_of(lengths, [length](int one) { return length <= one; });
}

int Truth::count(const sim::Person& person, Day day, const sim::Moment& moment,
                 OwnToken token) const {
  const int outside = activity_.seen(person, day, moment, sim::View::stranger).count;
  if (token == OwnToken::plain) {
    return std::max(outside, activity_.seen(person, day, moment, sim::View::owner_plain).count);
  }
  if (token == OwnToken::repo) {
    return std::max(outside, activity_.seen(person, day, moment, sim::View::owner_repo).count);
  }
  return outside;
}

/// The run that ends at `through`, all of it long over. Kept per person and moved on day by day.
int Truth::settled(const Citizen& citizen, const Settings& settings, const sim::Moment& moment,
                   Day through) const {
  const sim::Person& person = people_.at(citizen.person);
  const auto found = settled_.find(citizen.person);
  const bool fits = found != settled_.end() && found->second.token == settings.token &&
                    found->second.through <= through;
  Settled run{through, 0, settings.token};
  if (fits) {
    run = found->second;
    while (run.through < through) {
      ++run.through;
      if (count(person, run.through, moment, settings.token) > 0) {
        ++run.length;
      } else if (!settings.skips(run.through)) {
        run.length = 0;
      }
    }
  } else {
    for (Day day = through; day >= person.created; --day) {
      if (count(person, day, moment, settings.token) > 0) {
        ++run.length;
      } else if (!settings.skips(day)) {
        break;
      }
    }
  }
  settled_[citizen.person] = run;
  return run.length;
}

/// Days of the streak up to yesterday, seen with those eyes.
int Truth::walk(const Citizen& citizen, const Settings& settings, const sim::Moment& moment,
                const Eyes& eyes) const {
  const sim::Person& person = people_.at(citizen.person);
  const Day today = zones_.local(settings.zone, moment.at).day;
  const bool one_view = eyes.before == eyes.since;
  int length = 0;
  for (Day day = today - 1; day >= person.created; --day) {
    if (one_view && day <= today - kChanging) {
      return length + settled(citizen, settings, moment, day);
    }
    const OwnToken token = day < eyes.change ? eyes.before : eyes.since;
    if (count(person, day, moment, token) > 0) {
      ++length;
    } else if (!settings.skips(day)) {
      break;
    }
  }
  return length;
}

void Truth::add_other_lengths(Standing& standing, const Citizen& citizen, const Settings& settings,
                              const sim::Moment& moment) const {
  const auto& chapters = citizen.chapters;
  const int ahead = standing.today_count;
  for (std::size_t i = 1; i < chapters.size(); ++i) {
    const OwnToken before = chapters[i - 1].settings.token;
    const OwnToken after = chapters[i].settings.token;
    const Day changed = sim::utc_day(chapters[i].from);
    const bool recent = chapters[i].from <= moment.at &&
                        sim::utc_day(moment.at) - changed <= kHistoryTrust + kReadAgain;
    if (before == after || !recent) continue;
    for (Day cut = changed - kReadAgain; cut <= changed + 2; ++cut) {
      const int length = walk(citizen, settings, moment, Eyes{before, after, cut}) + ahead;
      if (!standing.allows(length)) standing.lengths.push_back(length);
    }
  }
  if (standing.stand == Stand::at_risk || standing.stand == Stand::no_streak) {
    const bool any_none = standing.allows(0);
    const bool any_some =
        std::ranges::any_of(standing.lengths, [](int length) { return length > 0; });
    standing.certain = !(any_none && any_some);
  }
}

Standing Truth::of(const Citizen& citizen, runtime::TimePoint at) const {
  const Settings& settings = citizen.at(at);
  const sim::Person& person = people_.at(citizen.person);
  const sim::Moment moment = activity_.moment(person, at);
  Standing standing;
  standing.today = zones_.local(settings.zone, at).day;
  if (citizen.gone || !settings.active) {
    standing.stand = citizen.gone ? Stand::gone : Stand::inactive;
    return standing;
  }
  const bool today = count(person, standing.today, moment, settings.token) > 0;
  const bool tomorrow = count(person, standing.today + 1, moment, settings.token) > 0;
  standing.today_count = (today ? 1 : 0) + (tomorrow ? 1 : 0);
  const Eyes eyes{settings.token, settings.token, 0};
  const int length = walk(citizen, settings, moment, eyes) + standing.today_count;
  standing.lengths.push_back(length);
  if (today || tomorrow) {
    standing.stand = Stand::safe;
  } else if (length == 0) {
    standing.stand = Stand::no_streak;
  } else {
    standing.stand = settings.skips(standing.today) ? Stand::day_off : Stand::at_risk;
  }
  // On a day off nothing is at risk, whatever the length.
  if (standing.stand == Stand::no_streak && settings.skips(standing.today)) {
    standing.stand = Stand::day_off;
  }
  add_other_lengths(standing, citizen, settings, moment);
  return standing;
}

}  // namespace streaky::simulation

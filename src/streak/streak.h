// How long is the streak, and is it about to die? The rules of docs/streak-rules.md, 2 to 6.
// Pure functions over values.
#pragma once

#include <optional>

#include "streak/calendar.h"
#include "streak/day_rules.h"

namespace streaky::streak {

/// What earlier checks settled: the streak counted up to and including label `through`.
/// `length` 0 means that the streak was broken at or before `through`, and then `began` is empty.
/// Labels of the calendar outrank it: it is used only where a walk meets an unknown label at or
/// before `through`. One that contradicts itself, or that does not lie before today, is ignored.
struct Anchor {
  Label through;
  int length = 0;
  std::optional<Label> began;
  friend bool operator==(const Anchor&, const Anchor&) = default;
};

enum class Verdict {
  safe,       // today or tomorrow has a contribution
  at_risk,    // a living streak, nothing today nor tomorrow
  no_streak,  // nothing to lose
  day_off,    // nothing yet, but today is a rest day or paused
  unknown,    // some label that matters is missing: never read as 0
  gone,       // GitHub says that there is no such user
};

/// `safe`, `at_risk`, …: stable names for logs, tables and JSON.
const char* to_text(Verdict verdict);

struct JudgeInput {
  const Calendar& calendar;  // borrowed for the call
  const DayRules& rules;     // borrowed for the call
  Label today;               // the user's own
  Label utc_today;           // labels after utc_today + 1 cannot exist yet and count as 0
  std::optional<Anchor> anchor;
  std::optional<Label> earliest;  // nothing lies before it (account creation); closes the walk
};

struct Judgement {
  Verdict verdict = Verdict::unknown;
  int streak = 0;              // days that count, today and tomorrow included where contributed
  std::optional<Label> began;  // first contributing label of the streak
  int today_count = 0;
  int tomorrow_count = 0;
  /// Set when the streak reaches the end of what is known: the latest label that must be asked
  /// for before the length is certain (`streak` is then a lower bound). The verdict is then
  /// `unknown` unless it is certain anyway: `safe` is, once today or tomorrow has a contribution;
  /// `at_risk` and `day_off` are, once today and tomorrow are known to be empty and a contribution
  /// is known to belong to the living streak.
  std::optional<Label> open_at;
};

Judgement judge(const JudgeInput& input);

/// The streak as of label `through`, to be stored for later checks; nothing when it is still open
/// or unknown there. `through` must lie before today.
std::optional<Anchor> settle(const JudgeInput& input, Label through);

/// The longest streak within the calendar, judged by the same rules.
struct Longest {
  int length = 0;
  std::optional<Label> began;
  std::optional<Label> ended;
};
Longest longest_streak(const Calendar& calendar, const DayRules& rules);

}  // namespace streaky::streak

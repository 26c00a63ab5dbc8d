#include "streak/streak.h"

#include <algorithm>

#include "streak/mutant.h"

namespace streaky::streak {

namespace {

constexpr std::chrono::days kDay{1};

/// The count of a label, 0 where nothing can be, nothing where it is not known.
std::optional<int> count_on(const JudgeInput& input, Label label) {
  const std::optional<int> known = input.calendar.count(label);
  if (known) return known;
  if (label > input.utc_today + kDay) return 0;
  if (input.earliest && label < *input.earliest) return 0;
  return std::nullopt;
}

/// A run of days walked backwards.
struct Run {
  int length = 0;
  std::optional<Label> began;
  std::optional<Label> open_at;  // the first label that could not be known

  void add(Label label) {
    ++length;
    began = label;
  }
};

/// Anchors come from storage: one that contradicts itself is as good as none.
bool makes_sense(const Anchor& anchor) {
  if (anchor.length == 0) return !anchor.began;
  return anchor.length > 0 && anchor.began && *anchor.began <= anchor.through &&
         anchor.length <= (anchor.through - *anchor.began).count() + 1;
}

/// Ends a walk that met the unknown `label`: with what the anchor knows of it, or open.
///
/// Usually the anchor ends right there. Where it ends later, its upper days were walked already (or
/// are not asked for) and must be taken off its length. In the anchor's eyes none of them broke the
/// streak, so all but those that could be skipped had contributions; if none could be skipped, the
/// rest is exact, otherwise it is only a lower bound.
void end_at_unknown(const JudgeInput& input, Label label, Run& run) {
  const std::optional<Anchor>& anchor = input.anchor;
  run.open_at = label;
  if (!anchor || anchor->through < label || anchor->through >= input.today) return;
  if (!makes_sense(*anchor)) return;
  if (anchor->through == label && anchor->length == 0) {
    run.open_at.reset();
    return;
  }
  // A streak that was broken above the label says nothing about the label.
  if (anchor->length == 0 || *anchor->began > label) return;

  int above = 0;
  bool could_skip = false;
  for (Label day = label + kDay; day <= anchor->through; day += kDay) {
    ++above;
    could_skip = could_skip || input.rules.skips(day);
  }
  run.length += std::max(1, anchor->length - above);
  run.began = anchor->began;
  if (!could_skip && anchor->length > above) run.open_at.reset();
}

/// Walks back from `from`, a day that is over, to the first gap.
void walk_back(const JudgeInput& input, Label from, Run& run) {
  for (Label label = from;; label -= kDay) {
    if (input.earliest && label < *input.earliest) return;
    const std::optional<int> count = count_on(input, label);
    if (!count) return end_at_unknown(input, label, run);
    if (*count > 0) {
      run.add(label);
    } else if (!input.rules.skips(label)) {
      return;
    }
  }
}

/// What can be said before midnight. `today` and `tomorrow` are counts, or unknown.
Verdict verdict_of(const JudgeInput& input, std::optional<int> today, std::optional<int> tomorrow,
                   const Run& run) {
  if (today.value_or(0) > 0 || tomorrow.value_or(0) > 0) return Verdict::safe;
  if (!today || !tomorrow) return Verdict::unknown;
  if (run.length == 0) return run.open_at ? Verdict::unknown : Verdict::no_streak;
  return input.rules.skips(input.today) ? Verdict::day_off : Verdict::at_risk;
}

}  // namespace

const char* to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::safe:
      return "safe";
    case Verdict::at_risk:
      return "at_risk";
    case Verdict::no_streak:
      return "no_streak";
    case Verdict::day_off:
      return "day_off";
    case Verdict::unknown:
      return "unknown";
    case Verdict::gone:
      return "gone";
  }
  return "unknown";
}

Judgement judge(const JudgeInput& input) {
  const Label tomorrow_label = input.today + kDay;
  const std::optional<int> tomorrow = count_on(input, tomorrow_label);
  const std::optional<int> today = count_on(input, input.today);

  // Grace belongs to the real today: whatever it holds, the walk goes on behind it.
  Run run;
  if (tomorrow.value_or(0) > 0) run.add(tomorrow_label);
  if (today.value_or(0) > 0) run.add(input.today);
  const bool grace = !planted(Mutant::no_grace_for_today) || run.length > 0;
  if (grace) walk_back(input, input.today - kDay, run);

  Judgement judgement;
  judgement.verdict = verdict_of(input, today, tomorrow, run);
  judgement.streak = run.length;
  judgement.began = run.began;
  judgement.today_count = today.value_or(0);
  judgement.tomorrow_count = tomorrow.value_or(0);
  judgement.open_at = run.open_at;
  if (!today) judgement.open_at = input.today;
  if (!tomorrow) judgement.open_at = tomorrow_label;
  return judgement;
}

std::optional<Anchor> settle(const JudgeInput& input, Label through) {
  if (through >= input.today) return std::nullopt;
  Run run;
  walk_back(input, through, run);
  if (run.open_at) return std::nullopt;
  return Anchor{.through = through, .length = run.length, .began = run.began};
}

Longest longest_streak(const Calendar& calendar, const DayRules& rules) {
  Longest longest;
  Longest current;
  std::optional<Label> previous;
  for (const auto& [label, count] : calendar) {
    // Nobody knows what lay in a hole, so nothing is counted across it.
    if (previous && label - *previous != kDay) current = {};
    previous = label;
    if (count > 0) {
      if (current.length == 0) current.began = label;
      ++current.length;
      current.ended = label;
      if (current.length > longest.length) longest = current;
    } else if (!rules.skips(label)) {
      current = {};
    }
  }
  return longest;
}

}  // namespace streaky::streak

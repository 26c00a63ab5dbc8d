// Calendars of contributions, by label.
//
// A label is a calendar date as GitHub printed it. It has no zone and is never converted to one;
// only the question "which label is today?" depends on the user (docs/streak-rules.md, rule 1).
// Pure values: no threads, no ownership, no errors.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streaky::streak {

using Label = std::chrono::sys_days;
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

/// `2026-08-06`.
std::string to_text(Label label);
/// Exactly ten characters, a date that exists, years 1970 to 9999; else nothing.
std::optional<Label> parse_label(std::string_view text);

/// A closed range of labels, both ends included.
struct LabelRange {
  Label from;
  Label to;
  friend bool operator==(const LabelRange&, const LabelRange&) = default;
};

/// Counts per label. A label that is absent is unknown, which is not 0.
///
/// Kept as one sorted array, since thousands of calendars of many years are in memory at once.
/// Labels that arrive in order cost nothing; older windows are joined with `merge_larger`.
class Calendar {
 public:
  struct Day {
    Label label;
    int count = 0;
  };

  /// Sets a count; `count` >= 0.
  void set(Label label, int count);
  [[nodiscard]] std::optional<int> count(Label label) const;
  /// True when every label of the range is known.
  [[nodiscard]] bool covers(LabelRange range) const;
  /// Adds the other's labels; where both know one, the larger count stays.
  void merge_larger(const Calendar& other);

  [[nodiscard]] bool empty() const { return days_.empty(); }
  [[nodiscard]] std::size_t size() const { return days_.size(); }
  /// In order of labels.
  [[nodiscard]] auto begin() const { return days_.begin(); }
  [[nodiscard]] auto end() const { return days_.end(); }

 private:
  std::vector<Day> days_;  // sorted by label, each label once
};

}  // namespace streaky::streak

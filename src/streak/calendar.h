// Calendars of contributions, by label.
//
// A label is a calendar date as GitHub printed it. It has no zone and is never converted to one;
// only the question "which label is today?" depends on the user (docs/streak-rules.md, rule 1).
// Pure values: no threads, no ownership, no errors.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

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
class Calendar {
 public:
  /// Sets a count; `count` >= 0.
  void set(Label label, int count) { counts_[label] = count; }
  [[nodiscard]] std::optional<int> count(Label label) const;
  /// True when every label of the range is known.
  [[nodiscard]] bool covers(LabelRange range) const;
  /// Adds the other's labels; where both know one, the larger count stays.
  void merge_larger(const Calendar& other);

  [[nodiscard]] bool empty() const { return counts_.empty(); }
  [[nodiscard]] std::size_t size() const { return counts_.size(); }
  [[nodiscard]] auto begin() const { return counts_.begin(); }
  [[nodiscard]] auto end() const { return counts_.end(); }

 private:
  std::map<Label, int> counts_;
};

}  // namespace streaky::streak

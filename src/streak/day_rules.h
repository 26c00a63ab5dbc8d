// Which days do not count against a user: rest days and pauses, as they were in force on each
// label. A change of settings never rewrites the past.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "streak/calendar.h"

namespace streaky::streak {

/// A set of weekdays; bit 0 is Sunday, as GitHub numbers them.
class Weekdays {
 public:
  constexpr Weekdays() = default;
  constexpr explicit Weekdays(std::uint8_t bits) : bits_(bits & 0x7FU) {}
  [[nodiscard]] constexpr std::uint8_t bits() const { return bits_; }
  [[nodiscard]] bool contains(Label label) const;
  /// "sat", "Saturday", any case; false for anything else.
  bool add(std::string_view name);
  /// `sun,sat`: short names in week order from Sunday; empty for none.
  [[nodiscard]] std::string to_text() const;
  friend bool operator==(Weekdays, Weekdays) = default;

 private:
  std::uint8_t bits_ = 0;
};

/// From `from` on, these are the rest days, until a later entry. Of two for one date the last
/// holds.
struct RestDays {
  Label from;
  Weekdays days;
};

/// Both ends included; no `last` means until further notice.
struct Pause {
  Label first;
  std::optional<Label> last;
};

struct DayRules {
  std::vector<RestDays> rest_days;  // any order
  std::vector<Pause> pauses;        // any order, may overlap

  [[nodiscard]] bool rests(Label label) const;
  [[nodiscard]] bool paused(Label label) const;
  /// A zero on such a day neither breaks a streak nor lengthens it.
  [[nodiscard]] bool skips(Label label) const { return rests(label) || paused(label); }
};

}  // namespace streaky::streak

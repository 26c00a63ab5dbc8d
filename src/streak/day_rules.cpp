#include "streak/day_rules.h"

#include <algorithm>
#include <array>

#include "streak/digits.h"
#include "streak/mutant.h"

namespace streaky::streak {

namespace {

constexpr std::array<std::string_view, 7> kNames = {"sunday",   "monday", "tuesday", "wednesday",
                                                    "thursday", "friday", "saturday"};
constexpr std::size_t kShortName = 3;

}  // namespace

bool Weekdays::contains(Label label) const {
  return ((bits_ >> std::chrono::weekday(label).c_encoding()) & 1U) != 0;
}

bool Weekdays::add(std::string_view name) {
  const std::string wanted = lower_case(name);
  for (std::size_t day = 0; day < kNames.size(); ++day) {
    if (wanted != kNames[day] && wanted != kNames[day].substr(0, kShortName)) continue;
    bits_ = static_cast<std::uint8_t>(bits_ | (1U << day));
    return true;
  }
  return false;
}

std::string Weekdays::to_text() const {
  std::string text;
  for (std::size_t day = 0; day < kNames.size(); ++day) {
    if (((bits_ >> day) & 1U) == 0) continue;
    if (!text.empty()) text += ',';
    text += kNames[day].substr(0, kShortName);
  }
  return text;
}

bool DayRules::rests(Label label) const {
  if (planted(Mutant::no_rest_days)) return false;
  const RestDays* in_force = nullptr;
  for (const RestDays& entry : rest_days) {
    if (entry.from > label) continue;
    // Of two entries for one date the one written later holds.
    if (in_force == nullptr || entry.from >= in_force->from) in_force = &entry;
  }
  return in_force != nullptr && in_force->days.contains(label);
}

bool DayRules::paused(Label label) const {
  if (planted(Mutant::no_rest_days)) return false;
  return std::ranges::any_of(pauses, [label](const Pause& pause) {
    return pause.first <= label && (!pause.last || label <= *pause.last);
  });
}

}  // namespace streaky::streak

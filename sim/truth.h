// The oracle: who should hear what at an instant, worked out from the rules alone.
//
// Written apart from `streak/` on purpose and shares no code with it: two mistakes would have to
// agree to go unseen. docs/streak-rules.md, rules 2 to 7. Pure; one thread.
#pragma once

#include <cstdint>

#include "sim/activity.h"

namespace streaky::sim {

enum class Truth : std::uint8_t { safe, at_risk, no_streak, day_off, gone };
const char* to_text(Truth truth);

struct Expectation {
  Truth truth = Truth::no_streak;
  int streak = 0;        // days that count, as Streaky can see them
  int minutes_left = 0;  // until the person's midnight, by the wall clock

  [[nodiscard]] bool hears_reminder() const { return truth == Truth::at_risk; }
};

Expectation expectation(const Person& person, const Activity& activity, runtime::TimePoint now);

}  // namespace streaky::sim

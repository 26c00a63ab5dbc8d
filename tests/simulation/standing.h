// The truth about one user at one instant: at risk or not, and how long the streak is, by what the
// views that Streaky was given can see. The rules of docs/streak-rules.md written a second time,
// without any code of streak/.
//
// Where a token died or came back within the last days, Streaky may rest on what it saw of older
// days before (it reads them again after seven days), so several lengths are right. One thread.
#pragma once

#include <unordered_map>
#include <vector>

#include "sim/activity.h"
#include "simulation/citizen.h"

namespace streaky::simulation {

enum class Stand : std::uint8_t { safe, at_risk, no_streak, day_off, inactive, gone };
const char* to_text(Stand stand);

struct Standing {
  Stand stand = Stand::no_streak;
  sim::Day today = 0;
  int today_count = 0;
  std::vector<int> lengths;  // the first is what all views show now
  bool certain = true;       // every reading of history comes to the same stand

  [[nodiscard]] bool may_be_at_risk() const {
    return stand == Stand::at_risk || (!certain && stand == Stand::no_streak);
  }
  [[nodiscard]] bool surely_at_risk() const { return stand == Stand::at_risk && certain; }
  [[nodiscard]] bool allows(int length) const;
  [[nodiscard]] bool allows_at_least(int length) const;
};

class Truth {
 public:
  Truth(const sim::People& people, const sim::Activity& activity, const sim::Zones& zones)
      : people_(people), activity_(activity), zones_(zones) {}

  [[nodiscard]] Standing of(const Citizen& citizen, runtime::TimePoint at) const;
  [[nodiscard]] const sim::Zones& zones() const { return zones_; }

 private:
  struct Eyes {
    sim::OwnToken before = sim::OwnToken::none;  // for days before `change`
    sim::OwnToken since = sim::OwnToken::none;
    sim::Day change = 0;
  };
  /// A run that ended at `through`, kept because old days do not change.
  struct Settled {
    sim::Day through = 0;
    int length = 0;
    sim::OwnToken token = sim::OwnToken::none;
  };

  [[nodiscard]] int count(const sim::Person& person, sim::Day day, const sim::Moment& moment,
                          sim::OwnToken token) const;
  [[nodiscard]] int walk(const Citizen& citizen, const Settings& settings,
                         const sim::Moment& moment, const Eyes& eyes) const;
  [[nodiscard]] int settled(const Citizen& citizen, const Settings& settings,
                            const sim::Moment& moment, sim::Day through) const;
  void add_other_lengths(Standing& standing, const Citizen& citizen, const Settings& settings,
                         const sim::Moment& moment) const;

  const sim::People& people_;
  const sim::Activity& activity_;
  const sim::Zones& zones_;
  mutable std::unordered_map<std::uint32_t, Settled> settled_;
};

}  // namespace streaky::simulation

// What people did, day by day, worked out when asked: no calendar is stored.
//
// A day's contributions may be public or private; who sees the private ones depends on whose token
// asks (docs/remote-apis.md §1.4). Days after a person's `base` fill in at a minute of the local
// day, so time that passes changes the answers. Threading: one thread.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sim/people.h"

namespace streaky::sim {

enum class View : std::uint8_t { stranger, owner_plain, owner_repo };

/// What is visible of one day; `restricted` is the part that the viewer cannot open.
struct DayCount {
  int count = 0;
  int restricted = 0;
};

/// An instant as one person lives it.
struct Moment {
  runtime::TimePoint at;
  Day today = 0;   // the person's own
  int minute = 0;  // of that day
  Day last = 0;    // the latest date that exists anywhere on Earth (UTC+14)
};

class Activity {
 public:
  explicit Activity(const Zones& zones) : zones_(zones) {}

  [[nodiscard]] Moment moment(const Person& person, runtime::TimePoint now) const;
  [[nodiscard]] DayCount seen(const Person& person, Day day, const Moment& moment, View view) const;
  /// The larger of the views that Streaky is given: a stranger's, and the own token's if it lives.
  [[nodiscard]] int best(const Person& person, Day day, const Moment& moment) const;

  /// `count` contributions more on that label, visible from `at` on; private ones as the person's
  /// privacy has it.
  void contribute(const Person& person, Day day, int count, runtime::TimePoint at,
                  bool hidden = false);
  /// While on, everybody has contributed on their own today.
  void set_morning(bool on) { morning_ = on; }
  [[nodiscard]] bool morning() const { return morning_; }
  void forget();

 private:
  struct Extra {
    runtime::TimePoint at;
    int count = 0;
    bool hidden = false;
  };
  struct Split {
    int open = 0;
    int hidden = 0;
  };

  [[nodiscard]] Split split(const Person& person, Day day, const Moment& moment) const;
  [[nodiscard]] int drawn(const Person& person, Day day, const Moment& moment) const;
  static std::uint64_t key(const Person& person, Day day);

  const Zones& zones_;  // borrowed
  std::unordered_map<std::uint64_t, std::vector<Extra>> extra_;
  bool morning_ = false;
};

}  // namespace streaky::sim

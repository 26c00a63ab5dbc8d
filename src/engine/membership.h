// This process's place in the fleet: beats, and who stopped beating.
//
// Every process that shares a database keeps a row fresh (store/members.h). Workers also look for
// members that fell silent, and free what those had claimed: sooner than their leases would end.
// With each beat they hear how many they are, and divide limits.
// Threading: the executor's thread.
#pragma once

#include <cstdint>
#include <functional>

#include "engine/fleet.h"
#include "engine/loops.h"
#include "runtime/metrics.h"
#include "store/members.h"

namespace streaky::engine {

class Membership {
 public:
  /// A member that missed as many beats is gone.
  static constexpr int kBeatsMissed = 4;
  /// After as many beats everybody has heard of this process, and acted upon it.
  static constexpr int kNewcomerBeats = 2;

  static constexpr std::chrono::seconds kClocksDiffer{30};
  static constexpr std::chrono::hours kWarnAgain{1};

  /// What this process does right now, and has done since it started.
  struct Load {
    std::int64_t in_flight = 0;
    std::int64_t checks = 0;
    std::int64_t sends = 0;
  };

  struct Parts {
    store::Members& members;
    runtime::Clock& clock;
    runtime::Log& log;
    runtime::Metrics& metrics;
    store::Member self;
    runtime::Millis beat;
    bool forgets = false;  // frees what silent members hold
    std::function<Load()> load;
    std::function<void()> on_forgotten;
    std::function<void(const Fleet&)> on_fleet;  // after each beat; may be absent
  };

  explicit Membership(Parts parts);

  runtime::Task<void> run() { return loop_.run(); }
  void stop() { loop_.stop(); }
  /// After `run` has returned and nothing is held any more: gives up the row. A database that is
  /// away is no obstacle: the row falls silent.
  runtime::Task<void> leave();

  /// Two beats are late: soon, or already, others take this process for gone.
  [[nodiscard]] bool silent() const;

  runtime::Task<runtime::Millis> pass();

 private:
  runtime::Task<void> beat(runtime::TimePoint now);
  void compare_clocks(runtime::Millis server_ahead);
  runtime::Task<void> forget(runtime::TimePoint now);
  void show(const std::vector<store::Member>& fleet);
  void tell(const std::vector<store::Member>& fleet, runtime::TimePoint now);

  Parts parts_;
  Loop loop_;
  bool joined_ = false;
  int beats_ = 0;                              // since it joined, up to kNewcomerBeats
  runtime::Millis steady_{0};                  // monotonic; since then every beat was in time
  runtime::Millis beaten_{0};                  // monotonic
  runtime::Millis clock_warned_{-kWarnAgain};  // monotonic
  runtime::Millis ahead_{0};                   // the database's clock, before this machine's
  Load before_;
};

}  // namespace streaky::engine

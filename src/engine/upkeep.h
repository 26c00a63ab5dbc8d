// The reaper and the cleaner: what keeps the tables honest and small.
//
// Reaper and heartbeat are one loop on purpose: our own leases are extended first, so that a clock
// that jumped or a machine that slept never makes a process reap what it holds itself. After such a
// jump, also of the database's clock, or while the database was away, nothing is reaped until the
// next pass: of what the database is just giving us, we do not know yet, and others must renew
// their leases, too. They get a while, also from who has just started: it cannot tell whether the
// database was away. Threading: the executor's thread.
#pragma once

#include <functional>
#include <string>

#include "engine/loops.h"
#include "runtime/metrics.h"
#include "store/jobs.h"
#include "store/upkeep.h"

namespace streaky::engine {

class Reaper {
 public:
  /// The most that others get to renew their leases.
  static constexpr runtime::Millis kGrace{20'000};

  struct Parts {
    store::Jobs& jobs;
    store::Upkeep& upkeep;
    runtime::Clock& clock;
    runtime::Log& log;
    runtime::Metrics& metrics;
    std::string owner;
    runtime::Millis lease;
    bool shared = false;  // other processes hold leases, too
    std::function<store::InHand()> in_hand;
    std::function<void()> on_returned;
  };

  explicit Reaper(Parts parts);

  runtime::Task<void> run() { return loop_.run(); }
  void stop() { loop_.stop(); }
  /// There may be something to reap.
  void hurry() { loop_.hurry(); }

  runtime::Task<runtime::Millis> pass();

 private:
  [[nodiscard]] runtime::Millis grace() const;
  [[nodiscard]] bool jumped(runtime::Millis ahead) const;
  void note_passed(runtime::Millis ahead);

  Parts parts_;
  Loop loop_;
  runtime::TimePoint passed_at_{};  // when the last pass that succeeded ended
  runtime::Millis passed_monotonic_{0};
  runtime::Millis passed_ahead_{0};  // the database's clock, before this machine's
  runtime::Millis reaps_from_{0};    // monotonic
};

class Cleaner {
 public:
  static constexpr std::chrono::days kKeepBatches{7};
  static constexpr std::chrono::days kKeepDeliveries{90};
  static constexpr int kBite = 500;
  static constexpr runtime::Millis kBetweenBites{50};
  static constexpr std::chrono::minutes kBetweenRounds{10};
  /// Until tables by day are made or dropped for which nobody wanted to wait; twice as long each
  /// time, since every try makes others wait: who reads everything for a backup may take hours.
  static constexpr std::chrono::seconds kOutOfTheWay{5};

  struct Parts {
    store::Upkeep& upkeep;
    runtime::Clock& clock;
    runtime::Log& log;
  };

  explicit Cleaner(Parts parts);

  runtime::Task<void> run() { return loop_.run(); }
  void stop() { loop_.stop(); }

  runtime::Task<runtime::Millis> pass();

 private:
  runtime::Task<void> keep_days(runtime::TimePoint now);

  Parts parts_;
  Loop loop_;
  runtime::Millis out_of_the_way_{kOutOfTheWay};
  runtime::Millis days_at_{0};  // when the tables by day are looked at next, by the monotonic clock
};

}  // namespace streaky::engine

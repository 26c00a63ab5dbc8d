// Finds users that are due and makes their jobs, bite by bite. Any number may run: the transaction
// prevents doubles (store/schedule.h). Threading: the executor's thread.
#pragma once

#include <functional>

#include "engine/loops.h"
#include "runtime/metrics.h"
#include "runtime/random.h"
#include "store/schedule.h"

namespace streaky::engine {

class Scheduler {
 public:
  struct Parts {
    store::Schedule& schedule;
    runtime::Clock& clock;
    runtime::Random& random;
    runtime::Log& log;
    runtime::Metrics& metrics;
    runtime::Millis tick;
    std::function<void()> on_jobs;  // called after jobs were made: the worker need not wait
  };

  /// Who is due and could not be taken is being edited, or taken by another scheduler.
  static constexpr runtime::Millis kLeastRest{20};

  explicit Scheduler(Parts parts);

  runtime::Task<void> run() { return loop_.run(); }
  void stop() { loop_.stop(); }
  [[nodiscard]] bool ailing() const { return loop_.ailing(); }

  /// One tick: every user that is due by now. Gives the number of jobs made.
  runtime::Task<int> tick();

 private:
  runtime::Task<runtime::Millis> pass();

  Parts parts_;
  Loop loop_;
};

}  // namespace streaky::engine

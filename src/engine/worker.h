// The daily round: claims jobs, looks at their users, writes what follows, sends it.
//
//   claim ─► check (GitHub) ─► decide ─► finish (one transaction, many jobs) ─► send
//
// Each job is a task of its own: an exception, a bad answer or a deadline stays that user's.
// Thousands are in flight on one thread; `Options::in_flight` bounds them.
//
// Threading: the executor's thread. Stop: `stop()` ends claiming, waits up to a grace for what is
// under way, and hands back the rest.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/checker.h"
#include "engine/loops.h"
#include "engine/recorder.h"
#include "engine/sender.h"

namespace streaky::engine {

class Worker {
 public:
  static constexpr int kMostRejudged = 3;
  static constexpr runtime::Millis kBusyPause{100};
  static constexpr int kDeliveriesPerClaim = 500;
  // Messages that wait for a channel's pace come due one by one: many are claimed at once.
  static constexpr runtime::Millis kDeliveriesAhead{1'000};
  /// A job that runs alone holds up everybody: the next one waits this long when others are due.
  static constexpr runtime::Millis kBetweenAlone{60'000};
  static constexpr runtime::Millis kPutOffPause{30'000};

  struct Options {
    int claim = 500;
    std::size_t in_flight = 7'000;
    runtime::Millis deadline{30'000};
    runtime::Millis lease{30'000};
    runtime::Millis stop_grace{12'000};
    /// How often to look for work that another process made.
    runtime::Millis poll{250};
  };

  struct Parts {
    store::Jobs& jobs;
    store::Deliveries& deliveries;
    Checker& checker;
    Recorder& recorder;
    Sender& sender;
    runtime::Clock& clock;
    runtime::Random& random;
    runtime::Log& log;
    runtime::Metrics& metrics;
    std::string owner;
  };

  Worker(Parts parts, Options options, runtime::Executor executor,
         runtime::TaskGroup::OnException on_exception);

  runtime::Task<void> run() { return loop_.run(); }
  /// No new work. Twice is once.
  void stop();
  /// After `run` has returned: finishes or hands back everything that is held.
  runtime::Task<void> settle();
  /// There may be something to claim.
  void hurry() { loop_.hurry(); }

  /// Jobs, and the deliveries of its sender: what leases are kept for.
  [[nodiscard]] store::InHand in_hand() const {
    return {{in_hand_.begin(), in_hand_.end()}, parts_.sender.in_hand()};
  }
  [[nodiscard]] std::size_t jobs_in_hand() const { return in_hand_.size(); }
  /// Checks that it has judged since it started.
  [[nodiscard]] std::int64_t checks() const { return checks_; }
  [[nodiscard]] bool ailing() const { return loop_.ailing(); }

 private:
  runtime::Task<runtime::Millis> pass();
  [[nodiscard]] bool takes_alone(const store::Jobs::Due& due, runtime::TimePoint now) const;
  [[nodiscard]] std::size_t room() const;
  [[nodiscard]] std::size_t worthwhile() const;
  runtime::Task<int> claim_jobs(bool alone_next);
  runtime::Task<int> claim_deliveries();
  runtime::Task<void> work(store::ClaimedJob job);
  runtime::Task<void> judge(store::ClaimedJob* job);
  runtime::Task<bool> finish(store::ClaimedJob* job, runtime::Task<store::FinishResult> recording,
                             runtime::Millis since);
  runtime::Task<store::FinishResult> record(const store::ClaimedJob& job, const Look& look);
  void send_written(const store::ClaimedJob& job, std::vector<store::NewDelivery> written,
                    runtime::Millis since);
  runtime::Task<void> put_off(store::ClaimedJob* job, std::string trouble);
  runtime::Task<bool> record_trouble(store::ClaimedJob* job, std::string trouble);

  Parts parts_;
  Options options_;
  Loop loop_;
  runtime::Wake changed_;
  std::unordered_set<std::int64_t> in_hand_;
  std::size_t put_off_ = 0;  // of these, how many only wait to be written
  std::int64_t checks_ = 0;
  bool full_ = false;   // jobs wait for room
  bool alone_ = false;  // a job that must run alone is in hand
  runtime::Millis alone_again_{0};
  runtime::TaskGroup tasks_;
};

}  // namespace streaky::engine

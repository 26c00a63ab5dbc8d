// Writes the results of checks and of sends, many at a time. Threading, errors: group_commit.h.
#pragma once

#include <string>
#include <vector>

#include "engine/group_commit.h"
#include "store/deliveries.h"
#include "store/jobs.h"

namespace streaky::engine {

class Recorder {
 public:
  struct Parts {
    store::Jobs& jobs;
    store::Deliveries& deliveries;
    runtime::Clock& clock;
    runtime::Log& log;
    std::string owner;
    runtime::Millis lease;
  };

  Recorder(Parts parts, const runtime::Executor& executor,
           const runtime::TaskGroup::OnException& on_exception);

  runtime::Task<store::FinishResult> finish(store::JobOutcome outcome) {
    return jobs_.add(std::move(outcome));
  }
  /// Gives the channel that this outcome switched off, if it did.
  runtime::Task<std::vector<store::SwitchedOff>> record(store::DeliveryOutcome outcome) {
    return deliveries_.add(std::move(outcome));
  }
  /// The same, tried once: what is to be tried again is not forgotten by who has it in hand.
  runtime::Task<std::vector<store::SwitchedOff>> record_once(store::DeliveryOutcome outcome) {
    return retries_.add(std::move(outcome));
  }

  /// Whether that delivery is still ours to send, and will be for half a lease: another process
  /// may have taken it over while this one stood still. Nothing when the database does not
  /// say.
  runtime::Task<std::optional<bool>> still_ours(std::string delivery_id, streak::Label date,
                                                int attempt);

  runtime::Task<void> drain();
  void give_up();

 private:
  using SwitchedOffs = std::vector<store::SwitchedOff>;

  runtime::Task<std::vector<store::FinishResult>> write_jobs(
      const std::vector<store::JobOutcome>* items);
  runtime::Task<std::vector<SwitchedOffs>> write_deliveries(
      const std::vector<store::DeliveryOutcome>* items);

  Parts parts_;
  GroupCommit<store::JobOutcome, store::FinishResult> jobs_;
  GroupCommit<store::DeliveryOutcome, SwitchedOffs> deliveries_;
  GroupCommit<store::DeliveryOutcome, SwitchedOffs> retries_;
};

}  // namespace streaky::engine

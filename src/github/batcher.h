// Many questions about single users, few requests.
//
// Questions that are asked in the same turn, or within `kLinger`, about the same window travel
// together. How many is decided when a token is free, so a line of waiting users leaves in larger
// requests. A request that fails is cut in two where that may help, tried again a few times where
// only time may help, and moved to another token where that may help. When GitHub is down as a
// whole nobody insists: the callers come back later.
//
// Threading: the executor's thread. Borrows everything it is constructed with. Requests may be
// under way after the last `answered` has returned: await `wait_idle()` before destroying.
#pragma once

#include <deque>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "github/batch_size.h"
#include "github/exchange.h"
#include "github/outage_watch.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/random.h"
#include "runtime/secret.h"
#include "runtime/task.h"

namespace streaky::github {

struct AskFailure {
  Failure failure;
  std::optional<runtime::TimePoint> retry_at;  // what GitHub asked for
  bool deadline = false;                       // our own time was up
};
using AskResult = std::expected<Reading, AskFailure>;

struct Question {
  Who who;
  streak::LabelRange window;
  streak::Label utc_today;
  runtime::TimePoint deadline;
  runtime::Secret own_token;  // empty: the service asks
  TokenBudget::TokenId own_id = 0;
};

struct BatcherOptions {
  runtime::Millis request_timeout{15'000};
  int first_batch = 25;
  int most_per_batch = 100;
};

class Batcher {
 public:
  static constexpr runtime::Millis kLinger{3};
  static constexpr std::size_t kMostWaiting = 200'000;  // questions
  static constexpr int kMostSends = 14;      // of one question: seven halvings, and some tries
  static constexpr int kMostQuickTries = 3;  // after failures that only time can mend
  static constexpr int kShortestWindow = 7;  // days; below this a heavy query is tried again
  static constexpr runtime::Millis kFirstPause{300};

  Batcher(Exchange& exchange, TokenBudget& budget, runtime::Clock& clock, runtime::Random& random,
          runtime::Log& log, runtime::Executor executor, BatcherOptions options);
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;
  ~Batcher();

  struct Ask;
  /// Shared by the caller, who may leave at the deadline, and the request, which may come later.
  using AskPtr = std::shared_ptr<Ask>;

  /// Begins to ask. Await `answered`, then `take` the answer.
  AskPtr begin(Question question);
  /// Returns by the question's deadline.
  runtime::Task<void> answered(AskPtr ask);
  static AskResult take(const AskPtr& ask);
  /// Returns once no request is under way.
  runtime::Task<void> wait_idle() { return tasks_.wait_empty(); }

 private:
  using Batch = std::vector<AskPtr>;
  using GroupKey = std::tuple<AskBy, streak::Label, streak::Label, streak::Label>;

  struct Group {
    streak::LabelRange window;
    std::deque<AskPtr> waiting;
    runtime::TimePoint latest_deadline{};
    std::optional<runtime::Clock::TimerId> linger;
    std::size_t senders_in_line = 0;  // that have not taken users yet
    std::size_t senders = 0;          // the group stays while it has some
  };

  static void abandon(const AskPtr& ask);
  void enqueue(const AskPtr& ask);
  void linger_over(const GroupKey& key, Group& group);
  void call_senders(const GroupKey& key, Group& group, bool for_few);
  runtime::Task<void> send_group(GroupKey key);
  Batch take_waiting(Group& group, std::size_t most);
  void leave(const GroupKey& key, Group& group);
  runtime::Task<void> wait_and_enqueue(Batch batch, runtime::TimePoint at);

  runtime::Task<void> carry(Batch batch, TokenBudget::Lease lease);
  runtime::Task<void> carry_after(Batch batch, runtime::Millis pause);
  runtime::Task<std::expected<TokenBudget::Lease, TokenBudget::Refusal>> lease_for(AskPtr ask);
  runtime::Task<Batch> send_once(Batch batch, TokenBudget::Lease lease);
  [[nodiscard]] Request request_for(const Batch& batch, const TokenBudget::Lease& lease) const;
  Batch settle(Batch batch, const Answer& answer);
  void learn(const Batch& batch, const Answer& answer, runtime::Millis begun);
  void refuse(Batch& batch, const TokenBudget::Refusal& refusal);
  runtime::Millis prepare_next(Batch& batch);
  bool split(Batch& batch, runtime::Millis pause);
  void drop_tired(Batch& batch);

  void prune(Batch& batch) const;
  void resolve(const AskPtr& ask, AskResult result);
  void fail_all(Batch& batch);

  Exchange& exchange_;       // borrowed
  TokenBudget& budget_;      // borrowed
  runtime::Clock& clock_;    // borrowed
  runtime::Random& random_;  // borrowed
  runtime::Log& log_;        // borrowed
  runtime::Executor executor_;
  BatcherOptions options_;
  BatchSizes sizes_;
  std::map<GroupKey, Group> groups_;
  std::size_t waiting_ = 0;  // in all groups
  OutageWatch outage_;
  runtime::TaskGroup tasks_;
};

}  // namespace streaky::github

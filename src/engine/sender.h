// Brings deliveries to their channels: its own queue, limits, retries and end, so that a slow
// channel never holds a check.
//
// Deliveries come from the worker that has just written them (`take`) or from the table (those that
// waited). One that rests on an answer older than `kFresh` is checked against GitHub again first,
// and cancelled if the user has contributed since; without an answer it waits, and goes out saying
// "as of HH:MM" shortly before the user's midnight. One that waited is cancelled where its user has
// asked for quiet meanwhile. While the database does not answer, a message whose turn comes late
// waits for it, as long; and one that its channel has not taken is tried again from here.
//
// Threading: the executor's thread. Borrows what it is constructed with. What is held is bounded by
// `Limits::held`, what is looked at and on its way by `Limits::in_flight`: what waits for the
// database keeps nobody from being sent.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/action_links.h"
#include "engine/answers.h"
#include "engine/checker.h"
#include "engine/recorder.h"
#include "notify/courier.h"
#include "runtime/random.h"

namespace streaky::engine {

class Sender {
 public:
  static constexpr std::chrono::minutes kFresh{5};
  static constexpr std::chrono::minutes kBeforeMidnight{15};
  static constexpr runtime::Millis kRecheckPause{60'000};
  static constexpr runtime::Millis kRecheckDeadline{30'000};
  static constexpr runtime::Millis kLastTry{30'000};  // before midnight
  static constexpr int kTriesLeft = 5;  // a pause of our own is at most this part of the time left
  static constexpr runtime::Millis kPutOffPause{30'000};
  /// What has been held for longer, or for a third of its lease, is sent only after a look at
  /// whether it is still ours.
  static constexpr runtime::Millis kSurelyOurs{10'000};
  /// So long the database must have been silent before a message goes out unasked, and so long
  /// before midnight it goes out all the same.
  static constexpr runtime::Millis kPatience{60'000};
  /// Who has asked in vain lets others ask, for whom there may be an answer.
  static constexpr runtime::Millis kOthersFirst{2 * Answers::kAskAgain};
  /// How often what is kept for want of the database is offered to it.
  static constexpr runtime::Millis kOfferAgain{30'000};

  struct Limits {
    std::size_t in_flight = 2'048;
    std::size_t held = 8'192;
  };

  struct Parts {
    Checker& checker;
    Recorder& recorder;
    store::Jobs& jobs;
    notify::Courier& courier;
    runtime::Clock& clock;
    runtime::Random& random;
    runtime::Log& log;
    runtime::Metrics& metrics;
    runtime::Millis lease;
    /// Whether others may take this process for gone, and free what it holds.
    std::function<bool()> silent;
    const ActionLinks* links = nullptr;  // null: messages carry none
    std::function<void()>
        on_waiting;  // a delivery waits in the table: its time has to be looked up
  };

  Sender(Parts parts, Limits limits, runtime::Executor executor,
         runtime::TaskGroup::OnException on_exception);

  /// How many more it can hold.
  [[nodiscard]] std::size_t room() const;
  [[nodiscard]] std::size_t held() const { return queue_.size() + begun_; }
  /// Their ids.
  [[nodiscard]] std::vector<std::string> in_hand() const {
    return {in_hand_.begin(), in_hand_.end()};
  }
  /// Messages that reached their channel since it started.
  [[nodiscard]] std::int64_t sent() const { return sent_; }
  /// Sends it as soon as there is a place. The delivery is `sending`, leased by this process since
  /// no sooner than `since`, by the monotonic clock.
  void take(store::ClaimedDelivery delivery, runtime::Millis since);

  /// Hands back what has not begun or waits; what is on its way finishes. Twice is once.
  void stop();
  /// Returns once nothing is held.
  runtime::Task<void> wait_empty() { return tasks_.wait_empty(); }

 private:
  struct Held {
    store::ClaimedDelivery delivery;
    runtime::Millis since{0};  // surely ours by then
    // Of tries that could not be recorded:
    bool maybe_seen = false;
    int tries = 0;
    // For a courier that names users:
    std::string login{};
    int streak = 0;
  };
  /// What becomes of a message that needs the database's word.
  enum class Turn { asks, goes_unasked, ends };

  void begin_next();
  runtime::Task<void> deliver(Held held);
  runtime::Task<void> bring(Held* held, store::DeliveryOutcome* outcome);
  runtime::Task<bool> is_to_be_sent(Held* held, store::DeliveryOutcome* outcome);
  [[nodiscard]] bool surely_ours(runtime::Millis since) const;
  runtime::Task<Turn> turn_to_ask(runtime::TimePoint midnight, runtime::Millis not_before);
  [[nodiscard]] std::optional<Turn> turn_now(runtime::TimePoint midnight,
                                             runtime::Millis not_before) const;
  [[nodiscard]] bool lacks_name(const Held& held) const;
  runtime::Task<std::optional<bool>> still_wanted(Held* held, store::DeliveryOutcome* outcome);
  runtime::Task<std::optional<bool>> still_ours(store::ClaimedDelivery* delivery,
                                                store::DeliveryOutcome* outcome);
  void ended(const Answers::Question& question, bool answered);
  bool judge_again(const store::User& user, const Look& look, store::ClaimedDelivery& delivery,
                   store::DeliveryOutcome& outcome);
  void take_answer(const store::ClaimedDelivery& delivery, notify::Carried carried,
                   store::DeliveryOutcome& outcome) const;
  void note(const store::ClaimedDelivery& delivery, const store::DeliveryOutcome& outcome);

  runtime::Task<bool> settle_or_keep(Held* held, std::unique_ptr<store::DeliveryOutcome> outcome);
  runtime::Task<bool> record_retry(store::DeliveryOutcome outcome);
  runtime::Task<void> wait_to_try_again(runtime::TimePoint at);
  runtime::Task<void> settle(store::DeliveryOutcome outcome);
  runtime::Task<void> settled(runtime::Task<std::vector<store::SwitchedOff>> recording, bool waits);
  runtime::Task<void> put_off(store::ClaimedDelivery* delivery, bool sent, std::string trouble);
  runtime::Task<bool> record_trouble(store::ClaimedDelivery* delivery, bool sent,
                                     std::string trouble);

  Parts parts_;
  Limits limits_;
  std::deque<Held> queue_;
  std::unordered_set<std::string> in_hand_;  // the queue and what has begun
  std::size_t begun_ = 0;
  std::size_t sending_ = 0;  // of these: looked at and on their way
  std::size_t ready_ = 0;    // of these: that only wait for a place among them
  std::int64_t sent_ = 0;
  Answers answers_;  // of the database, to what is asked about messages
  runtime::Wake answered_;
  bool stopping_ = false;
  runtime::Wake stopped_;
  runtime::TaskGroup tasks_;
};

}  // namespace streaky::engine

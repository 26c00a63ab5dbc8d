#include "engine/sender.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "engine/delivery_outcomes.h"
#include "notify/notifier.h"

namespace streaky::engine {

namespace {

using runtime::TimePoint;
using store::ClaimedDelivery;
using store::DeliveryEnd;
using store::DeliveryOutcome;

/// Fills the outcome from what the channel said.
struct Translate {
  DeliveryOutcome& outcome;

  void operator()(const notify::Sent& sent) const {
    outcome.end = DeliveryEnd::sent;
    outcome.remote_id = sent.remote_id;
    outcome.maybe_seen = sent.maybe_seen;
  }
  void operator()(const notify::RetryAt& retry) const {
    outcome.end = DeliveryEnd::retry;
    outcome.at = retry.at;
    outcome.code = retry.code;
    outcome.reason = retry.reason;
    outcome.maybe_seen = retry.maybe_seen;
  }
  void operator()(const notify::Dead& dead) const {
    outcome.end = DeliveryEnd::dead;
    outcome.code = dead.code;
    outcome.reason = dead.reason;
  }
  void operator()(const notify::Refused& refused) const {
    outcome.end = DeliveryEnd::refused;
    outcome.code = refused.code;
    outcome.reason = refused.reason;
  }
};

/// Nothing when it cannot be sent; the outcome then says why. Apart from the coroutine, whose frame
/// stays small.
std::unique_ptr<notify::SealedOutgoing> sealed_outgoing(const ClaimedDelivery& delivery,
                                                        DeliveryOutcome& outcome) {
  const auto kind = notify::parse_channel_kind(delivery.channel_kind);
  if (!kind) {
    outcome.end = DeliveryEnd::refused;
    outcome.code = "unknown_channel_kind";
    outcome.reason = "no such kind of channel";
    return nullptr;
  }
  auto outgoing = std::make_unique<notify::SealedOutgoing>();
  outgoing->delivery_id = delivery.id;
  outgoing->kind = *kind;
  outgoing->sealed = delivery.sealed;
  outgoing->user_id = delivery.user_id;
  outgoing->channel_id = delivery.channel_id;
  return outgoing;
}

/// What a second look, or a second try, may have changed.
void fill(notify::SealedOutgoing& outgoing, const ClaimedDelivery& delivery, int tries) {
  outgoing.attempt = delivery.attempt + tries;
  outgoing.message = delivery.message;
  outgoing.message.silent = delivery.channel_level == streak::ChannelLevel::quiet;
  outgoing.expires_at = delivery.expires_at;
}

const char* end_text(DeliveryEnd end) {
  switch (end) {
    case DeliveryEnd::sent:
      return "sent";
    case DeliveryEnd::retry:
      return "retry";
    case DeliveryEnd::dead:
      return "dead";
    case DeliveryEnd::refused:
      return "refused";
    case DeliveryEnd::expired:
      return "expired";
    case DeliveryEnd::cancelled:
      return "cancelled";
  }
  return "";
}

}  // namespace

Sender::Sender(Parts parts, Limits limits, runtime::Executor executor,
               runtime::TaskGroup::OnException on_exception)
    : parts_(std::move(parts)),
      limits_(limits),
      answered_(parts_.clock),
      stopped_(parts_.clock),
      tasks_(std::move(executor), std::move(on_exception)) {}

std::size_t Sender::room() const { return limits_.held - std::min(limits_.held, held()); }

void Sender::take(ClaimedDelivery delivery, runtime::Millis since) {
  if (stopping_) {
    tasks_.spawn(settle(handed_back(delivery, parts_.clock.now())));
    return;
  }
  in_hand_.insert(delivery.id);
  queue_.push_back({std::move(delivery), since});
  begin_next();
}

void Sender::begin_next() {
  while (!queue_.empty() && sending_ + ready_ < limits_.in_flight && !stopping_) {
    ++sending_;
    ++begun_;
    tasks_.spawn(deliver(std::move(queue_.front())));
    queue_.pop_front();
  }
}

void Sender::stop() {
  if (std::exchange(stopping_, true)) return;
  stopped_.notify();
  answered_.notify();
  const TimePoint now = parts_.clock.now();
  for (const Held& held : std::exchange(queue_, {})) {
    in_hand_.erase(held.delivery.id);
    DeliveryOutcome outcome = handed_back(held.delivery, now);
    outcome.maybe_seen = held.maybe_seen;
    tasks_.spawn(settle(std::move(outcome)));
  }
}

// What a coroutine holds while it waits is held thousands of times: what is needed before and after
// a wait alone is made in functions that are none.
runtime::Task<void> Sender::deliver(Held held) {
  auto outcome = std::make_unique<DeliveryOutcome>(outcome_of(held.delivery, DeliveryEnd::expired));
  std::string trouble;
  try {
    co_await bring(&held, outcome.get());
    note(held.delivery, *outcome);
  } catch (const std::exception& error) {
    trouble = error.what();
  }
  --sending_;
  begin_next();
  const bool sent = outcome->end == DeliveryEnd::sent;
  bool kept = false;
  if (trouble.empty()) {
    try {
      auto settling = settle_or_keep(&held, std::move(outcome));
      kept = co_await std::move(settling);
    } catch (const std::exception& error) {
      trouble = error.what();
    }
  }
  if (!trouble.empty()) co_await put_off(&held.delivery, sent, std::move(trouble));
  --begun_;
  if (kept) {
    queue_.push_back(std::move(held));
    begin_next();
  } else {
    in_hand_.erase(held.delivery.id);
  }
}

/// The outcome says `expired` until something better is known.
runtime::Task<void> Sender::bring(Held* held, DeliveryOutcome* outcome) {
  ClaimedDelivery& delivery = held->delivery;
  TimePoint now = parts_.clock.now();
  if (now < delivery.due_at) {
    if (!stopping_) co_await stopped_.wait_for(delivery.due_at - now);
    now = parts_.clock.now();
    if (stopping_) {
      *outcome = handed_back(delivery, std::max(now, delivery.due_at));
      co_return;
    }
  }
  auto outgoing = sealed_outgoing(delivery, *outcome);
  if (!outgoing) co_return;
  const bool send = co_await is_to_be_sent(held, outcome);
  now = parts_.clock.now();
  if (!send || now >= delivery.expires_at) co_return;
  outgoing->login = held->login;
  outgoing->streak = held->streak;
  fill(*outgoing, delivery, held->tries);
  if (parts_.links != nullptr) outgoing->message.links = parts_.links->links_for(delivery, now);
  auto carrying = parts_.courier.carry(std::move(*outgoing));
  outgoing.reset();
  notify::Carried carried = co_await std::move(carrying);
  take_answer(delivery, std::move(carried), *outcome);
}

void Sender::note(const ClaimedDelivery& delivery, const DeliveryOutcome& outcome) {
  parts_.metrics.count("streaky_deliveries_total",
                       {{"channel", delivery.channel_kind}, {"end", end_text(outcome.end)}});
  if (outcome.end == DeliveryEnd::sent) {
    ++sent_;
    return;
  }
  parts_.log.info("delivery not sent", {{"batch", delivery.batch_id},
                                        {"job", delivery.job_id},
                                        {"delivery", delivery.id},
                                        {"end", end_text(outcome.end)},
                                        {"code", outcome.code},
                                        {"reason", outcome.reason}});
}

/// An exception is a bug of ours, or a row that the database refuses: what was sent is recorded
/// without what may have been refused, and never sent again; anything else waits its turn and is
/// tried again. It stays in hand, and so under its lease, until that is written.
runtime::Task<void> Sender::put_off(ClaimedDelivery* delivery, bool sent, std::string trouble) {
  parts_.log.error("a delivery failed unexpectedly", {{"batch", delivery->batch_id},
                                                      {"job", delivery->job_id},
                                                      {"delivery", delivery->id},
                                                      {"error", trouble}});
  while (!co_await record_trouble(delivery, sent, trouble)) {
    if (!stopping_) co_await stopped_.wait_for(kPutOffPause);
    if (stopping_) co_return;  // its lease lapses
  }
}

runtime::Task<bool> Sender::record_trouble(ClaimedDelivery* delivery, bool sent,
                                           std::string trouble) {
  const TimePoint again = parts_.clock.now() + notify::backoff(delivery->attempt, parts_.random);
  DeliveryOutcome outcome = outcome_of(*delivery, DeliveryEnd::sent);
  if (!sent) {
    outcome = retry_at(*delivery, again, "exception", std::move(trouble));
    outcome.maybe_seen = true;
  }
  try {
    co_await settle(std::move(outcome));
    co_return true;
  } catch (const std::exception& error) {
    parts_.log.error("a delivery could not be put off yet",
                     {{"delivery", delivery->id}, {"error", error.what()}});
  }
  co_return false;
}

void Sender::take_answer(const ClaimedDelivery& delivery, notify::Carried carried,
                         DeliveryOutcome& outcome) const {
  std::visit(Translate{outcome}, carried.outcome);
  outcome.sealed = std::move(carried.resealed);
  if (outcome.end != DeliveryEnd::retry) return;
  // Our own pause may be cut short, the more so the less time is left; what the service asked for
  // may not.
  const auto* retry = std::get_if<notify::RetryAt>(&carried.outcome);
  const TimePoint now = parts_.clock.now();
  const TimePoint last_try = delivery.expires_at - kLastTry;
  if (retry->own_pause && now < last_try) {
    const runtime::Millis pause = std::max(kLastTry, (delivery.expires_at - now) / kTriesLeft);
    outcome.at = std::min({outcome.at, now + pause, last_try});
  } else if (outcome.at >= delivery.expires_at) {
    outcome.end = DeliveryEnd::expired;
  }
}

/// True when it is to be tried again here: it has not arrived, and the database, which would keep
/// it, has not taken it back by the time of the next try.
runtime::Task<bool> Sender::settle_or_keep(Held* held, std::unique_ptr<DeliveryOutcome> outcome) {
  outcome->maybe_seen = outcome->maybe_seen || held->maybe_seen;
  while (outcome->end == DeliveryEnd::retry && outcome->code != kLeaseLost && !stopping_) {
    const runtime::Millis began = parts_.clock.monotonic();
    const bool recorded = co_await record_retry(*outcome);
    if (recorded && answers_.answered(parts_.clock.monotonic())) answered_.notify();
    if (recorded) co_return false;
    answers_.suspect(began, parts_.clock.monotonic());
    // Perhaps it was recorded, and only the answer was lost.
    held->since = began - 2 * kFresh;
    if (!stopping_ && parts_.clock.now() >= outcome->at) {
      held->maybe_seen = outcome->maybe_seen;
      ++held->tries;
      co_return true;
    }
    co_await wait_to_try_again(std::min(outcome->at, parts_.clock.now() + kOfferAgain));
  }
  auto settling = settle(std::move(*outcome));
  outcome.reset();
  co_await std::move(settling);
  co_return false;
}

/// False when the database does not answer.
runtime::Task<bool> Sender::record_retry(DeliveryOutcome outcome) {
  try {
    co_await settled(parts_.recorder.record_once(std::move(outcome)), true);
    co_return true;
  } catch (const store::DatabaseError& error) {
    if (error.refuses_rows()) throw;
  }
  co_return false;
}

/// Returns at that time, or when the process is stopping.
runtime::Task<void> Sender::wait_to_try_again(TimePoint at) {
  while (!stopping_ && parts_.clock.now() < at) {
    const runtime::Millis left = at - parts_.clock.now();
    co_await stopped_.wait_for(std::min(left, runtime::Clock::kLongestNap));
  }
}

runtime::Task<void> Sender::settle(DeliveryOutcome outcome) {
  const bool waits = outcome.end == DeliveryEnd::retry;
  return settled(parts_.recorder.record(std::move(outcome)), waits);
}

runtime::Task<void> Sender::settled(runtime::Task<std::vector<store::SwitchedOff>> recording,
                                    bool waits) {
  const auto switched_off = co_await std::move(recording);
  for (const store::SwitchedOff& off : switched_off) {
    parts_.log.warn("a channel was switched off", {{"user", off.user_id},
                                                   {"channel", off.channel_id},
                                                   {"kind", off.channel_kind},
                                                   {"reason", off.reason},
                                                   {"told_on", off.told_on}});
  }
  if (waits || !switched_off.empty()) parts_.on_waiting();
}

}  // namespace streaky::engine

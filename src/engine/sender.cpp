#include "engine/sender.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "notify/notifier.h"

namespace streaky::engine {

namespace {

using runtime::TimePoint;
using store::ClaimedDelivery;
using store::DeliveryEnd;
using store::DeliveryOutcome;

DeliveryOutcome outcome_of(const ClaimedDelivery& delivery, DeliveryEnd end) {
  DeliveryOutcome outcome;
  outcome.id = delivery.id;
  outcome.attempt = delivery.attempt;
  outcome.end = end;
  return outcome;
}

DeliveryOutcome retry_at(const ClaimedDelivery& delivery, TimePoint at, std::string code,
                         std::string reason) {
  DeliveryOutcome outcome = outcome_of(delivery, DeliveryEnd::retry);
  outcome.at = at;
  outcome.code = std::move(code);
  outcome.reason = std::move(reason);
  return outcome;
}

DeliveryOutcome handed_back(const ClaimedDelivery& delivery, TimePoint at) {
  return retry_at(delivery, at, "handed_back", "the process is stopping");
}

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
  outgoing->message = delivery.message;
  outgoing->message.silent = delivery.channel_level == streak::ChannelLevel::quiet;
  outgoing->attempt = delivery.attempt;
  outgoing->expires_at = delivery.expires_at;
  return outgoing;
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
      looked_(parts_.clock),
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
  while (!queue_.empty() && sending_ < limits_.in_flight && !stopping_) {
    ++sending_;
    tasks_.spawn(deliver(std::move(queue_.front().delivery), queue_.front().since));
    queue_.pop_front();
  }
}

void Sender::stop() {
  if (std::exchange(stopping_, true)) return;
  stopped_.notify();
  looked_.notify();
  const TimePoint now = parts_.clock.now();
  for (const Held& held : std::exchange(queue_, {})) {
    in_hand_.erase(held.delivery.id);
    tasks_.spawn(settle(handed_back(held.delivery, now)));
  }
}

// What a coroutine holds while it waits is held thousands of times: what is needed before and after
// a wait alone is made in functions that are none.
runtime::Task<void> Sender::deliver(ClaimedDelivery delivery, runtime::Millis since) {
  auto outcome = std::make_unique<DeliveryOutcome>(outcome_of(delivery, DeliveryEnd::expired));
  std::string trouble;
  try {
    co_await bring(&delivery, since, outcome.get());
    note(delivery, *outcome);
  } catch (const std::exception& error) {
    trouble = error.what();
  }
  --sending_;
  ++recording_;
  begin_next();
  const bool sent = outcome->end == DeliveryEnd::sent;
  if (trouble.empty()) {
    try {
      auto settling = settle(std::move(*outcome));
      outcome.reset();
      co_await std::move(settling);
    } catch (const std::exception& error) {
      trouble = error.what();
    }
  }
  if (!trouble.empty()) co_await put_off(&delivery, sent, std::move(trouble));
  in_hand_.erase(delivery.id);
  --recording_;
}

bool Sender::surely_ours(runtime::Millis since) const {
  const runtime::Millis held = parts_.clock.monotonic() - since;
  return held <= std::min(kSurelyOurs, parts_.lease / 3) && !parts_.silent();
}

/// The outcome says `expired` until something better is known.
runtime::Task<void> Sender::bring(ClaimedDelivery* delivery, runtime::Millis since,
                                  DeliveryOutcome* outcome) {
  TimePoint now = parts_.clock.now();
  if (now < delivery->due_at) {
    if (!stopping_) co_await stopped_.wait_for(delivery->due_at - now);
    now = parts_.clock.now();
    if (stopping_) {
      *outcome = handed_back(*delivery, std::max(now, delivery->due_at));
      co_return;
    }
  }
  const bool send = co_await is_to_be_sent(delivery, since, outcome);
  if (!send) co_return;
  auto outgoing = sealed_outgoing(*delivery, *outcome);
  if (!outgoing) co_return;
  if (parts_.links != nullptr) {
    outgoing->message.links = parts_.links->links_for(*delivery, parts_.clock.now());
  }
  if (parts_.courier.names_users()) co_await name_user(delivery->user_id, outgoing.get());
  auto carrying = parts_.courier.carry(std::move(*outgoing));
  outgoing.reset();
  notify::Carried carried = co_await std::move(carrying);
  take_answer(*delivery, std::move(carried), *outcome);
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

/// The process may have stood still, and another one may have taken it over; the outcome says so.
/// While the database does not answer, others may well send it: it is asked again until it does, or
/// until the day is about to end, since twice is better than not at all. Nothing then.
runtime::Task<std::optional<bool>> Sender::still_ours(ClaimedDelivery* delivery,
                                                      DeliveryOutcome* outcome) {
  while (true) {
    const TimePoint now = parts_.clock.now();
    if (stopping_) {
      *outcome = handed_back(*delivery, now);
      co_return false;
    }
    const runtime::Millis left = delivery->expires_at - kBeforeMidnight - now;
    if (looks_.unanswered && left <= runtime::Millis{0}) {
      looked_.notify();  // somebody else asks now
      co_return std::nullopt;
    }
    if (looks_.must_wait()) {
      // By the wall clock, which may be set meanwhile.
      const runtime::Millis nap = std::min(left, runtime::Clock::kLongestNap);
      co_await looked_.wait_for(looks_.unanswered ? nap : kLookPause);
      continue;
    }
    const auto ours = co_await look(delivery);
    if (ours == false) *outcome = retry_at(*delivery, now, "lease_lost", "another process has it");
    if (ours) co_return ours;
  }
}

/// Where no connection can be had each try takes long, one after the other: then one asks for all,
/// again and again.
runtime::Task<std::optional<bool>> Sender::look(const ClaimedDelivery* delivery) {
  const bool for_all = looks_.unanswered;
  if (for_all) {
    looks_.one_asks = true;
    co_await stopped_.wait_for(kLookPause);
  }
  ++looks_.under_way;
  const auto ours =
      co_await parts_.recorder.still_ours(delivery->id, delivery->date, delivery->attempt);
  --looks_.under_way;
  if (for_all) looks_.one_asks = false;
  looks_.unanswered = !ours;
  // Not with each of them: all who wait look up.
  if (ours && (for_all || looks_.under_way == kMostLooks / 2)) looked_.notify();
  co_return ours;
}

bool Sender::Looks::must_wait() const { return unanswered ? one_asks : under_way >= kMostLooks; }

runtime::Task<void> Sender::name_user(std::int64_t user_id, notify::SealedOutgoing* outgoing) {
  const auto user = co_await parts_.jobs.reread(user_id);
  if (!user) co_return;
  outgoing->login = user->login;
  outgoing->streak = user->streak.length;
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

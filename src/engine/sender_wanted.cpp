// Whether a message is still to be sent when its turn has come.
#include <algorithm>

#include "engine/plan.h"
#include "engine/sender.h"
#include "streak/local_day.h"
#include "streak/message.h"
#include "streak/mutant.h"

namespace streaky::engine {

namespace {

using runtime::TimePoint;
using store::ClaimedDelivery;
using store::DeliveryEnd;
using store::DeliveryOutcome;

/// What a second look says; a part of an answer counts where it is certain.
streak::Verdict verdict_of(const Look& look) {
  if (look) return look->judgement.verdict;
  if (look.error().error.code == "not_found") return streak::Verdict::gone;
  const auto& partial = look.error().partial;
  return partial ? partial->judgement.verdict : streak::Verdict::unknown;
}

bool is_about_the_day(std::string_view kind) {
  return kind == "reminder" || kind == "could_not_check" || kind == "summary";
}

/// Its user may have contributed since.
bool is_old_alarm(const ClaimedDelivery& delivery, TimePoint now) {
  return delivery.kind == "reminder" && now - delivery.checked_at > Sender::kFresh &&
         !planted(Mutant::no_recheck);
}

/// Nobody could be asked again: it says when it was true.
void say_as_of(ClaimedDelivery& delivery, DeliveryOutcome& outcome, TimePoint now) {
  if (!is_old_alarm(delivery, now)) return;
  const auto zone = streak::Zone::find(delivery.zone);
  if (!zone) return;
  const auto left = std::chrono::floor<std::chrono::minutes>(delivery.expires_at - now);
  delivery.message =
      streak::as_of(std::move(delivery.message), zone->clock_text(delivery.checked_at), left);
  outcome.message = delivery.message;
}

}  // namespace

/// By the user's wishes, GitHub, and whose it is; else the outcome says why not. What was judged
/// before a long wait is judged again.
runtime::Task<bool> Sender::is_to_be_sent(ClaimedDelivery* delivery, runtime::Millis since,
                                          DeliveryOutcome* outcome) {
  while (parts_.clock.now() < delivery->expires_at) {
    const auto wanted = co_await still_wanted(delivery, outcome);
    if (wanted == false) co_return false;
    if (wanted && surely_ours(since)) co_return true;
    const runtime::Millis asked = parts_.clock.monotonic();
    const auto ours = co_await still_ours(delivery, outcome);
    if (ours == false) co_return false;
    if (!ours) {
      say_as_of(*delivery, *outcome, parts_.clock.now());
      co_return true;
    }
    since = parts_.clock.monotonic();
    if (wanted && since - asked <= kFresh) co_return true;
    delivery->waited = true;
  }
  co_return false;
}

/// False where the outcome says why not; nothing while the database does not answer.
runtime::Task<std::optional<bool>> Sender::still_wanted(ClaimedDelivery* delivery,
                                                        DeliveryOutcome* outcome) {
  const bool may_be_wished_away = delivery->waited && is_about_the_day(delivery->kind);
  const bool is_old = is_old_alarm(*delivery, parts_.clock.now());
  if (!may_be_wished_away && !is_old) co_return true;
  if (looks_.unanswered) co_return std::nullopt;
  try {
    if (may_be_wished_away) {
      const bool away = co_await wished_away(delivery, outcome);
      if (away) co_return false;
    }
    bool wanted = true;
    if (is_old) wanted = co_await recheck(delivery, outcome);
    co_return wanted;
  } catch (const store::DatabaseError& error) {
    parts_.log.warn("whether a message is still wanted cannot be asked",
                    {{"delivery", delivery->id}, {"error", error.what()}});
  }
  looks_.unanswered = true;
  co_return std::nullopt;
}

/// True, and cancelled, where the user has said meanwhile that this day needs no message now.
runtime::Task<bool> Sender::wished_away(ClaimedDelivery* delivery, DeliveryOutcome* outcome) {
  const auto user = co_await parts_.jobs.reread(delivery->user_id);
  if (!user || planted(Mutant::wish_overheard)) co_return false;
  const bool day_off = delivery->kind == "reminder" && user->rules.skips(delivery->date);
  if (!day_off && !wants_quiet(*user, delivery->date, parts_.clock.now())) co_return false;
  outcome->end = DeliveryEnd::cancelled;
  outcome->code = "asked_for_quiet";
  outcome->reason = "you asked for no message about this day";
  co_return true;
}

/// True when it is to be sent; else the outcome says what becomes of it.
runtime::Task<bool> Sender::recheck(ClaimedDelivery* delivery, DeliveryOutcome* outcome) {
  const auto user = co_await parts_.jobs.reread(delivery->user_id);
  if (!user || user->status == store::UserStatus::removed) {
    outcome->end = DeliveryEnd::cancelled;
    outcome->code = "user_gone";
    outcome->reason = "the user was removed";
    co_return false;
  }
  const TimePoint deadline = parts_.clock.now() + kRecheckDeadline;
  const github::SeenPtr seen = co_await parts_.checker.look(&*user, delivery->date, deadline);
  co_return judge_again(*user, *seen, *delivery, *outcome);
}

bool Sender::judge_again(const store::User& user, const Look& look, ClaimedDelivery& delivery,
                         DeliveryOutcome& outcome) {
  const TimePoint now = parts_.clock.now();
  delivery.expires_at = end_of_day(user, delivery.zone, delivery.date, delivery.expires_at, now);
  if (now >= delivery.expires_at) return false;  // expired, as the outcome began
  const bool token_dead = look ? look->own_token_dead : look.error().own_token_dead;
  if (token_dead && !user.token_dead) outcome.token_dead_in_version = user.settings_version;
  ReminderText text{.user = user,
                    .stage = delivery.stage,
                    .streak = user.streak.length,
                    .today_count = 0,
                    .lower_bound = false,
                    .own_token_dead = user.token_dead,
                    .expires_at = delivery.expires_at,
                    .now = now,
                    .as_of = std::nullopt};
  const streak::Verdict verdict = verdict_of(look);
  if (verdict == streak::Verdict::at_risk) {
    const github::Sight& sight = look ? *look : *look.error().partial;
    text.streak = sight.judgement.streak;
    text.lower_bound = sight.judgement.open_at.has_value();
    text.own_token_dead = sight.public_only();
    outcome.checked_at = sight.seen_at;
  } else if (verdict != streak::Verdict::unknown) {
    outcome.end = DeliveryEnd::cancelled;
    outcome.code = streak::to_text(verdict);
    outcome.reason = "no longer at risk when it was checked again";
    return false;
  } else if (now < delivery.expires_at - kBeforeMidnight) {
    const TimePoint last_call = delivery.expires_at - kBeforeMidnight;
    const TimePoint again = now + parts_.random.jitter(kRecheckPause);
    outcome.end = DeliveryEnd::retry;
    outcome.at = std::min(again, last_call);
    outcome.code = "recheck";
    outcome.reason = "GitHub could not be asked again yet";
    return false;
  } else {
    text.as_of = delivery.checked_at;
    if (text.streak == 0) {  // its length was never certain
      text.streak = 1;
      text.lower_bound = true;
    }
  }
  delivery.message = reminder_message(text);
  outcome.message = delivery.message;
  return true;
}

}  // namespace streaky::engine

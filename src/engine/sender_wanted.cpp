// Whether a message is still to be sent when its turn has come.
#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

#include "engine/delivery_outcomes.h"
#include "engine/plan.h"
#include "engine/sender.h"
#include "streak/local_day.h"
#include "streak/message.h"
#include "streak/mutant.h"

namespace streaky::engine {

namespace {

using runtime::Millis;
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

/// Its user may have said something, or contributed, since it was judged.
bool may_have_changed(const ClaimedDelivery& delivery, TimePoint now) {
  return (delivery.waited && is_about_the_day(delivery.kind)) || is_old_alarm(delivery, now);
}

/// The user has said meanwhile that this day needs no message now.
bool is_wished_away(const ClaimedDelivery& delivery, const store::User& user, TimePoint now) {
  if (!is_about_the_day(delivery.kind) || planted(Mutant::wish_overheard)) return false;
  const bool day_off = delivery.kind == "reminder" && user.rules.skips(delivery.date);
  return day_off || wants_quiet(user, delivery.date, now);
}

void cancel(DeliveryOutcome& outcome, std::string code, std::string reason) {
  outcome.end = DeliveryEnd::cancelled;
  outcome.code = std::move(code);
  outcome.reason = std::move(reason);
}

/// Nobody could be asked again: it says when it was true.
void say_as_of(ClaimedDelivery& delivery, DeliveryOutcome& outcome, TimePoint now) {
  constexpr std::string_view kSaid = "As of ";
  if (!is_old_alarm(delivery, now) || delivery.message.body.starts_with(kSaid)) return;
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
runtime::Task<bool> Sender::is_to_be_sent(Held* held, DeliveryOutcome* outcome) {
  ClaimedDelivery& delivery = held->delivery;
  std::optional<Millis> judged_at;
  std::optional<Millis> looked_at;
  Millis turn_began = held->since;
  Millis not_before{0};
  while (true) {
    const Millis now = parts_.clock.monotonic();
    if (now - turn_began > kFresh) delivery.waited = true;
    turn_began = now;
    const bool unsure = may_have_changed(delivery, parts_.clock.now()) || lacks_name(*held);
    const bool judge = unsure && !(judged_at && now - *judged_at <= kFresh);
    const bool look =
        !surely_ours(held->since) && !(looked_at && now - *looked_at <= parts_.lease / 2);
    if (!judge && !look) co_return true;
    const Turn turn = co_await turn_to_ask(delivery.expires_at, not_before);
    if (turn == Turn::goes_unasked) {
      say_as_of(delivery, *outcome, parts_.clock.now());
      co_return true;
    }
    if (turn == Turn::ends) {
      if (stopping_) *outcome = handed_back(delivery, parts_.clock.now());
      co_return false;
    }
    const Millis asked = parts_.clock.monotonic();
    std::optional<bool> word;
    if (judge) {
      word = co_await still_wanted(held, outcome);
      if (word) judged_at = asked;
    } else {
      word = co_await still_ours(&delivery, outcome);
      if (word) looked_at = held->since = asked;
    }
    if (word == false) co_return false;
    if (!word) not_before = parts_.clock.monotonic() + kOthersFirst;
  }
}

bool Sender::surely_ours(Millis since) const {
  const Millis held = parts_.clock.monotonic() - since;
  return held <= std::min(kSurelyOurs, parts_.lease / 3) && !parts_.silent();
}

/// While the database does not answer, a message waits: its user may have contributed, or others
/// have sent it. Shortly before the day ends it goes out unasked, since twice is better than not at
/// all. Nothing while it has to wait.
std::optional<Sender::Turn> Sender::turn_now(TimePoint midnight, Millis not_before) const {
  const Millis now = parts_.clock.monotonic();
  const Millis left = midnight - parts_.clock.now();
  if (stopping_ || left <= Millis{0}) return Turn::ends;
  const Millis patience = left > kPatience ? kPatience : Millis{0};
  if (left <= kBeforeMidnight && answers_.silent_for(patience, now)) return Turn::goes_unasked;
  if (now >= not_before && answers_.may_ask(now)) return Turn::asks;
  return std::nullopt;
}

/// Who waits leaves its place to others, whose midnight may be nearer.
runtime::Task<Sender::Turn> Sender::turn_to_ask(TimePoint midnight, Millis not_before) {
  std::optional<Turn> turn = turn_now(midnight, not_before);
  if (turn) co_return *turn;
  --sending_;
  begin_next();
  while (true) {
    turn = turn_now(midnight, not_before);
    if (!turn) {
      co_await answered_.wait_for(kOthersFirst);
    } else if (sending_ >= limits_.in_flight && !stopping_) {
      ++ready_;
      co_await stopped_.wait_for(Answers::kAskAgain);
      --ready_;
    } else {
      break;
    }
  }
  ++sending_;
  co_return *turn;
}

/// Where the courier's other side composes the message.
bool Sender::lacks_name(const Held& held) const {
  return parts_.courier.names_users() && held.login.empty();
}

void Sender::ended(const Answers::Question& question, bool answered) {
  if (answers_.ended(question, answered, parts_.clock.monotonic())) answered_.notify();
}

/// By its user as stored now, and by GitHub. False where the outcome says why not; nothing when the
/// database does not answer.
runtime::Task<std::optional<bool>> Sender::still_wanted(Held* held, DeliveryOutcome* outcome) {
  ClaimedDelivery& delivery = held->delivery;
  const Answers::Question question = answers_.ask(parts_.clock.monotonic());
  std::optional<store::User> user;
  std::string trouble;
  try {
    user = co_await parts_.jobs.reread(delivery.user_id);
  } catch (const std::exception& error) {
    trouble = error.what();
  }
  ended(question, trouble.empty());
  if (!trouble.empty()) {
    parts_.log.warn("whether a message is still wanted cannot be asked",
                    {{"delivery", delivery.id}, {"error", trouble}});
    co_return std::nullopt;
  }
  const TimePoint now = parts_.clock.now();
  if (!user || user->status == store::UserStatus::removed) {
    cancel(*outcome, "user_gone", "the user was removed");
    co_return false;
  }
  held->login = user->login;
  held->streak = user->streak.length;
  if (delivery.waited && is_wished_away(delivery, *user, now)) {
    cancel(*outcome, "asked_for_quiet", "you asked for no message about this day");
    co_return false;
  }
  if (!is_old_alarm(delivery, now)) co_return true;
  const github::SeenPtr seen =
      co_await parts_.checker.look(&*user, delivery.date, now + kRecheckDeadline);
  co_return judge_again(*user, *seen, delivery, *outcome);
}

/// The process may have stood still, and another one may have taken it over; the outcome says so.
/// Nothing when the database does not answer.
runtime::Task<std::optional<bool>> Sender::still_ours(ClaimedDelivery* delivery,
                                                      DeliveryOutcome* outcome) {
  const Answers::Question question = answers_.ask(parts_.clock.monotonic());
  auto ours = co_await parts_.recorder.still_ours(delivery->id, delivery->date, delivery->attempt);
  // The lease was renewed for that long at least, from when it was asked.
  const bool late = parts_.clock.monotonic() - question.began > parts_.lease / 2;
  if (ours == true && late) ours = std::nullopt;
  ended(question, ours.has_value());
  if (ours == false) {
    *outcome = retry_at(*delivery, parts_.clock.now(), kLeaseLost, "another process has it");
  }
  co_return ours;
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
    outcome.checked_at = delivery.checked_at = sight.seen_at;
  } else if (verdict != streak::Verdict::unknown) {
    cancel(outcome, streak::to_text(verdict), "no longer at risk when it was checked again");
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

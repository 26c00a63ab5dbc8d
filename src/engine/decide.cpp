#include "engine/decide.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/plan.h"
#include "streak/local_day.h"
#include "streak/message.h"

namespace streaky::engine {

namespace {

using runtime::Millis;
using runtime::TimePoint;

constexpr Millis kFirstBackoff{5'000};
/// With its jitter and the time of a try below ten minutes: GitHub that is back for so long is
/// asked.
constexpr Millis kLongestBackoff{360'000};
constexpr std::chrono::minutes kLastTry{1};
/// After so long a reminder goes out with "at least N days" rather than late.
constexpr std::chrono::minutes kWaitForTheLength{15};
/// How long a streak that a dead token hides is spoken of: then it is as likely to be over.
constexpr std::chrono::days kHiddenStreak{2};

std::chrono::minutes left_until(TimePoint end, TimePoint now) {
  return std::chrono::floor<std::chrono::minutes>(std::max(end - now, Millis{0}));
}

int index_of_stage(const store::User& user, int stage) {
  const auto found = std::ranges::find(user.remind_at, stage);
  return found == user.remind_at.end() ? 0 : static_cast<int>(found - user.remind_at.begin());
}

streak::MessageInput message_input(streak::MessageKind kind, const store::User& user, int stage,
                                   std::chrono::minutes left) {
  streak::MessageInput input;
  input.kind = kind;
  input.login = user.login;
  input.left = left;
  input.stage_index = index_of_stage(user, stage);
  input.stage_count = std::max(1, static_cast<int>(user.remind_at.size()));
  return input;
}

void tell(store::JobOutcome& outcome, const Circumstances& circumstances, const char* kind,
          const streak::Message& message, TimePoint checked_at, runtime::Random& random) {
  for (const store::Channel& channel : circumstances.job.user.channels) {
    if (!channel.on) continue;
    store::NewDelivery delivery;
    delivery.id = random.uuid();
    delivery.channel_id = channel.id;
    delivery.kind = kind;
    delivery.message = message;
    delivery.checked_at = checked_at;
    delivery.leased = circumstances.send_at_once;
    delivery.called_at = called_at(circumstances.job.zone, circumstances.job.date,
                                   circumstances.job.stage, circumstances.job.created_at);
    outcome.deliveries.push_back(std::move(delivery));
  }
}

store::JobOutcome begin(const store::ClaimedJob& job) {
  store::JobOutcome outcome;
  outcome.job_id = job.id;
  outcome.attempt = job.attempt;
  outcome.user_id = job.user.id;
  outcome.settings_version = job.user.settings_version;
  outcome.told_unknown = job.told_unknown;
  return outcome;
}

store::StreakState state_after(const store::StreakState& before, const github::Sight& sight,
                               streak::Label today) {
  store::StreakState state = before;
  const streak::Judgement& judgement = sight.judgement;
  if (sight.anchor) state.anchor = sight.anchor;
  if (sight.history_read) state.history_at = sight.seen_at;
  state.length = judgement.streak;
  state.began = judgement.began;
  state.longest = std::max(state.longest, judgement.streak);
  state.today = today;
  state.today_count = judgement.today_count;
  state.verdict = judgement.verdict;
  state.views = github::to_text(sight.views);
  state.seen_at = sight.seen_at;
  return state;
}

/// True when public activity alone shows no streak, and the one that lived was seen with a token
/// that is refused now. Nobody can tell then; it must not end in silence, nor be stored as an end.
bool hides_a_streak(const store::User& user, const github::Sight& sight, streak::Label today) {
  const store::StreakState& before = user.streak;
  return sight.own_token_dead && sight.judgement.verdict == streak::Verdict::no_streak &&
         before.length > 0 && before.views != github::to_text(github::Views::service) &&
         before.today >= today - kHiddenStreak;
}

void tell_could_not_check(store::JobOutcome& outcome, const Circumstances& circumstances,
                          bool own_token_dead, runtime::Random& random) {
  const store::ClaimedJob& job = circumstances.job;
  auto input = message_input(streak::MessageKind::could_not_check, job.user, job.stage,
                             left_until(job.expires_at, circumstances.now));
  input.streak = job.user.streak.length;
  input.own_token_dead = own_token_dead;
  tell(outcome, circumstances, "could_not_check", streak::compose(input), circumstances.now,
       random);
}

/// Puts what a sight shows into the outcome: verdict, state, identity, and the message it calls
/// for.
void judge_sight(store::JobOutcome& outcome, const Circumstances& circumstances,
                 const github::Sight& sight, runtime::Random& random) {
  const store::ClaimedJob& job = circumstances.job;
  const bool lower_bound = sight.judgement.open_at.has_value();
  const store::User& user = job.user;
  outcome.end = store::JobEnd::completed;
  outcome.verdict = sight.judgement.verdict;
  outcome.login = sight.login;
  outcome.node_id = sight.node_id;
  outcome.database_id = sight.database_id;
  outcome.own_token_dead = sight.own_token_dead;
  if (hides_a_streak(user, sight, job.date)) {
    outcome.verdict = streak::Verdict::unknown;
    // On a day off nothing can end.
    if (!user.rules.skips(job.date)) tell_could_not_check(outcome, circumstances, true, random);
    return;
  }
  outcome.streak = remembered(user, sight, job.date);

  if (outcome.verdict == streak::Verdict::at_risk) {
    const auto message = reminder_message({.user = user,
                                           .stage = job.stage,
                                           .streak = sight.judgement.streak,
                                           .today_count = sight.judgement.today_count,
                                           .lower_bound = lower_bound,
                                           .own_token_dead = sight.public_only(),
                                           .expires_at = job.expires_at,
                                           .now = circumstances.now,
                                           .as_of = std::nullopt});
    tell(outcome, circumstances, "reminder", message, sight.seen_at, random);
  }
  if (outcome.verdict == streak::Verdict::safe && user.daily_summary) {
    auto input = message_input(streak::MessageKind::summary, user, job.stage,
                               left_until(job.expires_at, circumstances.now));
    input.streak = sight.judgement.streak;
    input.streak_is_lower_bound = lower_bound;
    input.own_token_dead = sight.public_only();
    input.today_count = sight.judgement.today_count;
    tell(outcome, circumstances, "summary", streak::compose(input), sight.seen_at, random);
  }
}

/// Not before what GitHub asked for; never past the last try; one try in the last minute.
TimePoint next_try(const Circumstances& circumstances, const github::Unseen& unseen,
                   runtime::Random& random) {
  const store::ClaimedJob& job = circumstances.job;
  const TimePoint now = circumstances.now;
  TimePoint at = now + check_backoff(job.tries, random);
  if (unseen.retry_at) at = std::max(at, *unseen.retry_at);
  const TimePoint honest = honest_at(job.created_at, job.expires_at);
  if (now < honest) return std::min(at, honest);
  const TimePoint last = job.expires_at - kLastTry;
  if (at > last && now < last) return last;
  return at;
}

void judge_unseen(store::JobOutcome& outcome, const Circumstances& circumstances,
                  const github::Unseen& unseen, runtime::Random& random) {
  const store::ClaimedJob& job = circumstances.job;
  outcome.error = unseen.error.code;
  outcome.own_token_dead = unseen.own_token_dead;
  if (unseen.error.code == "not_found") {
    outcome.end = store::JobEnd::completed;
    outcome.verdict = streak::Verdict::gone;
    return;
  }
  const bool last_call = circumstances.now >= honest_at(job.created_at, job.expires_at);
  // The length is not known, the verdict is. Nobody who is safe needs to wait for the length.
  const bool safe = unseen.partial && unseen.partial->judgement.verdict != streak::Verdict::at_risk;
  const bool waited = circumstances.now >= job.created_at + kWaitForTheLength;
  const bool enough = safe ? !job.user.daily_summary : waited;
  if (unseen.partial && (last_call || enough)) {
    judge_sight(outcome, circumstances, *unseen.partial, random);
    return;
  }
  if (last_call && job.user.rules.skips(job.date)) {
    // Nothing can be at risk on such a day, whatever GitHub would say.
    outcome.end = store::JobEnd::completed;
    outcome.verdict = streak::Verdict::day_off;
    return;
  }
  if (last_call && !job.told_unknown) {
    tell_could_not_check(outcome, circumstances, unseen.own_token_dead, random);
    outcome.told_unknown = true;
  }
  outcome.end = store::JobEnd::retry;
  outcome.retry_at = next_try(circumstances, unseen, random);
  if (outcome.retry_at >= job.expires_at) {
    outcome.end = store::JobEnd::failed;
    outcome.error = "expired";
  }
}

}  // namespace

std::optional<store::StreakState> remembered(const store::User& user, const github::Sight& sight,
                                             streak::Label today) {
  // A paused day is answered without asking, and a lower bound is no length.
  const bool lower_bound = sight.judgement.open_at.has_value();
  if (lower_bound || sight.calendar.empty() || hides_a_streak(user, sight, today)) {
    return std::nullopt;
  }
  return state_after(user.streak, sight, today);
}

store::JobOutcome decide(const Circumstances& circumstances, const Look& look,
                         runtime::Random& random) {
  store::JobOutcome outcome = begin(circumstances.job);
  if (circumstances.now >= circumstances.job.expires_at) {
    outcome.end = store::JobEnd::failed;
    outcome.error = "expired";
    return outcome;
  }
  if (!look) {
    judge_unseen(outcome, circumstances, look.error(), random);
    return outcome;
  }
  if (look->judgement.verdict == streak::Verdict::unknown) {
    github::Unseen unseen;
    unseen.error = {.code = "bad_answer", .message = "the answer leaves days unknown"};
    judge_unseen(outcome, circumstances, unseen, random);
    return outcome;
  }
  judge_sight(outcome, circumstances, *look, random);
  return outcome;
}

streak::Message reminder_message(const ReminderText& text) {
  auto input = message_input(streak::MessageKind::reminder, text.user, text.stage,
                             left_until(text.expires_at, text.now));
  input.streak = text.streak;
  input.today_count = text.today_count;
  input.streak_is_lower_bound = text.lower_bound;
  input.own_token_dead = text.own_token_dead;
  if (text.as_of) {
    const auto zone = streak::Zone::find(text.user.time_zone);
    if (zone) input.as_of = zone->clock_text(*text.as_of);
  }
  return streak::compose(input);
}

Millis check_backoff(int tries, runtime::Random& random) {
  constexpr int kMostDoublings = 7;
  const Millis base = kFirstBackoff * (1 << std::clamp(tries, 0, kMostDoublings));
  return random.jitter(std::min(base, kLongestBackoff));
}

}  // namespace streaky::engine

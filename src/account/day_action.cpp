#include "account/day_action.h"

#include <utility>

#include "account/user_edit.h"
#include "engine/plan.h"
#include "streak/mutant.h"

namespace streaky::account {

namespace {

constexpr int kMostAttempts = 5;

std::unexpected<runtime::Error> no_zone() {
  return runtime::fail_for_good("bad_zone", "the time zone is not known to this system");
}

void plan_again(store::User& user, const streak::Zone& zone, bool told_today,
                runtime::TimePoint now) {
  const engine::Saved saved{.is_new = false, .told_today = told_today, .day_word = user.day_word};
  user.next_check_at = engine::first_check(zone, user.remind_at, saved, now);
}

}  // namespace

runtime::Result<store::User> act_on_day(store::User user, engine::DayAction action,
                                        streak::Label date, runtime::TimePoint now) {
  const auto zone = streak::Zone::find(user.time_zone);
  if (!zone) return no_zone();
  if (user.status != store::UserStatus::active) {
    return runtime::fail_for_good("inactive", "no reminders come at the moment");
  }
  if (zone->local_date(now) != date) {
    return runtime::fail_for_good("day_over", "that day is over");
  }
  const bool stopped = user.day_word && user.day_word->date == date && user.day_word->stopped;
  streak::DayWord word{.date = date, .stopped = stopped, .snoozed_until = std::nullopt};
  switch (action) {
    case engine::DayAction::snooze:
      // A link asks for less, never for more: not for what its user has ended.
      if (stopped || user.rules.paused(date)) {
        return runtime::fail_for_good("ended", "no more messages come today");
      }
      word.snoozed_until = streak::snooze_end(*zone, now);
      if (!word.snoozed_until) {
        return runtime::fail_for_good("too_late", "the day ends too soon for a snooze");
      }
      break;
    case engine::DayAction::stop:
      word.stopped = !planted(Mutant::stop_ignored);
      break;
    case engine::DayAction::rest: {
      // Who is away for longer stays away.
      if (user.rules.paused(date)) break;
      auto paused = pause_user(std::move(user), date, true, now);
      if (!paused) return paused;
      user = std::move(*paused);
      break;
    }
  }
  user.day_word = word;
  plan_again(user, *zone, true, now);
  return user;
}

runtime::Result<store::User> forget_day_word(store::User user, bool told_today,
                                             runtime::TimePoint now) {
  const auto zone = streak::Zone::find(user.time_zone);
  if (!zone) return no_zone();
  user.day_word.reset();
  if (user.status == store::UserStatus::active) plan_again(user, *zone, told_today, now);
  return user;
}

runtime::Task<runtime::Result<store::User>> use_action_link(store::Users* users,
                                                            engine::ActionLink link,
                                                            runtime::TimePoint now) {
  if (now >= link.ends_at) co_return runtime::fail_for_good("day_over", "that day is over");
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const auto user = co_await users->get(link.user_id);
    if (!user) co_return runtime::fail_for_good("gone", "there is no such user any more");
    auto after = act_on_day(*user, link.action, link.date, now);
    if (!after) co_return std::unexpected(std::move(after.error()));
    store::UserEdit edit;
    edit.before = *user;
    edit.after = std::move(*after);
    auto editing = users->edit_once(std::move(edit), link.use(), now);
    auto once = co_await std::move(editing);
    if (once.used_before) co_return runtime::fail_for_good("used", "this link was used before");
    if (once.user) co_return std::move(*once.user);
  }
  co_return runtime::fail("overtaken", "somebody else is changing this user; try again");
}

std::optional<streak::DayWord> day_word_in_force(const store::User& user, runtime::TimePoint now) {
  const auto zone = streak::Zone::find(user.time_zone);
  if (!zone || !user.day_word || user.day_word->date != zone->local_date(now)) return std::nullopt;
  if (user.day_word->stopped) return user.day_word;
  const auto stage = streak::snoozed_stage(*zone, user.day_word);
  if (!stage || stage->at <= now) return std::nullopt;
  return user.day_word;
}

}  // namespace streaky::account

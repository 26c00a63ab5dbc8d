#include "account/user_edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/plan.h"
#include "notify/channel.h"
#include "runtime/bytes.h"
#include "streak/local_day.h"

namespace streaky::account {

namespace {

constexpr const char* kDefaultZone = "UTC";
/// Rest days of a new user hold for the history that is read at the first check, too.
constexpr streak::Label kBeginning{};
constexpr std::chrono::days kOneDay{1};

runtime::Result<streak::Zone> zone_of(const store::User& user) {
  const auto zone = streak::Zone::find(user.time_zone);
  if (zone) return *zone;
  return runtime::fail_for_good(
      "bad_zone", fmt::format("time_zone {} is not known to this system; did you mean {}?",
                              user.time_zone, streak::Zone::nearest_name(user.time_zone)));
}

std::unexpected<runtime::Error> too_many(const char* what) {
  return runtime::fail_for_good(
      "too_many_changes", fmt::format("{}: at most {} per user are kept", what, kMostRuleChanges));
}

/// The entry that `DayRules::rests` goes by.
streak::Weekdays in_force(const std::vector<streak::RestDays>& entries, streak::Label today) {
  const streak::RestDays* latest = nullptr;
  for (const streak::RestDays& entry : entries) {
    if (entry.from > today) continue;
    if (latest == nullptr || entry.from >= latest->from) latest = &entry;
  }
  return latest == nullptr ? streak::Weekdays{} : latest->days;
}

bool change_rest_days(streak::DayRules& rules, streak::Weekdays days, streak::Label from) {
  // Today's entry is replaced. A move to a zone further west can leave one in the user's future,
  // which was never in force.
  std::erase_if(rules.rest_days, [from](const auto& entry) { return entry.from >= from; });
  if (in_force(rules.rest_days, from) == days) return true;
  if (rules.rest_days.size() >= kMostRuleChanges) return false;
  rules.rest_days.push_back(streak::RestDays{.from = from, .days = days});
  return true;
}

/// True when `sealed` is the value that is given now; one that does not open is another.
bool holds(const std::string& sealed, const runtime::Secret& value, crypto::Binding binding,
           const crypto::Sealer& sealer) {
  if (sealed.empty()) return false;
  const auto opened = sealer.open(sealed, binding);
  return opened && opened->reveal() == value.reveal();
}

/// True when the channel is stored as it is said to be; whether it still works is another matter.
bool has_channel(const store::User& user, const char* kind, const runtime::Secret& value,
                 const crypto::Sealer& sealer) {
  const auto found = std::ranges::find(user.channels, kind, &store::Channel::kind);
  if (found == user.channels.end()) return false;
  const crypto::Binding binding{
      .purpose = crypto::Purpose::channel, .user_id = user.id, .channel_id = found->id};
  return holds(found->sealed, value, binding, sealer);
}

/// Who gives a credential, and whether one that was found dead is to be tried again.
struct Giver {
  const crypto::Sealer& sealer;
  bool revives = false;
};

void set_channel(store::User& user, notify::ChannelKind kind, const Change<runtime::Secret>& change,
                 std::int64_t channel_id, const Giver& giver) {
  if (!change.said()) return;
  const char* name = notify::to_text(kind);
  const runtime::Secret* value = change.value();
  const crypto::Sealer& sealer = giver.sealer;
  if (value != nullptr && !giver.revives && has_channel(user, name, *value, sealer)) return;
  const auto former = std::ranges::find(user.channels, name, &store::Channel::kind);
  const auto level = former == user.channels.end() ? streak::ChannelLevel::normal : former->level;
  std::erase_if(user.channels, [name](const auto& channel) { return channel.kind == name; });
  if (value == nullptr) return;
  const crypto::Binding binding{
      .purpose = crypto::Purpose::channel, .user_id = user.id, .channel_id = channel_id};
  const notify::Credential credential{.kind = kind, .value = value->clone()};
  user.channels.push_back(store::Channel{.id = channel_id,
                                         .kind = name,
                                         .sealed = sealer.seal(*value, binding),
                                         .hint = notify::hint_of(credential),
                                         .off_reason = {},
                                         .level = level});
}

void set_credentials(store::User& user, const UserDraft& draft, const store::Allotted& allotted,
                     const crypto::Sealer& sealer) {
  if (draft.github_token.said()) {
    const runtime::Secret* token = draft.github_token.value();
    const crypto::Binding binding{.purpose = crypto::Purpose::github_token, .user_id = user.id};
    const bool same = token != nullptr && holds(user.sealed_token, *token, binding, sealer);
    if (!same || draft.revive) {
      user.sealed_token = token == nullptr ? std::string() : sealer.seal(*token, binding);
      user.token_dead = false;
    }
  }
  const Giver giver{.sealer = sealer, .revives = draft.revive};
  set_channel(user, notify::ChannelKind::discord, draft.discord_webhook,
              allotted.discord_channel_id, giver);
  set_channel(user, notify::ChannelKind::telegram, draft.telegram, allotted.telegram_channel_id,
              giver);
}

template <typename T>
void apply(T& target, const Change<T>& change, const T& usual) {
  if (change.said()) target = change.value() != nullptr ? *change.value() : usual;
}

store::User begin_with(const store::Allotted& allotted, runtime::TimePoint now) {
  if (allotted.existing) return *allotted.existing;
  store::User user;
  user.id = allotted.user_id;
  user.time_zone = kDefaultZone;
  user.remind_at = default_remind_at();
  user.created_at = now;
  return user;
}

/// A check that is due and not yet made stays due, unless its hour itself was changed.
bool is_overdue(const store::User& user, const store::Allotted& allotted, runtime::TimePoint now) {
  if (!allotted.existing) return false;
  const store::User& before = *allotted.existing;
  return before.status == store::UserStatus::active && before.next_check_at &&
         *before.next_check_at <= now && before.time_zone == user.time_zone &&
         before.remind_at == user.remind_at;
}

}  // namespace

streak::Label today_of(const store::User& user, runtime::TimePoint now) {
  const auto zone = streak::Zone::find(user.time_zone);
  return zone ? zone->local_date(now) : std::chrono::floor<std::chrono::days>(now);
}

streak::Weekdays rest_days_in_force(const store::User& user, runtime::TimePoint now) {
  return in_force(user.rules.rest_days, today_of(user, now));
}

std::optional<streak::Pause> pause_in_force(const store::User& user, runtime::TimePoint now) {
  const streak::Label today = today_of(user, now);
  for (const streak::Pause& pause : user.rules.pauses) {
    if (pause.first <= today && (!pause.last || today <= *pause.last)) return pause;
  }
  return std::nullopt;
}

runtime::Result<store::User> edit_user(const UserDraft& draft, const store::Allotted& allotted,
                                       const crypto::Sealer& sealer, runtime::TimePoint now) {
  store::User user = begin_with(allotted, now);
  // However it is typed, GitHub's spelling stays.
  if (runtime::to_lower_ascii(user.login) != runtime::to_lower_ascii(draft.login)) {
    user.login = draft.login;
    user.login_taken = false;
  }
  if (user.node_id.empty()) user.node_id = draft.node_id;
  if (!user.database_id) user.database_id = draft.database_id;
  if (user.status == store::UserStatus::removed) user.status = store::UserStatus::active;
  apply(user.time_zone, draft.time_zone, std::string(kDefaultZone));
  apply(user.remind_at, draft.remind_at, default_remind_at());
  apply(user.daily_summary, draft.daily_summary, false);

  const auto zone = zone_of(user);
  if (!zone) return std::unexpected(zone.error());
  const streak::Label today = zone->local_date(now);
  if (draft.rest_days.said()) {
    const streak::Weekdays* days = draft.rest_days.value();
    const streak::Label from = allotted.existing ? today : kBeginning;
    if (!change_rest_days(user.rules, days == nullptr ? streak::Weekdays{} : *days, from)) {
      return too_many("changes of rest days");
    }
  }
  set_credentials(user, draft, allotted, sealer);

  if (draft.pause) return pause_user(std::move(user), std::nullopt, false, now);
  if (user.status == store::UserStatus::paused) {
    user.next_check_at.reset();
  } else if (!is_overdue(user, allotted, now)) {
    const bool told = std::ranges::find(allotted.told_on, today) != allotted.told_on.end();
    const engine::Saved saved{
        .is_new = !allotted.existing, .told_today = told, .day_word = user.day_word};
    user.next_check_at = engine::first_check(*zone, user.remind_at, saved, now);
  }
  return user;
}

runtime::Result<store::User> pause_user(store::User user, std::optional<streak::Label> until,
                                        bool told_today, runtime::TimePoint now) {
  const auto zone = zone_of(user);
  if (!zone) return std::unexpected(zone.error());
  const streak::Label today = zone->local_date(now);
  if (until && (*until < today || *until > today + std::chrono::days{kLongestPauseDays})) {
    return runtime::fail_for_good(
        "bad_date", fmt::format("--until: expected a date from {} (the user's today) to {}",
                                streak::to_text(today),
                                streak::to_text(today + std::chrono::days{kLongestPauseDays})));
  }
  std::vector<streak::Pause>& pauses = user.rules.pauses;
  std::erase_if(pauses, [today](const streak::Pause& pause) { return pause.first > today; });
  const auto covers = [today](const streak::Pause& pause) {
    return !pause.last || *pause.last >= today;
  };
  bool found = false;
  for (streak::Pause& pause : pauses) {
    if (!covers(pause)) continue;
    pause.last = until;
    found = true;
  }
  if (!found && pauses.size() >= kMostRuleChanges) return too_many("pauses");
  if (!found) pauses.push_back(streak::Pause{.first = today, .last = until});

  if (!until) {
    user.status = store::UserStatus::paused;
    user.next_check_at.reset();
  } else if (user.status != store::UserStatus::active) {
    user.status = store::UserStatus::active;
    const engine::Saved saved{.is_new = false, .told_today = told_today, .day_word = user.day_word};
    user.next_check_at = engine::first_check(*zone, user.remind_at, saved, now);
  }
  return user;
}

runtime::Result<store::User> resume_user(store::User user, bool told_today,
                                         runtime::TimePoint now) {
  const auto zone = zone_of(user);
  if (!zone) return std::unexpected(zone.error());
  const streak::Label today = zone->local_date(now);
  std::vector<streak::Pause>& pauses = user.rules.pauses;
  std::erase_if(pauses, [today](const streak::Pause& pause) { return pause.first >= today; });
  for (streak::Pause& pause : pauses) {
    if (!pause.last || *pause.last >= today) pause.last = today - kOneDay;
  }
  user.status = store::UserStatus::active;
  const engine::Saved saved{.is_new = false, .told_today = told_today, .day_word = user.day_word};
  user.next_check_at = engine::first_check(*zone, user.remind_at, saved, now);
  return user;
}

runtime::Result<store::User> set_channel_level(store::User user, std::int64_t channel_id,
                                               streak::ChannelLevel level) {
  const auto found = std::ranges::find(user.channels, channel_id, &store::Channel::id);
  if (found != user.channels.end()) found->level = level;
  return user;
}

}  // namespace streaky::account

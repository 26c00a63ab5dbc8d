#include "web/edits.h"

#include <algorithm>
#include <array>
#include <utility>

#include "streak/reminder_plan.h"
#include "web/words.h"

namespace streaky::web {

namespace {

/// Empty places for further times, so that more can be given without a script.
constexpr std::size_t kSpareTimes = 1;

/// Parts of the world: other names of tzdata are old spellings and oddities, which may be typed.
constexpr std::array<std::string_view, 10> kParts = {
    "Africa/",   "America/",   "Antarctica/", "Arctic/", "Asia/",
    "Atlantic/", "Australia/", "Europe/",     "Indian/", "Pacific/"};

std::vector<std::string> zone_names() {
  std::vector<std::string> names = streak::Zone::names();
  std::erase_if(names, [](const std::string& name) {
    return name != "UTC" && std::ranges::none_of(kParts, [&name](std::string_view part) {
             return name.starts_with(part);
           });
  });
  return names;
}

/// The names follow from the system's tzdata, which is read once.
const std::vector<std::string>& all_zone_names() {
  static const std::vector<std::string> kNames = zone_names();
  return kNames;
}

}  // namespace

runtime::Task<runtime::Result<store::User>> apply_draft(Desk* desk, const Visit* visit,
                                                        account::UserDraft draft) {
  const account::UserDraft* said = &draft;
  const crypto::Sealer* sealer = &desk->parts.sealer;
  const runtime::TimePoint now = visit->now;
  draft.login = visit->user().login;
  account::Edit edit = [said, sealer, now](const store::Allotted& allotted) {
    return account::edit_user(*said, allotted, *sealer, now);
  };
  auto changing = account::change_user(&desk->users, visit->user().id, std::move(edit), now);
  co_return co_await std::move(changing);
}

runtime::Task<runtime::Result<store::User>> change_channel_level(Desk* desk, const Visit* visit,
                                                                 std::int64_t channel_id,
                                                                 streak::ChannelLevel level) {
  account::Edit edit = [channel_id, level](const store::Allotted& allotted) {
    return account::set_channel_level(*allotted.existing, channel_id, level);
  };
  auto changing = account::change_user(&desk->users, visit->user().id, std::move(edit), visit->now);
  co_return co_await std::move(changing);
}

void clear_channel(account::UserDraft& draft, std::string_view kind) {
  if (kind == "discord") draft.discord_webhook.clear();
  if (kind == "telegram") draft.telegram.clear();
}

account::Reason read_when(const Visit& visit, account::UserDraft& draft) {
  account::Reason reason = account::set_time_zone(draft, visit.value("time_zone"));
  if (!reason.empty()) return "Time zone: " + reason.substr(reason.find(' ') + 1);
  std::vector<std::string> times = all_fields(visit.form, "remind_at");
  std::erase(times, std::string());
  reason = account::set_remind_at(draft, times);
  if (!reason.empty()) return "Reminder times: " + reason.substr(reason.find(' ') + 1);
  return {};
}

void set_when_data(Data& data, const Visit& visit, bool typed) {
  const store::User& user = visit.user();
  std::vector<std::string> times;
  if (typed) {
    times = all_fields(visit.form, "remind_at");
    std::erase(times, std::string());
    if (times.size() > streak::kMostStages) times.resize(streak::kMostStages);
  } else {
    for (const int minute : user.remind_at) times.push_back(streak::minute_text(minute));
  }
  if (times.size() < streak::kMostStages) times.insert(times.end(), kSpareTimes, std::string());
  data.set("zone", typed ? std::string(visit.value("time_zone")) : user.time_zone);
  data.set("zones", text_list(all_zone_names()));
  Data list{Data::type::list};
  for (std::size_t i = 0; i < times.size(); ++i) {
    Data row;
    row.set("value", times[i]);
    row.set("number", std::to_string(i + 1));
    list.push_back(row);
  }
  data.set("times", list);
}

void set_channel_data(Data& data, const store::User& user, const std::string& bot) {
  Data list{Data::type::list};
  for (const store::Channel& channel : user.channels) {
    Data row;
    row.set("id", std::to_string(channel.id));
    row.set("name", channel_name(channel.kind));
    row.set("hint", channel.hint);
    row.set("on", channel.on);
    row.set("off_reason", channel.off_reason);
    row.set("is_normal", channel.level == streak::ChannelLevel::normal);
    row.set("is_quiet", channel.level == streak::ChannelLevel::quiet);
    row.set("is_loud", channel.level == streak::ChannelLevel::loud);
    list.push_back(row);
  }
  data.set("channels", list);
  data.set("has_channels", !user.channels.empty());
  const auto has = [&user](std::string_view kind) {
    return std::ranges::find(user.channels, kind, &store::Channel::kind) != user.channels.end();
  };
  data.set("has_discord", has("discord"));
  data.set("has_telegram", has("telegram"));
  data.set("can_press_start", !bot.empty());
  data.set("bot", bot);
}

}  // namespace streaky::web

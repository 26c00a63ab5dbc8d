// The original's `/api/user/*`: preferences and dashboard of the user whom its site names.
#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "account/change.h"
#include "notify/channel.h"
#include "streak/local_day.h"
#include "web/handlers.h"
#include "web/original.h"
#include "web/replies.h"

namespace streaky::web {

namespace {

namespace json = boost::json;
using net::ServerResponse;
using runtime::Task;

constexpr Rate kPerUser{"original_user", 60, 60};
constexpr int kDefaultHour = 12;
constexpr int kHours = 24;
constexpr int kMinutesPerHour = 60;
constexpr int kShown = 10;
constexpr int kLookedAt = 40;  // some of them are still on their way
/// The original kept what GitHub had said for five minutes.
constexpr std::chrono::minutes kFresh{5};
/// How long a dashboard waits for GitHub, as the original's did.
constexpr runtime::Millis kPatience{8'000};
constexpr runtime::Millis kPoll{50};
constexpr std::size_t kLongestField = 1'000;

std::string bucket_of(const OriginalUser& user) { return std::to_string(user.github_id); }

Task<std::optional<store::User>> find_user(store::Users* users, std::int64_t github_id) {
  store::UserKey key;
  key.database_id = github_id;
  auto finding = users->find(std::move(key));
  co_return co_await std::move(finding);
}

bool has_channel(const store::User& user, std::string_view kind) {
  return std::ranges::find(user.channels, kind, &store::Channel::kind) != user.channels.end();
}

/// The hour in UTC of the first reminder, today.
int hour_of(const store::User& user, runtime::TimePoint now) {
  const auto zone = streak::Zone::find(user.time_zone);
  if (!zone || user.remind_at.empty()) return kDefaultHour;
  const runtime::TimePoint at = zone->instant_of(zone->local_date(now), user.remind_at.front());
  const auto day = std::chrono::floor<std::chrono::days>(at);
  return static_cast<int>(std::chrono::duration_cast<std::chrono::hours>(at - day).count());
}

/// What one field says: nothing, "clear it", or a text.
struct Said {
  bool given = false;
  bool bad = false;  // no text
  std::string text;
  [[nodiscard]] bool clears() const { return given && !bad && text.empty(); }
  [[nodiscard]] bool sets() const { return given && !text.empty(); }
};

Said said(const json::object& body, std::string_view name) {
  Said field;
  const json::value* value = body.if_contains(name);
  if (value == nullptr || value->is_null()) return field;
  field.given = true;
  if (value->is_int64()) {
    field.text = std::to_string(value->get_int64());  // a chat id, by those who take it for one
  } else if (value->is_string() && value->get_string().size() <= kLongestField) {
    field.text = std::string(value->get_string());
  } else {
    field.bad = true;
  }
  return field;
}

struct Preferences {
  account::UserDraft draft;
  std::optional<int> hour;
  Said telegram_token;
  Said telegram_chat;
};

/// Empty, or the original's words for what is wrong.
std::string read_credentials(const json::object& body, account::UserDraft& draft) {
  const Said pat = said(body, "githubPat");
  if (pat.clears()) draft.github_token.clear();
  if (pat.bad || pat.sets()) {
    const bool form = pat.text.starts_with("ghp_") || pat.text.starts_with("github_pat_");
    if (!form || !account::set_github_token(draft, pat.text).empty()) {
      return "Invalid GitHub Personal Access Token format";
    }
  }
  const Said webhook = said(body, "discordWebhook");
  if (webhook.clears()) draft.discord_webhook.clear();
  if (webhook.bad || webhook.sets()) {
    const auto reason = account::set_discord_webhook(draft, webhook.text);
    if (webhook.bad || !reason.empty()) return "Invalid Discord webhook URL";
  }
  return {};
}

std::string read_preferences(const json::object& body, Preferences& wanted) {
  constexpr const char* kAnyChat = "1";
  constexpr const char* kAnyToken = "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  std::string wrong = read_credentials(body, wanted.draft);
  if (!wrong.empty()) return wrong;
  wanted.telegram_token = said(body, "telegramToken");
  wanted.telegram_chat = said(body, "telegramChatId");
  const Said& token = wanted.telegram_token;
  const Said& chat = wanted.telegram_chat;
  if (token.bad || (token.sets() && !notify::normalise_telegram(token.text, kAnyChat))) {
    return "Invalid Telegram bot token format";
  }
  if (chat.bad || (chat.sets() && !notify::normalise_telegram(kAnyToken, chat.text))) {
    return "Invalid Telegram chat ID format";
  }
  const json::value* hour = body.if_contains("reminderUtcHour");
  if (hour == nullptr || hour->is_null()) return {};
  if (!hour->is_int64() || hour->get_int64() < 0 || hour->get_int64() >= kHours) {
    return "Invalid reminder UTC hour (must be integer 0-23)";
  }
  wanted.hour = static_cast<int>(hour->get_int64());
  return {};
}

/// What is stored of the bot and the chat, for a form that names one of the two alone.
std::optional<json::object> stored_telegram(const std::optional<store::User>& stored,
                                            const crypto::Sealer& sealer) {
  if (!stored) return std::nullopt;
  const store::User& user = *stored;
  const auto channel = std::ranges::find(user.channels, "telegram", &store::Channel::kind);
  if (channel == user.channels.end()) return std::nullopt;
  const auto opened = sealer.open(
      channel->sealed,
      {.purpose = crypto::Purpose::channel, .user_id = user.id, .channel_id = channel->id});
  if (!opened) return std::nullopt;
  boost::system::error_code error;
  json::value value = json::parse(opened->reveal(), error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::string set_telegram(account::UserDraft& draft, const Preferences& wanted,
                         const std::optional<store::User>& user, Desk* desk) {
  const Said& token = wanted.telegram_token;
  const Said& chat = wanted.telegram_chat;
  if (token.clears() || chat.clears()) {
    draft.telegram.clear();
    return {};
  }
  if (!token.given && !chat.given) return {};
  std::string token_text = token.text;
  std::string chat_text = chat.text;
  if (!token.sets() || !chat.sets()) {
    auto stored = stored_telegram(user, desk->parts.sealer);
    if (!token.sets() && stored) token_text = json::value_to<std::string>((*stored)["token"]);
    if (!chat.sets() && stored) chat_text = json::value_to<std::string>((*stored)["chat_id"]);
  }
  // The service's bot speaks to nobody who has not pressed Start in it.
  if (token_text == desk->options.bot_token.reveal()) token_text.clear();
  if (account::set_telegram(draft, token_text, chat_text, runtime::Secret()).empty()) {
    return {};
  }
  return chat_text.empty() ? "Invalid Telegram chat ID format"
                           : "Invalid Telegram bot token format";
}

Task<runtime::Result<store::User>> change(Desk* desk, std::int64_t user_id,
                                          account::UserDraft draft, runtime::TimePoint now) {
  const account::UserDraft* said = &draft;
  const crypto::Sealer* sealer = &desk->parts.sealer;
  account::Edit edit = [said, sealer, now](const store::Allotted& allotted) {
    return account::edit_user(*said, allotted, *sealer, now);
  };
  auto changing = account::change_user(&desk->users, user_id, std::move(edit), now);
  co_return co_await std::move(changing);
}

/// Somebody new begins at noon, as with the original, unless they say another hour.
Task<runtime::Result<store::User>> make(Desk* desk, OriginalUser who, account::UserDraft draft,
                                        runtime::TimePoint now) {
  if (!draft.remind_at.said()) draft.remind_at.set({kDefaultHour * kMinutesPerHour});
  auto welcoming = account::welcome_account(&desk->users, &desk->parts.sealer, who.login, "",
                                            who.github_id, now, std::move(draft));
  auto welcome = co_await std::move(welcoming);
  if (!welcome) co_return std::unexpected(std::move(welcome.error()));
  co_return std::move(welcome->user);
}

Task<ServerResponse> save(Desk* desk, Visit* visit, OriginalUser who) {
  const auto body = original_body(*visit);
  if (!body) co_return body.error();
  Preferences wanted;
  std::string wrong = read_preferences(*body, wanted);
  if (!wrong.empty()) co_return original_error(400, wrong);
  const runtime::TimePoint now = visit->now;
  const auto user = co_await find_user(&desk->users, who.github_id);
  wrong = set_telegram(wanted.draft, wanted, user, desk);
  if (!wrong.empty()) co_return original_error(400, wrong);
  // Its form sends the hour along with everything else: only another one than it was shown changes
  // when the user is reminded.
  if (wanted.hour && (!user || *wanted.hour != hour_of(*user, now))) {
    wanted.draft.time_zone.set("UTC");
    wanted.draft.remind_at.set({*wanted.hour * kMinutesPerHour});
  }
  wanted.draft.login = user ? user->login : who.login;
  wanted.draft.revive = true;
  auto saving = user ? change(desk, user->id, std::move(wanted.draft), now)
                     : make(desk, who, std::move(wanted.draft), now);
  const auto result = co_await std::move(saving);
  if (!result) co_return original_error(503, result.error().message);
  const json::object done{{"success", true}, {"message", "Preferences updated successfully"}};
  co_return json_reply(200, json::serialize(done));
}

Task<ServerResponse> show(Desk* desk, Visit* visit, OriginalUser who) {
  const auto user = co_await find_user(&desk->users, who.github_id);
  json::object object{{"hasPat", false},
                      {"hasDiscord", false},
                      {"hasTelegram", false},
                      {"reminderUtcHour", kDefaultHour}};
  if (user) {
    object["hasPat"] = !user->sealed_token.empty();
    object["hasDiscord"] = has_channel(*user, "discord");
    object["hasTelegram"] = has_channel(*user, "telegram");
    object["reminderUtcHour"] = hour_of(*user, visit->now);
  }
  co_return json_reply(200, json::serialize(object));
}

bool is_fresh(const store::User& user, runtime::TimePoint now) {
  return user.streak.seen_at && now - *user.streak.seen_at < kFresh &&
         user.streak.today == account::today_of(user, now);
}

/// What GitHub says now; what is stored where it says nothing in time.
Task<store::User> looked_at(Desk* desk, store::User user) {
  runtime::Clock& clock = desk->parts.clock;
  if (is_fresh(user, clock.now()) || !desk->looks.begin(user.id)) co_return user;
  const runtime::Millis give_up = clock.monotonic() + kPatience;
  while (desk->looks.under_way(user.id) && clock.monotonic() < give_up) {
    co_await clock.sleep_for(kPoll);
  }
  const auto now_stored = co_await desk->users.get(user.id);
  co_return now_stored ? *now_stored : user;
}

json::array notifications_json(const std::vector<store::Deliveries::Listed>& listed) {
  json::array list;
  for (const auto& one : listed) {
    const std::string& state = one.entry.state;
    const bool failed = state == "dead" || state == "expired";
    if ((state != "sent" && !failed) || list.size() == kShown) continue;
    json::object object;
    object["id"] = one.id;
    object["channel"] = one.entry.channel_kind;
    object["status"] = failed ? "failed" : "sent";
    object["errorMessage"] = failed ? json::value(one.entry.reason) : json::value(nullptr);
    object["sentAt"] = runtime::to_rfc3339(one.entry.at);
    list.push_back(std::move(object));
  }
  return list;
}

Task<ServerResponse> show_dashboard(Desk* desk, Visit* visit, OriginalUser who) {
  auto found = co_await find_user(&desk->users, who.github_id);
  if (!found) co_return original_error(404, "User not found");
  auto looking = looked_at(desk, std::move(*found));
  const store::User user = co_await std::move(looking);
  // What was seen on another day says nothing of today, and "could not tell" is no zero.
  if (user.streak.today != account::today_of(user, visit->now)) {
    co_return original_error(503, "GitHub did not answer");
  }
  const auto listed = co_await desk->deliveries.page(user.id, visit->now + kFresh, "", kLookedAt);
  json::object object;
  object["username"] = user.login;
  object["currentStreak"] = user.streak.length;
  object["contributedToday"] = user.streak.today_count > 0;
  object["contributionsToday"] = user.streak.today_count;
  object["notifications"] = notifications_json(listed);
  co_return json_reply(200, json::serialize(object));
}

using Work = Task<ServerResponse> (*)(Desk* desk, Visit* visit, OriginalUser who);

Task<ServerResponse> for_user(Desk* desk, Visit* visit, Work work) {
  const auto who = original_user(desk, *visit);
  if (!who) co_return who.error();
  const std::string bucket = bucket_of(*who);
  auto limit = original_limit(desk, kPerUser, bucket);
  ServerResponse response;
  if (limit) {
    response = std::move(*limit);
  } else {
    auto working = work(desk, visit, *who);
    response = co_await std::move(working);
  }
  add_original_limits(desk, kPerUser, bucket, visit->now, response);
  co_return response;
}

}  // namespace

Answer original_preferences(Desk* desk, Visit* visit) { return for_user(desk, visit, show); }

Answer original_save_preferences(Desk* desk, Visit* visit) { return for_user(desk, visit, save); }

Answer original_dashboard(Desk* desk, Visit* visit) {
  return for_user(desk, visit, show_dashboard);
}

}  // namespace streaky::web

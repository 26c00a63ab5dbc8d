#include "account/telegram_listener.h"

#include <fmt/format.h>

#include <utility>

#include "account/change.h"
#include "crypto/tokens.h"

namespace streaky::account {

namespace {

runtime::TaskGroup::OnException log_bug(runtime::Log& log) {
  return [&log](const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      log.error("listening to Telegram ended with an exception", {{"error", error.what()}});
    }
  };
}

}  // namespace

TelegramListener::TelegramListener(Parts parts)
    : parts_(std::move(parts)),
      bot_(parts_.http, parts_.api_url, parts_.bot_token.clone()),
      links_(parts_.database),
      users_(parts_.database),
      loop_("telegram", parts_.clock, parts_.log, [this] { return pass(); }),
      tasks_(parts_.executor, log_bug(parts_.log)) {}

void TelegramListener::start() {
  if (std::exchange(started_, true)) return;
  tasks_.spawn(run());
}

runtime::Task<void> TelegramListener::run() {
  co_await loop_.run();
  // Another process need not wait for the lease to run out.
  try {
    co_await links_.leave_bot(bot_.id(), parts_.owner);
  } catch (const store::DatabaseError& error) {
    parts_.log.warn("the lease of the Telegram bot could not be given back",
                    {{"error", error.what()}});
  }
}

runtime::Task<runtime::Millis> TelegramListener::pass() {
  const auto bot = co_await take_lease();
  if (!bot) {
    heard_ = false;
    co_return kStandBy;
  }
  if (username_.empty()) {
    const runtime::Millis rest = co_await learn_name();
    if (username_.empty()) co_return rest;
  }
  const runtime::TimePoint now = parts_.clock.now();
  // The site offers Start once Telegram has answered, so the first question does not wait.
  const std::chrono::seconds wait = heard_ ? kWait : std::chrono::seconds{0};
  auto asking = bot_.updates(bot->next_update, wait);
  const auto updates = co_await std::move(asking);
  if (!updates) co_return co_await rest_after(updates.error());
  heard_ = true;
  trouble_.clear();
  co_await links_.hear(bot_.id(), parts_.owner, parts_.clock.now());
  const bool ours = co_await take(&*updates);
  if (ours && updates->next > bot->next_update) {
    co_await links_.advance(bot_.id(), parts_.owner, updates->next, parts_.clock.now());
  }
  const bool at_once = updates->messages.empty() && parts_.clock.now() - now < kLeast;
  co_return at_once ? kLeast : runtime::Millis{0};
}

runtime::Task<std::optional<store::TelegramLinks::Bot>> TelegramListener::take_lease() {
  const runtime::TimePoint now = parts_.clock.now();
  const auto bot = co_await links_.take_bot(bot_.id(), parts_.owner, now, now + kLease);
  if (bot) leased_at_ = now;
  co_return bot;
}

/// False when another process has taken over. What lies before `done_before` need not come again.
runtime::Task<bool> TelegramListener::keep_lease(std::int64_t done_before) {
  const runtime::TimePoint now = parts_.clock.now();
  if (now - leased_at_ < kRenew) co_return true;
  co_await links_.advance(bot_.id(), parts_.owner, done_before, now);
  const auto bot = co_await take_lease();
  co_return bot.has_value();
}

runtime::Task<runtime::Millis> TelegramListener::learn_name() {
  auto asking = bot_.username();
  const auto name = co_await std::move(asking);
  if (!name) co_return co_await rest_after(name.error());
  username_ = *name;
  co_await links_.name_bot(bot_.id(), parts_.owner, username_);
  parts_.log.info("listening to the Telegram bot", {{"bot", username_}});
  co_return runtime::Millis{0};
}

runtime::Task<runtime::Millis> TelegramListener::rest_after(runtime::Error error) {
  heard_ = false;
  if (loop_.stopping()) co_return runtime::Millis{0};
  parts_.metrics.count("streaky_telegram_listening_troubles_total", {{"code", error.code}});
  if (std::exchange(trouble_, error.code) != error.code) {
    parts_.log.warn("the Telegram bot cannot be listened to",
                    {{"code", error.code}, {"reason", error.message}});
  }
  if (error.code == "telegram_trouble") co_return kPause;
  // A process with another token may fare better, and the site sends nobody to a deaf bot.
  const bool refused = error.code != "rate_limited";
  if (refused) co_await links_.leave_bot(bot_.id(), parts_.owner);
  co_return kLongPause;
}

/// False when another process has taken over on the way; it begins where this one left off.
runtime::Task<bool> TelegramListener::take(const notify::BotUpdates* updates) {
  answers_until_ = parts_.clock.now() + kAnswering;
  for (const notify::ChatMessage& message : updates->messages) {
    const auto code = notify::start_code(message.text, username_);
    if (!code) continue;
    const bool ours = co_await keep_lease(message.update_id);
    if (!ours) co_return false;
    std::string words = co_await reply_to(&message, *code);
    if (!words.empty()) co_await answer(message.chat_id, std::move(words));
  }
  co_return true;
}

/// Groups hear of nothing but success: anybody in them can write anything to the bot.
runtime::Task<std::string> TelegramListener::reply_to(const notify::ChatMessage* message,
                                                      std::string code) {
  if (!code.empty()) co_return co_await link(message, std::move(code));
  if (!message->is_private) co_return std::string();
  co_return fmt::format(
      "Streaky guards GitHub streaks. To be reminded here, sign in at {} and press \"Connect "
      "Telegram\" in the settings.",
      parts_.public_url);
}

/// Links the chat where the code is good; what to answer.
runtime::Task<std::string> TelegramListener::link(const notify::ChatMessage* message,
                                                  std::string code) {
  const std::string ended = message->is_private
                                ? "This link does not work any more. Make a new one in Streaky's "
                                  "settings: each works once, for ten minutes."
                                : "";
  const runtime::TimePoint now = parts_.clock.now();
  const std::string hash = crypto::hash_token(code);
  std::optional<std::int64_t> user_id;
  if (crypto::is_token(code)) user_id = co_await links_.find_code(hash, now);
  if (!user_id) co_return ended;
  UserDraft draft;
  const Reason reason = set_telegram(draft, "", message->chat_id, parts_.bot_token);
  if (!reason.empty()) co_return "This chat cannot be linked.";
  draft.revive = true;
  const crypto::Sealer* sealer = &parts_.sealer;
  UserDraft* said = &draft;
  Edit edit = [said, sealer, now](const store::Allotted& allotted) {
    said->login = allotted.existing->login;
    return edit_user(*said, allotted, *sealer, now);
  };
  auto changing = change_user_by_code(&users_, *user_id, hash, std::move(edit), now);
  const auto user = co_await std::move(changing);
  parts_.metrics.count("streaky_telegram_chats_linked_total",
                       {{"outcome", user ? "linked" : user.error().code}});
  if (!user) {
    parts_.log.warn("a Telegram chat could not be linked",
                    {{"user", *user_id}, {"error", user.error().code}});
    if (user.error().code == "code_ended") co_return ended;
    co_return "That did not work. Try again from Streaky's settings.";
  }
  parts_.log.info("a Telegram chat was linked", {{"user", *user_id}});
  co_return fmt::format("This chat will hear when the streak of {} is at risk.", user->login);
}

runtime::Task<void> TelegramListener::answer(std::string chat_id, std::string text) {
  const bool late = parts_.clock.now() >= answers_until_;
  if (late || !rates_.take(chat_id, parts_.clock.monotonic())) {
    parts_.metrics.count("streaky_telegram_answers_left_out_total");
    co_return;
  }
  auto saying = bot_.say(std::move(chat_id), std::move(text));
  const auto said = co_await std::move(saying);
  if (said) co_return;
  parts_.log.info("an answer on Telegram did not go out", {{"code", said.error().code}});
  if (said.error().code == "rate_limited") answers_until_ = parts_.clock.now();
}

}  // namespace streaky::account

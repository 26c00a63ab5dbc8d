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
  const runtime::TimePoint now = parts_.clock.now();
  const auto bot = co_await links_.take_bot(bot_.id(), parts_.owner, now, now + kLease);
  if (!bot) co_return kStandBy;
  username_ = bot->username;
  if (username_.empty()) {
    const runtime::Millis rest = co_await learn_name();
    if (username_.empty()) co_return rest;
  }
  auto asking = bot_.updates(bot->next_update, kWait);
  const auto updates = co_await std::move(asking);
  if (!updates) co_return rest_after(updates.error());
  trouble_.clear();
  co_await take(&*updates);
  if (updates->next > bot->next_update) {
    co_await links_.advance(bot_.id(), parts_.owner, updates->next);
  }
  const bool at_once = updates->messages.empty() && parts_.clock.now() - now < kLeast;
  co_return at_once ? kLeast : runtime::Millis{0};
}

runtime::Task<runtime::Millis> TelegramListener::learn_name() {
  auto asking = bot_.username();
  const auto name = co_await std::move(asking);
  if (!name) co_return rest_after(name.error());
  username_ = *name;
  co_await links_.name_bot(bot_.id(), parts_.owner, username_);
  parts_.log.info("listening to the Telegram bot", {{"bot", username_}});
  co_return runtime::Millis{0};
}

runtime::Millis TelegramListener::rest_after(const runtime::Error& error) {
  if (loop_.stopping()) return runtime::Millis{0};
  parts_.metrics.count("streaky_telegram_listening_troubles_total", {{"code", error.code}});
  if (std::exchange(trouble_, error.code) != error.code) {
    parts_.log.warn("the Telegram bot cannot be listened to",
                    {{"code", error.code}, {"reason", error.message}});
  }
  const bool soon = error.code == "telegram_trouble";
  return soon ? kPause : kLongPause;
}

runtime::Task<void> TelegramListener::take(const notify::BotUpdates* updates) {
  int answers = 0;
  for (const notify::ChatMessage& message : updates->messages) {
    const auto code = notify::start_code(message.text, username_);
    if (!code) continue;
    std::string words;
    if (!code->empty()) {
      words = co_await link(&message, *code);
    } else if (message.is_private && answers++ < kMostAnswers) {
      words = fmt::format(
          "Streaky guards GitHub streaks. To be reminded here, sign in at {} and press \"Connect "
          "Telegram\" in the settings.",
          parts_.public_url);
    }
    if (words.empty()) continue;
    co_await answer(message.chat_id, std::move(words));
  }
}

/// Links the chat where the code is good; what to answer.
runtime::Task<std::string> TelegramListener::link(const notify::ChatMessage* message,
                                                  std::string code) {
  const runtime::TimePoint now = parts_.clock.now();
  const std::string hash = crypto::hash_token(code);
  std::optional<std::int64_t> user_id;
  if (crypto::is_token(code)) user_id = co_await links_.find_code(hash, now);
  std::optional<store::User> owner;
  if (user_id) owner = co_await users_.get(*user_id);
  if (!owner) {
    co_return "This link does not work any more. Make a new one in Streaky's settings: each works "
              "once, for ten minutes.";
  }
  UserDraft draft;
  const Reason reason = set_telegram(draft, "", message->chat_id, parts_.bot_token);
  if (!reason.empty()) co_return "This chat cannot be linked.";
  draft.login = owner->login;
  draft.revive = true;
  const crypto::Sealer* sealer = &parts_.sealer;
  const UserDraft* said = &draft;
  Edit edit = [said, sealer, now](const store::Allotted& allotted) {
    return edit_user(*said, allotted, *sealer, now);
  };
  auto changing = change_user(&users_, *user_id, std::move(edit), now);
  const auto user = co_await std::move(changing);
  co_await links_.end_code(hash);
  parts_.metrics.count("streaky_telegram_chats_linked_total",
                       {{"outcome", user ? "linked" : user.error().code}});
  if (!user) {
    parts_.log.warn("a Telegram chat could not be linked",
                    {{"user", *user_id}, {"error", user.error().code}});
    co_return "That did not work. Try again from Streaky's settings.";
  }
  parts_.log.info("a Telegram chat was linked", {{"user", *user_id}});
  co_return fmt::format("This chat will hear when the streak of {} is at risk.", user->login);
}

runtime::Task<void> TelegramListener::answer(std::string chat_id, std::string text) {
  auto saying = bot_.say(std::move(chat_id), std::move(text));
  const auto said = co_await std::move(saying);
  if (!said) {
    parts_.log.info("an answer on Telegram did not go out", {{"code", said.error().code}});
  }
}

}  // namespace streaky::account

// Connecting a Telegram chat: a one-time code that somebody sends to the service's bot by pressing
// *Start*. The code follows from the session's token, so that the page can show it again and the
// database has its hash alone.
#include <fmt/format.h>

#include <algorithm>

#include "crypto/tokens.h"
#include "notify/telegram_bot.h"
#include "web/handlers.h"
#include "web/news.h"
#include "web/replies.h"

namespace streaky::web {

namespace {

using runtime::Task;

std::string code_for(const Visit& visit, runtime::TimePoint made_at) {
  return crypto::derived_token(visit.form_key.reveal(),
                               fmt::format("telegram {}", runtime::to_unix_ms(made_at)));
}

net::ServerResponse no_bot(Desk* desk, const Visit* visit) {
  return problem(desk, visit,
                 {.status = 503,
                  .code = "no_bot",
                  .title = "The bot is not there",
                  .detail = "Nobody listens to the service's Telegram bot at the moment. Try again "
                            "in a minute, or give a chat id."});
}

const store::Channel* telegram_of(const store::User& user) {
  const auto found = std::ranges::find(user.channels, "telegram", &store::Channel::kind);
  return found == user.channels.end() ? nullptr : &*found;
}

}  // namespace

Task<std::string> listening_bot(Desk* desk, runtime::TimePoint now) {
  const auto bot = notify::telegram_bot_id(desk->options.bot_token.reveal());
  if (!bot) co_return std::string();
  co_return co_await desk->telegram_links.username(*bot, now);
}

Answer start_telegram(Desk* desk, Visit* visit) {
  const std::string bot = co_await listening_bot(desk, visit->now);
  if (bot.empty()) co_return no_bot(desk, visit);
  const std::string hash = crypto::hash_token(code_for(*visit, visit->now));
  const std::int64_t session = visit->signed_in->session.id;
  co_await desk->telegram_links.add_code(hash, visit->user().id, session, visit->now);
  co_return see_other("/settings/telegram");
}

Answer telegram_page(Desk* desk, Visit* visit) {
  const std::string bot = co_await listening_bot(desk, visit->now);
  if (bot.empty()) co_return no_bot(desk, visit);
  const store::User& user = visit->user();
  PageFrame frame;
  frame.title = "Connect Telegram";
  frame.place = "settings";
  frame.news_at = "/live";
  frame.mark = co_await page_mark(desk, user.id);
  const auto code = co_await desk->telegram_links.code_of(user.id, visit->now);
  // One that another session has made is not to be shown here.
  const std::string token = code ? code_for(*visit, code->made_at) : std::string();
  const bool waits = code && crypto::hash_token(token) == code->hash;
  const store::Channel* chat = telegram_of(user);
  Data data;
  data.set("waits", waits);
  data.set("bot", bot);
  data.set("code", token);
  data.set("connected", !waits && chat != nullptr && chat->on);
  data.set("ended", !waits && (chat == nullptr || !chat->on));
  if (chat != nullptr) {
    data.set("hint", chat->hint);
    data.set("channel", std::to_string(chat->id));
  }
  co_return page(desk, visit, "telegram_start", std::move(frame), std::move(data));
}

}  // namespace streaky::web

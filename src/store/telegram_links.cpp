#include "store/telegram_links.h"

#include <utility>

#include "store/session.h"

namespace streaky::store {

runtime::Task<void> TelegramLinks::add_code(std::string hash, std::int64_t user_id,
                                            std::int64_t session_id, runtime::TimePoint now) {
  Database::Work work = [&](Session& session) {
    session.query("telegram_links/add_code")
        .bind("hash", hash)
        .bind("user", user_id)
        .bind("session", session_id)
        .bind("now", now)
        .bind("expires_at", now + kTelegramCodeLife)
        .run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<std::optional<std::int64_t>> TelegramLinks::find_code(std::string hash,
                                                                    runtime::TimePoint now) {
  std::optional<std::int64_t> found;
  Database::Work work = [&](Session& session) {
    std::int64_t user_id = 0;
    auto query = session.query("telegram_links/find_code");
    if (query.bind("hash", hash).bind("now", now).into(user_id).next()) found = user_id;
  };
  co_await database_.read(std::move(work));
  co_return found;
}

runtime::Task<std::optional<TelegramLinks::Code>> TelegramLinks::code_of(std::int64_t user_id,
                                                                         runtime::TimePoint now) {
  std::optional<Code> found;
  Database::Work work = [&](Session& session) {
    Code code;
    auto query = session.query("telegram_links/code_of");
    query.bind("user", user_id).bind("now", now).into(code.hash, code.made_at, code.expires_at);
    if (query.next()) found = code;
  };
  co_await database_.read(std::move(work));
  co_return found;
}

runtime::Task<std::optional<TelegramLinks::Bot>> TelegramLinks::take_bot(
    std::int64_t bot_id, std::string owner, runtime::TimePoint now,
    runtime::TimePoint lease_until) {
  std::optional<Bot> taken;
  Database::Work work = [&](Session& session) {
    taken.reset();
    Bot bot;
    runtime::TimePoint news_at{};
    auto query = session.query("telegram_links/take_bot");
    query.bind("bot", bot_id).bind("owner", owner).bind("now", session.by_server(now));
    query.bind("lease_until", session.by_server(lease_until)).into(bot.next_update, news_at);
    if (!query.next()) return;
    if (session.by_machine(news_at) + kOneSeries <= now) bot.next_update = 0;
    taken = bot;
  };
  co_await database_.write(std::move(work));
  co_return taken;
}

runtime::Task<void> TelegramLinks::name_bot(std::int64_t bot_id, std::string owner,
                                            std::string username) {
  Database::Work work = [&](Session& session) {
    session.query("telegram_links/name_bot")
        .bind("bot", bot_id)
        .bind("owner", owner)
        .bind("username", username)
        .run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<void> TelegramLinks::hear(std::int64_t bot_id, std::string owner,
                                        runtime::TimePoint now) {
  Database::Work work = [&](Session& session) {
    session.query("telegram_links/hear")
        .bind("bot", bot_id)
        .bind("owner", owner)
        .bind("now", session.by_server(now))
        .run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<void> TelegramLinks::advance(std::int64_t bot_id, std::string owner,
                                           std::int64_t next, runtime::TimePoint now) {
  Database::Work work = [&](Session& session) {
    session.query("telegram_links/advance")
        .bind("bot", bot_id)
        .bind("owner", owner)
        .bind("next", next)
        .bind("now", session.by_server(now))
        .run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<void> TelegramLinks::leave_bot(std::int64_t bot_id, std::string owner) {
  Database::Work work = [&](Session& session) {
    session.query("telegram_links/leave_bot").bind("bot", bot_id).bind("owner", owner).run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<std::string> TelegramLinks::username(std::int64_t bot_id, runtime::TimePoint now) {
  std::string username;
  Database::Work work = [&](Session& session) {
    username.clear();
    auto query = session.query("telegram_links/username");
    query.bind("bot", bot_id)
        .bind("since", session.by_server(now - kSilence))
        .into(username)
        .next();
  };
  co_await database_.read(std::move(work));
  co_return username;
}

}  // namespace streaky::store

// Listens to the service's Telegram bot, so that a chat is linked by pressing *Start*.
//
// A code from the site (store/telegram_links.h) says whose chat it shall be. Of all processes that
// share the database one listens, under a lease. A piece of news is done when its user is stored:
// after a crash it comes again, and says the same.
//
// Threading: the executor's thread. Borrows its parts. Stop: `stop()`, then the client's, which
// ends the question that waits, then `wait_idle()`.
#pragma once

#include <memory>
#include <string>

#include "crypto/sealer.h"
#include "engine/loops.h"
#include "notify/telegram_bot.h"
#include "runtime/metrics.h"
#include "store/telegram_links.h"
#include "store/users.h"

namespace streaky::account {

class TelegramListener {
 public:
  static constexpr std::chrono::seconds kWait{25};      // for news, in one question
  static constexpr std::chrono::seconds kLease{50};     // longer than a question takes
  static constexpr runtime::Millis kStandBy{10'000};    // while another process listens
  static constexpr runtime::Millis kPause{5'000};       // after trouble
  static constexpr runtime::Millis kLongPause{60'000};  // after a conflict or a dead token
  static constexpr runtime::Millis kLeast{1'000};       // between two questions without news
  static constexpr int kMostAnswers = 20;               // to people without a code, per question

  struct Parts {
    net::HttpClient& http;
    store::Database& database;
    const crypto::Sealer& sealer;
    runtime::Clock& clock;
    runtime::Log& log;
    runtime::Metrics& metrics;
    runtime::Executor executor;
    std::string owner;  // of the lease; unique among processes
    std::string api_url;
    std::string public_url;
    runtime::Secret bot_token;
  };

  explicit TelegramListener(Parts parts);

  /// Twice is once.
  void start();
  void stop() { loop_.stop(); }
  runtime::Task<void> wait_idle() { return tasks_.wait_empty(); }

 private:
  runtime::Task<void> run();
  runtime::Task<runtime::Millis> pass();
  runtime::Task<runtime::Millis> learn_name();
  runtime::Task<void> take(const notify::BotUpdates* updates);
  runtime::Task<std::string> link(const notify::ChatMessage* message, std::string code);
  runtime::Task<void> answer(std::string chat_id, std::string text);
  runtime::Millis rest_after(const runtime::Error& error);

  Parts parts_;
  notify::TelegramBot bot_;
  store::TelegramLinks links_;
  store::Users users_;
  std::string username_;
  std::string trouble_;  // the code of the last one: each is logged once
  bool started_ = false;
  engine::Loop loop_;
  runtime::TaskGroup tasks_;
};

}  // namespace streaky::account

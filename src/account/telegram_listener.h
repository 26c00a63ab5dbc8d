// Listens to the service's Telegram bot, so that a chat is linked by pressing *Start*.
//
// A code from the site (store/telegram_links.h) says whose chat it shall be. Of all processes that
// share the database one listens, under a lease, which it gives back when Telegram refuses it. A
// piece of news is done when its user is stored: after a crash it comes again, and changes nothing.
// Answers are a courtesy: they are left out where people write too often or Telegram is slow.
//
// Threading: the executor's thread. Borrows its parts. Stop: `stop()`, then the client's, which
// ends the question that waits, then `wait_idle()`.
#pragma once

#include <memory>
#include <string>

#include "account/answer_rates.h"
#include "crypto/sealer.h"
#include "engine/loops.h"
#include "notify/telegram_bot.h"
#include "runtime/metrics.h"
#include "store/telegram_links.h"
#include "store/users.h"

namespace streaky::account {

class TelegramListener {
 public:
  static constexpr std::chrono::seconds kWait{25};       // for news, in one question
  static constexpr std::chrono::seconds kLease{50};      // longer than a question takes
  static constexpr std::chrono::seconds kRenew{15};      // while news is taken in
  static constexpr std::chrono::seconds kAnswering{10};  // no answer begins later in a pass
  static constexpr runtime::Millis kStandBy{10'000};     // while another process listens
  static constexpr runtime::Millis kPause{5'000};        // after trouble
  static constexpr runtime::Millis kLongPause{60'000};   // after a conflict or a dead token
  static constexpr runtime::Millis kLeast{1'000};        // between two questions without news

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
  runtime::Task<std::optional<store::TelegramLinks::Bot>> take_lease();
  runtime::Task<bool> keep_lease(std::int64_t done_before);
  runtime::Task<runtime::Millis> learn_name();
  runtime::Task<bool> take(const notify::BotUpdates* updates);
  runtime::Task<std::string> reply_to(const notify::ChatMessage* message, std::string code);
  runtime::Task<std::string> link(const notify::ChatMessage* message, std::string code);
  runtime::Task<void> answer(std::string chat_id, std::string text);
  runtime::Task<runtime::Millis> rest_after(runtime::Error error);

  Parts parts_;
  notify::TelegramBot bot_;
  store::TelegramLinks links_;
  store::Users users_;
  AnswerRates rates_;
  std::string username_;  // asked for once in each process
  std::string trouble_;   // the code of the last one: each is logged once
  runtime::TimePoint leased_at_{};
  runtime::TimePoint answers_until_{};
  bool heard_ = false;  // Telegram has answered the last question
  bool started_ = false;
  engine::Loop loop_;
  runtime::TaskGroup tasks_;
};

}  // namespace streaky::account

// The service's Telegram bot, listened to: who it is, what people write to it, and answers
// (docs/remote-apis.md §4).
//
// The token stands in the address of every request, so addresses are never logged. Threading: the
// executor's thread. Errors: `bot_token_dead` (permanent), `conflict` (another process listens, or
// a webhook is set), `rate_limited`, `telegram_trouble`; their words hold no credential.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_client.h"
#include "runtime/error.h"
#include "runtime/secret.h"
#include "runtime/task.h"

namespace streaky::notify {

/// The public number of a bot, from its token; nothing where the token is none.
std::optional<std::int64_t> telegram_bot_id(std::string_view token);

/// What somebody wrote in a chat in which the bot is.
struct ChatMessage {
  std::int64_t update_id = 0;
  std::string chat_id;
  bool is_private = false;
  std::string text;
};

struct BotUpdates {
  std::vector<ChatMessage> messages;
  std::int64_t next = 0;  // the update to begin with the next time
};

class TelegramBot {
 public:
  static constexpr int kMostUpdates = 100;

  /// Borrows the client.
  TelegramBot(net::HttpClient& http, std::string api_url, runtime::Secret token);

  [[nodiscard]] std::int64_t id() const { return id_; }
  runtime::Task<runtime::Result<std::string>> username();
  /// Waits for news for at most `wait`. What lies before `from` is confirmed by asking; 0 confirms
  /// nothing and gives whatever is not confirmed, however it is numbered.
  runtime::Task<runtime::Result<BotUpdates>> updates(std::int64_t from, std::chrono::seconds wait);
  runtime::Task<runtime::Result<void>> say(std::string chat_id, std::string text);

 private:
  [[nodiscard]] net::HttpRequest request(std::string_view method) const;

  net::HttpClient& http_;  // borrowed
  std::string api_url_;
  runtime::Secret token_;
  std::int64_t id_ = 0;
};

/// The code of `/start CODE` or `/start@bot CODE`; empty for `/start` alone, nothing for any other
/// text and for a command to another bot.
std::optional<std::string> start_code(std::string_view text, std::string_view username);

}  // namespace streaky::notify

// Telegram bots: the credential, the request and what the answers mean (docs/remote-apis.md §4).
//
// Private to notify/. The bot's token stands in the address of every request, so addresses are
// never logged. Threading: any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http_client.h"
#include "notify/answer.h"
#include "notify/notifier.h"
#include "runtime/secret.h"
#include "streak/message.h"

namespace streaky::notify {

struct TelegramChat {
  runtime::Secret token;
  std::string chat_id;  // a 64-bit number, or `@name`

  /// The part of the token before the colon: a public number.
  [[nodiscard]] std::string bot_id() const;
  /// Groups and channels, which have limits of their own.
  [[nodiscard]] bool is_group() const;
};

bool is_telegram_token(std::string_view text);
/// The chat id as it is stored; nothing when it is none.
std::optional<std::string> parse_chat_id(std::string_view text);

/// From and to the sealed form `{"token":"…","chat_id":"…"}`.
std::optional<TelegramChat> parse_telegram(std::string_view credential);
runtime::Secret telegram_credential(std::string_view token, std::string_view chat_id);
/// Where `present` (may be empty) is a token of the same bot, it takes the place of the stored one.
void take_present_token(TelegramChat& chat, const runtime::Secret& present);

enum class TelegramText { html, plain };

/// Nothing when the message has neither subject nor body: Telegram would refuse it.
std::optional<net::HttpRequest> telegram_request(const TelegramChat& chat,
                                                 const streak::Message& message, TelegramText text,
                                                 const NotifierOptions& options);

/// `now` is for headers that name a date.
Answer telegram_answer(const net::HttpResponse& response, bool is_group, runtime::TimePoint now);

}  // namespace streaky::notify

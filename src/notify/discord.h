// Discord webhooks: the address, the request and what the answers mean (docs/remote-apis.md §3).
//
// Private to notify/. Always version 10, whatever the user pasted: older versions count
// `retry_after` in milliseconds. Threading: any thread.
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

struct DiscordWebhook {
  std::string id;
  runtime::Secret token;
  std::string thread_id;  // empty: the webhook's own channel
};

/// Accepts exactly the addresses that Discord hands out, on its own hosts alone.
std::optional<DiscordWebhook> parse_discord_webhook(std::string_view url);

/// Nothing when the message has neither subject nor body: Discord would refuse it.
std::optional<net::HttpRequest> discord_request(const DiscordWebhook& webhook,
                                                const streak::Message& message,
                                                const NotifierOptions& options);

/// `now` is for headers that name a date.
Answer discord_answer(const net::HttpResponse& response, runtime::TimePoint now);

/// How long the webhook has to rest by the headers of this answer, if at all.
std::optional<runtime::Millis> discord_rest(const net::HttpResponse& response);

}  // namespace streaky::notify

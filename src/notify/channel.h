// How one kind of channel is spoken to: the seam between the notifier and Discord, Telegram, ….
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "net/http_client.h"
#include "runtime/error.h"
#include "runtime/secret.h"
#include "streak/message.h"

namespace streaky::notify {

enum class ChannelKind { discord, telegram };
const char* to_text(ChannelKind kind);
std::optional<ChannelKind> parse_channel_kind(std::string_view text);

/// The service took the message. `maybe_seen`: it may have taken it before, when an answer was
/// lost.
struct Sent {
  std::string remote_id;
  bool maybe_seen = false;
};
/// Not now. `maybe_seen`: the answer was lost, so the message may have arrived all the same.
struct RetryAt {
  runtime::TimePoint at{};
  std::string reason{};
  bool maybe_seen = false;
  bool own_pause = false;  // our backoff, not a time that the service or its limits ask for
  std::string code = "retry";
};
/// Never again on this channel: it is switched off with `reason` (plain words, no credential).
struct Dead {
  std::string code;
  std::string reason;
};
/// This message cannot be sent (our bug, a refused text); the channel stays on.
struct Refused {
  std::string code;
  std::string reason;
};
using Outcome = std::variant<Sent, RetryAt, Dead, Refused>;

/// What a channel needs to send: opened for one call and wiped after it. Discord: the webhook URL.
/// Telegram: `{"token":"…","chat_id":"…"}` (docs/remote-apis.md §3 and §4).
struct Credential {
  ChannelKind kind = ChannelKind::discord;
  runtime::Secret value;
};

/// Checks what a user typed against the real services' forms and gives the form that is sealed.
/// Errors say what is accepted and never repeat the credential.
runtime::Result<runtime::Secret> normalise_discord_webhook(std::string_view url);
runtime::Result<runtime::Secret> normalise_telegram(std::string_view token,
                                                    std::string_view chat_id);
/// A name that tells channels apart without giving anything away ("webhook …1234", "chat -…7890").
std::string hint_of(const Credential& credential);

}  // namespace streaky::notify

#include "notify/channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "notify/discord.h"
#include "notify/telegram.h"

namespace streaky::notify {
namespace {

// The end of an id, never the whole of a short one.
std::string_view tail_of(std::string_view id) {
  const std::size_t shown = std::min<std::size_t>(4, id.size() / 2);
  return id.substr(id.size() - shown);
}

}  // namespace

const char* to_text(ChannelKind kind) {
  switch (kind) {
    case ChannelKind::discord:
      return "discord";
    case ChannelKind::telegram:
      return "telegram";
  }
  return "unknown";
}

std::optional<ChannelKind> parse_channel_kind(std::string_view text) {
  if (text == "discord") return ChannelKind::discord;
  if (text == "telegram") return ChannelKind::telegram;
  return std::nullopt;
}

std::string hint_of(const Credential& credential) {
  if (credential.kind == ChannelKind::discord) {
    const auto webhook = parse_discord_webhook(credential.value.reveal());
    if (!webhook) return "webhook";
    return fmt::format("webhook …{}", tail_of(webhook->id));
  }
  const auto chat = parse_telegram(credential.value.reveal());
  if (!chat) return "chat";
  const std::string_view id = chat->chat_id;
  if (id.front() == '@') return fmt::format("chat {}…", id.substr(0, 3));
  if (id.front() == '-') return fmt::format("chat -…{}", tail_of(id.substr(1)));
  return fmt::format("chat …{}", tail_of(id));
}

}  // namespace streaky::notify

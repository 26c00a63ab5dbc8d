// How loud a channel is: which messages it gets, and whether they make a sound. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "streak/message.h"

namespace streaky::streak {

enum class ChannelLevel {
  normal,
  quiet,  // everything, without a sound
  loud,   // the day's last reminder alone, and "could not check"
};
/// `normal`, `quiet`, `loud`.
const char* to_text(ChannelLevel level);
std::optional<ChannelLevel> parse_channel_level(std::string_view text);

/// Whether a channel of that level gets such a message; `last` of the day's reminders.
bool hears(ChannelLevel level, MessageKind kind, bool last);

}  // namespace streaky::streak

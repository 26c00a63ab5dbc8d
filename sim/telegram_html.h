// Telegram's HTML mark-up: parsed and checked as the Bot API does (docs/remote-apis.md §4). Pure.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace streaky::sim {

/// The text without its mark-up, or the server's complaint (with the byte offset).
std::expected<std::string, std::string> parse_telegram_html(std::string_view html);

/// Length as Telegram counts it: UTF-16 code units.
std::size_t utf16_length(std::string_view utf8);

}  // namespace streaky::sim

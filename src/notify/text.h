// Plain text → what a channel shows: escaped for its mark-up and cut to its limits.
//
// Private to notify/. Lengths are counted in UTF-16 units, the strictest way in which a service is
// known to count. Bytes that are not UTF-8 become U+FFFD and control characters but the line feed
// are dropped, so that no text makes a request malformed. Threading: any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "streak/message.h"

namespace streaky::notify {

/// At most `limit` units as the reader sees it, cut between characters and ended with "…".
std::string plain_text(std::string_view text, std::size_t limit);

/// Telegram's HTML (docs/remote-apis.md §4): `& < > "` become entities, which count as one.
std::string telegram_html(std::string_view text, std::size_t limit);

/// Discord's Markdown: characters with a meaning get a backslash, which counts, too. Addresses
/// (`http://…`) are left alone: Discord finds their end before it looks for Markdown.
std::string discord_markdown(std::string_view text, std::size_t limit);

/// Links that mean the same everywhere: http or https, nothing that mark-up could trip over, not
/// too long. Others are left out.
inline constexpr std::size_t kMostLinks = 5;
inline constexpr std::size_t kLongestLinkLabel = 64;
inline constexpr std::size_t kLongestLinkUrl = 512;
std::vector<streak::Link> safe_links(const std::vector<streak::Link>& links);

/// The length in UTF-16 units.
std::size_t utf16_length(std::string_view text);

}  // namespace streaky::notify

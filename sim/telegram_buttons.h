// The buttons below a Telegram message: `reply_markup` with an inline keyboard of addresses
// (docs/remote-apis.md §4). Pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "sim/ledger.h"

namespace streaky::sim {

/// The buttons in reading order; none for empty text. The error is Telegram's description. Stricter
/// than Telegram where it is not documented: the host of an address has a dot, as its own check of
/// addresses asks (unverified).
std::expected<std::vector<EntryLink>, std::string> parse_buttons(std::string_view reply_markup);

}  // namespace streaky::sim

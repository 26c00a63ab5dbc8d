// What a page of a user's has shown, as a short word: with another one there is news (`/live`).
// Executor's thread.
#pragma once

#include <cstdint>
#include <string>

#include "web/desk.h"

namespace streaky::web {

/// Taken before the page's data are read.
runtime::Task<std::string> page_mark(Desk* desk, std::int64_t user_id);

/// The name of the service's Telegram bot, where somebody listens to it; else empty.
runtime::Task<std::string> listening_bot(Desk* desk, runtime::TimePoint now);

}  // namespace streaky::web

// The test message: to one channel, now, and what came of it in words that people can act on.
// Threading: the executor's thread.
#pragma once

#include <string>
#include <string_view>

#include "web/desk.h"

namespace streaky::web {

struct TestResult {
  bool arrived = false;
  std::string words;
  std::string dead_reason;  // the channel does not work any more
};

/// Switches the channel off where the service says that it is gone. Borrows both until it ends.
runtime::Task<TestResult> test_channel(Desk* desk, const store::User* user,
                                       const store::Channel* channel);

/// The user's own channel of that id; null where there is none, or the text is no id.
const store::Channel* find_channel(const store::User& user, std::string_view id);

/// A number in an address; nothing where it is none.
std::optional<std::int64_t> parse_id(std::string_view text);

}  // namespace streaky::web

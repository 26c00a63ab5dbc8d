// One-time links in messages: "snooze an hour", "rest today", "no more today".
//
// A link is sealed with the key for `action-link` and says whose day it is about, which reminder it
// came with, what it does and when that day ends. Who has the link may do that one thing, once
// (store/users.h, `edit_once`), until then. Links are made when a message is sent and stored
// nowhere, so that a leaked table has none. Threading: any thread. Borrows the sealer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/sealer.h"
#include "runtime/time.h"
#include "store/deliveries.h"

namespace streaky::engine {

enum class DayAction { snooze, rest, stop };
/// `snooze`, `rest`, `stop`.
const char* to_text(DayAction action);

struct ActionLink {
  std::int64_t user_id = 0;
  streak::Label date;
  int stage = 0;  // the reminder that it came with
  DayAction action = DayAction::snooze;
  runtime::TimePoint ends_at{};  // the user's midnight

  [[nodiscard]] store::LinkUse use() const {
    return {.date = date, .stage = stage, .action = to_text(action)};
  }
};

class ActionLinks {
 public:
  /// `public_url` is where people reach the site; empty: messages carry no links.
  ActionLinks(const crypto::Sealer& sealer, std::string public_url)
      : sealer_(sealer), public_url_(std::move(public_url)) {}

  /// For a reminder that goes out at `now`; none for other messages.
  [[nodiscard]] std::vector<streak::Link> links_for(const store::ClaimedDelivery& delivery,
                                                    runtime::TimePoint now) const;

  [[nodiscard]] std::string token_of(const ActionLink& link) const;
  /// Nothing for what is none of ours; its end may have passed.
  [[nodiscard]] std::optional<ActionLink> read(std::string_view token) const;

 private:
  const crypto::Sealer& sealer_;
  std::string public_url_;
};

}  // namespace streaky::engine

// The way of a delivery from the engine to a channel: what is handed over is sealed, and whoever
// carries it opens it, or passes it on to somebody who can.
//
// Two kinds: in process (direct_courier.h), and by way of `streaky proxy` (proxy_courier.h) or of
// an original proxy (original_courier.h). Threading: the executor's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "notify/channel.h"
#include "runtime/task.h"
#include "runtime/time.h"
#include "streak/message.h"

namespace streaky::notify {

struct SealedOutgoing {
  std::string delivery_id;
  ChannelKind kind = ChannelKind::discord;
  std::string sealed;  // bound to the two ids
  std::int64_t user_id = 0;
  std::int64_t channel_id = 0;
  streak::Message message;
  int attempt = 1;  // for backoff: the first try is 1
  /// After it the message is worthless.
  std::optional<runtime::TimePoint> expires_at;
  /// Filled only for a courier that `names_users`.
  std::string login;
  int streak = 0;
};

inline bool has_expired(const SealedOutgoing& outgoing, runtime::TimePoint now) {
  return outgoing.expires_at && now >= *outgoing.expires_at;
}

struct Carried {
  Outcome outcome;
  /// Set when the chat moved: the sealed credential to store from now on.
  std::string resealed;
};

class Courier {
 public:
  Courier() = default;
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;
  virtual ~Courier() = default;

  /// True when the other side composes the message itself, from login and streak.
  [[nodiscard]] virtual bool names_users() const { return false; }
  virtual runtime::Task<Carried> carry(SealedOutgoing outgoing) = 0;
  /// Returns once nothing is under way any more: for an orderly end, after the last `carry`.
  virtual runtime::Task<void> wait_idle() = 0;
};

/// For a credential that does not open: the right key may be back before midnight.
inline constexpr runtime::Millis kWaitForKey{60'000};

}  // namespace streaky::notify

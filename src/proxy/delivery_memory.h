// What became of the deliveries of the last day: a delivery that was sent, or whose channel was
// found dead, gets that outcome again and is not sent again.
//
// Bounded: beyond `kMostRemembered` the oldest are forgotten first. A dead channel is remembered
// for its credential alone: one that was mended is tried. Threading: one thread. Instants are of
// the monotonic clock.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "notify/courier.h"

namespace streaky::proxy {

class DeliveryMemory {
 public:
  static constexpr std::size_t kMostRemembered = 100'000;  // about 250 bytes each
  static constexpr runtime::Millis kKept{24LL * 3600 * 1000};

  explicit DeliveryMemory(std::size_t most = kMostRemembered) : most_(most) {}

  [[nodiscard]] std::optional<notify::Carried> find(const std::string& delivery_id,
                                                    std::size_t credential,
                                                    runtime::Millis now) const;
  /// Anything but sent and dead is not kept.
  void remember(const std::string& delivery_id, std::size_t credential,
                const notify::Carried& carried, runtime::Millis now);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  /// What tells one sealed credential from another.
  static std::size_t credential_of(const notify::SealedOutgoing& outgoing);

 private:
  /// The rare parts, apart: most deliveries are plainly sent.
  struct Rare {
    std::optional<notify::Dead> dead;
    std::size_t credential = 0;
    std::string resealed;
  };
  struct Entry {
    runtime::Millis until{0};
    std::string remote_id;
    std::unique_ptr<Rare> rare;
  };

  void forget(runtime::Millis now);

  std::size_t most_;
  std::unordered_map<std::string, Entry> entries_;
  std::deque<const std::string*> oldest_first_;  // the keys of `entries_`
};

}  // namespace streaky::proxy

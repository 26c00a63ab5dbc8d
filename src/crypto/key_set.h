// Keys made ready for use: purposes derived, X25519 keys unpacked. Private to crypto/.
//
// Immutable once built, so that any thread may read it while a newer one takes its place.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/hpke.h"
#include "crypto/keyring.h"
#include "crypto/sealer.h"

namespace streaky::crypto {

inline constexpr std::array kPurposes = {Purpose::github_token, Purpose::channel, Purpose::session,
                                         Purpose::action_link};

/// These words are part of the sealed form: another word, another key.
std::string_view word_of(Purpose purpose);

class KeySet {
 public:
  struct Master {
    std::string id;
    std::array<runtime::Secret, kPurposes.size()> by_purpose;
    [[nodiscard]] const runtime::Secret& key(Purpose purpose) const;
  };
  struct Channel {
    std::string id;
    std::string public_half;
    std::optional<X25519Private> private_half;
  };

  explicit KeySet(const Keyring& keys);
  /// The same, and behind them the keys that only `older` has: they open, they do not seal.
  KeySet(const Keyring& keys, const KeySet& older);

  [[nodiscard]] const Master* find_master(std::string_view id) const;
  [[nodiscard]] const Channel* find_channel(std::string_view id) const;
  /// The keys that seal; null where there is none of the sort.
  [[nodiscard]] const Master* sealing_master() const { return sealing_master_; }
  [[nodiscard]] const Channel* sealing_channel() const { return sealing_channel_; }

 private:
  // Shared with the key sets that came before and come after, since derived keys are not copied.
  std::vector<std::shared_ptr<const Master>> masters_;
  std::vector<std::shared_ptr<const Channel>> channels_;
  const Master* sealing_master_ = nullptr;
  const Channel* sealing_channel_ = nullptr;
};

}  // namespace streaky::crypto

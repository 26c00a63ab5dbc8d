// Keys by id, and their text: what a key file, a variable or a credential of the service manager
// holds.
//
// For crypto/ and the commands that manage keys. The text has one key a line, empty lines and lines
// that begin with `#`:
//
//     <key id> <base64url of 32 bytes>                  a master key: purposes are derived from it
//     channel <key id> <base64url of 32 bytes>          a channel key, both halves (X25519)
//     channel-public <key id> <base64url of 32 bytes>   the public half: it seals, it cannot open
//     prepared …                                        any of these; opens, does not seal yet
//
// A key id is 1 to 16 of a-z and 0-9. Of each sort the last key that is not prepared seals, the
// others still open. A key is prepared so that every machine knows it before the first one uses it.
// Errors throw std::runtime_error with one plain line that names source and line number, never a
// key. Pure but for the randomness of new keys.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/secret.h"

namespace streaky::crypto {

/// Of each sort.
inline constexpr std::size_t kMaxKeys = 16;
inline constexpr std::size_t kMaxKeyIdBytes = 16;
inline constexpr std::size_t kMaxKeyFileBytes = 64U << 10U;

struct MasterKey {
  std::string id;
  runtime::Secret bytes;
  bool prepared = false;
};

struct ChannelKey {
  std::string id;
  std::string public_half;
  runtime::Secret private_half;  // empty: it lies elsewhere
  bool prepared = false;

  /// The same key for those who shall not open.
  [[nodiscard]] ChannelKey without_private_half() const;
};

struct Keyring {
  std::vector<MasterKey> masters;
  std::vector<ChannelKey> channels;

  [[nodiscard]] Keyring clone() const;
  /// The keys that seal; null where there is none of the sort.
  [[nodiscard]] const MasterKey* sealing_master() const;
  [[nodiscard]] const ChannelKey* sealing_channel() const;
};

bool is_key_id(std::string_view text);
MasterKey new_master_key(std::string id);
ChannelKey new_channel_key(std::string id);
/// One key of each sort.
Keyring new_keyring();

/// `k<number>x<8 hex digits>` (`ch…` for channel keys): the number after the highest, for people,
/// and randomness, so that two machines that add a key at the same time name two keys.
std::string next_master_id(const Keyring& keys);
std::string next_channel_id(const Keyring& keys);

/// Tells keys of the same id apart without giving them away; the same for both halves of a channel
/// key.
std::string fingerprint_of(const MasterKey& key);
std::string fingerprint_of(const ChannelKey& key);

/// `name` stands in the errors.
Keyring parse_keyring(std::string_view text, const std::string& name);
runtime::Secret to_text(const Keyring& keys);

}  // namespace streaky::crypto

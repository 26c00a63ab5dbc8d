// Credentials at rest: sealed with AES-256-GCM, bound to what they are and whose.
//
// Text form: `v1.<key id>.<base64url(nonce | ciphertext | tag)>`, nonce 96 bits at random, tag 128
// bits. The binding is authenticated with the value: a sealed value that is moved to another row,
// user or purpose does not open. Threading: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/error.h"
#include "runtime/secret.h"

namespace streaky::crypto {

/// The longest value that can be sealed, in bytes.
inline constexpr std::size_t kMaxSealableBytes = 16U << 10U;

enum class Purpose { github_token, channel };

struct Binding {
  Purpose purpose = Purpose::channel;
  std::int64_t user_id = 0;
  std::int64_t channel_id = 0;  // 0 where there is none
};

/// The one seam through which every credential passes. Errors: `sealed_malformed`,
/// `sealed_unknown_key` (names the key id), `sealed_does_not_open`; all permanent.
class Sealer {
 public:
  Sealer() = default;
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;
  virtual ~Sealer() = default;

  /// Throws std::length_error for a value over `kMaxSealableBytes`.
  [[nodiscard]] virtual std::string seal(const runtime::Secret& value, Binding binding) const = 0;
  [[nodiscard]] virtual runtime::Result<runtime::Secret> open(std::string_view sealed,
                                                              Binding binding) const = 0;
};

/// Master keys by id, from the key file; purposes are derived with HKDF-SHA256 (RFC 5869).
/// The file: lines `<key id> <base64url of 32 bytes>`, `#` comments; up to 16 keys, the last seals;
/// a key id is 1 to 16 of a-z and 0-9.
/// A file that others than its owner may read or write is refused; a missing one is created with
/// mode 0600 when `create_if_missing`. Throws std::runtime_error with a plain message.
std::unique_ptr<Sealer> load_sealer(const std::string& key_file, bool create_if_missing);

/// A sealer with a key that lives as long as the object: for tests and for `check` without data.
std::unique_ptr<Sealer> make_ephemeral_sealer();

}  // namespace streaky::crypto

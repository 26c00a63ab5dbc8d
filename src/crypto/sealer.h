// Credentials at rest: sealed, and bound to what they are and whose.
//
// Text forms: `v1.<key id>.<base64url(nonce | ciphertext | tag)>`, AES-256-GCM with a key derived
// from a master key, nonce 96 bits at random, tag 128 bits; and for channel credentials
// `c1.<key id>.<base64url(encapsulated | ciphertext | tag)>`, HPKE base mode (RFC 9180) to the
// channel key's public half (X25519, HKDF-SHA256, AES-256-GCM), so that who seals need not be able
// to open. The binding is authenticated with the value: a sealed value that is moved to another
// row, user or purpose does not open. Channel credentials of the form v1, from before there were
// channel keys, still open. Threading: any thread.
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

enum class Purpose { github_token, channel, session, action_link };

struct Binding {
  Purpose purpose = Purpose::channel;
  std::int64_t user_id = 0;
  std::int64_t channel_id = 0;  // 0 where there is none
};

/// The one seam through which every credential passes. Errors, all permanent: `sealed_malformed`,
/// `sealed_unknown_key` (names the key id), `sealed_no_private_key` (the proxy holds it),
/// `sealed_does_not_open`.
class Sealer {
 public:
  Sealer() = default;
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;
  virtual ~Sealer() = default;

  /// Throws std::length_error for a value over `kMaxSealableBytes`, and std::runtime_error where
  /// there is no key for the purpose: with a proxy's private half alone, all but channels.
  [[nodiscard]] virtual std::string seal(const runtime::Secret& value, Binding binding) const = 0;
  [[nodiscard]] virtual runtime::Result<runtime::Secret> open(std::string_view sealed,
                                                              Binding binding) const = 0;
  /// How what is sealed now begins: form and key, `v1.k2.`; empty where there is no key for the
  /// purpose. What begins otherwise is of an older key.
  [[nodiscard]] virtual std::string seals_as(Purpose purpose) const = 0;
};

/// Opens a value and seals it with the newest key: what rotation does where the private half is.
/// Errors: those of `open`.
runtime::Result<std::string> reseal(const Sealer& sealer, std::string_view sealed, Binding binding);

/// Where keys come from; keyring.h has their text.
struct KeySource {
  std::string file;
  /// Not empty: the keys themselves, and no file is read.
  runtime::Secret text;
  std::string name;  // of the text, for errors
  /// The file is a credential of the service manager: its access list shows as a right of the
  /// group.
  bool from_service_manager = false;
};

/// Purposes are derived from the master keys with HKDF-SHA256 (RFC 5869). A file that others than
/// its owner may read or write is refused; a missing one is created with mode 0600 when
/// `create_if_missing`. The file is read again when a value names a key that is not known, and
/// before sealing when it has changed; a key that left the file still opens here, since what was
/// read before may be under way. Throws std::runtime_error with a plain message.
std::unique_ptr<Sealer> load_sealer(KeySource source, bool create_if_missing);
std::unique_ptr<Sealer> load_sealer(const std::string& key_file, bool create_if_missing);

/// A sealer with keys that live as long as the object: for tests and for `check` without data.
std::unique_ptr<Sealer> make_ephemeral_sealer();

}  // namespace streaky::crypto

// Sealing to a public key: HPKE, base mode, one message per encapsulation (RFC 9180), with
// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM.
//
// Private to crypto/. Threading: any thread. A hostile encapsulation or ciphertext is nothing,
// never an exception; failures of the library itself throw std::runtime_error. Sizes are bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/secret.h"

namespace streaky::crypto {

inline constexpr std::size_t kX25519Bytes = 32;

/// The private half of an X25519 pair. OpenSSL's form of it is made for each use: OpenSSL 3.0 keeps
/// what it is given on the ordinary heap, where a dump would find it.
class X25519Private {
 public:
  /// Throws std::invalid_argument unless it has 32 bytes.
  explicit X25519Private(const runtime::Secret& raw);

  /// A new one, from the operating system's randomness.
  static runtime::Secret generate();

  [[nodiscard]] const std::string& public_half() const { return public_half_; }
  /// Nothing where the shared secret would be all zeros, as points of small order make it
  /// (RFC 9180, section 7.1.4), or where the other half has not 32 bytes.
  [[nodiscard]] std::optional<runtime::Secret> agree(std::string_view other_public) const;

 private:
  runtime::Secret raw_;
  std::string public_half_;
};

/// The KEM's shared secret at the receiver (RFC 9180, section 4.1).
std::optional<runtime::Secret> hpke_decapsulate(const X25519Private& receiver,
                                                std::string_view encapsulated);

/// encapsulated | ciphertext | tag. Throws std::invalid_argument for a public half that is none.
std::string hpke_seal(std::string_view receiver_public, std::string_view info,
                      std::string_view associated, std::string_view plaintext);

/// The same with a given ephemeral key: for the known answers alone. Never use one twice.
std::string hpke_seal_with(const X25519Private& ephemeral, std::string_view receiver_public,
                           std::string_view info, std::string_view associated,
                           std::string_view plaintext);

std::optional<runtime::Secret> hpke_open(const X25519Private& receiver, std::string_view info,
                                         std::string_view associated, std::string_view sealed);

}  // namespace streaky::crypto

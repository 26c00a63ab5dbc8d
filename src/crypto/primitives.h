// The few cryptographic operations that the room builds on, over OpenSSL 3.
//
// Private to crypto/. Threading: any thread. Failures of the library itself (no memory, no
// randomness) throw std::runtime_error: nothing can go on without them. Sizes are bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/secret.h"

namespace streaky::crypto {

inline constexpr std::size_t kKeyBytes = 32;
inline constexpr std::size_t kNonceBytes = 12;
inline constexpr std::size_t kTagBytes = 16;
inline constexpr std::size_t kMacBytes = 32;

/// From the operating system's generator, by way of OpenSSL.
std::string random_bytes(std::size_t count);

std::string sha256(std::string_view text);
/// HMAC with SHA-256 (RFC 2104).
std::string hmac_sha256(std::string_view key, std::string_view text);

/// HKDF with SHA-256 (RFC 5869). `length` is at most 255 * 32.
runtime::Secret hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info,
                            std::size_t length);

/// AES-256-GCM (NIST SP 800-38D): ciphertext | tag. Never use a nonce twice with one key.
std::string gcm_encrypt(const runtime::Secret& key, std::string_view nonce,
                        std::string_view associated, std::string_view plaintext);

/// Nothing when the tag does not fit. What was decrypted until then is wiped.
std::optional<runtime::Secret> gcm_decrypt(const runtime::Secret& key, std::string_view nonce,
                                           std::string_view associated,
                                           std::string_view ciphertext_and_tag);

}  // namespace streaky::crypto

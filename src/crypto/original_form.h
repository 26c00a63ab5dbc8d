// The sealed form of the original Streaky: read for its databases and its worker, written only for
// a proxy that is configured as an original one.
//
// Text form: `base64(iv | ciphertext | tag)`, AES-256-GCM, iv 96 bits at random, tag 128 bits, no
// additional data: a value can be moved to another row, which is why nothing of ours is kept so.
// The key is the first 32 bytes of the key string as it stands, undecoded. Read in the standard or
// the URL-safe alphabet, padded or not; written in the standard one, padded. Threading: any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "runtime/error.h"
#include "runtime/secret.h"

namespace streaky::crypto {

inline constexpr std::size_t kOriginalKeyBytes = 32;

/// True when the key string is long enough; what follows the first 32 bytes is not used.
bool is_original_key(const runtime::Secret& key_string);

/// Throws std::invalid_argument for a key string that is none and std::length_error for a value
/// over `kMaxSealableBytes`.
std::string seal_original(const runtime::Secret& key_string, const runtime::Secret& value);

/// Errors, all permanent: `original_key_too_short`, `sealed_malformed`, `sealed_does_not_open`.
runtime::Result<runtime::Secret> open_original(const runtime::Secret& key_string,
                                               std::string_view text);

}  // namespace streaky::crypto

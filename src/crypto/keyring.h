// Master keys by id, and the file that holds them.
//
// Private to crypto/. The file: lines `<key id> <base64url of 32 bytes>`, empty lines and lines
// that begin with `#`. A key id is 1 to 16 of a-z and 0-9. The last key seals, the others still
// open. Errors of the file throw std::runtime_error with one plain line that names file and line
// number, never a key.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/secret.h"

namespace streaky::crypto {

inline constexpr std::size_t kMaxKeys = 16;
inline constexpr std::size_t kMaxKeyIdBytes = 16;
inline constexpr std::size_t kMaxKeyFileBytes = 64U << 10U;

struct MasterKey {
  std::string id;
  runtime::Secret bytes;
};

bool is_key_id(std::string_view text);
MasterKey new_master_key(std::string id);

/// `name` stands in the errors.
std::vector<MasterKey> parse_keys(std::string_view text, const std::string& name);

/// Reads the file; a missing one is made first, with one new key, when `create_if_missing`. Of
/// several processes that start at once, one makes the file and all read it.
std::vector<MasterKey> load_keys(const std::string& path, bool create_if_missing);

}  // namespace streaky::crypto

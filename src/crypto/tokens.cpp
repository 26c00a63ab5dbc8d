#include "crypto/tokens.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/primitives.h"
#include "runtime/bytes.h"

namespace streaky::crypto {

namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kTokenCharacters = 43;
constexpr std::size_t kContentHashBytes = 8;

std::string hex(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

}  // namespace

runtime::Secret make_token() {
  return runtime::Secret(runtime::base64url_encode(random_bytes(kTokenBytes)));
}

bool is_token(std::string_view text) {
  return text.size() == kTokenCharacters && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-' || c == '_';
         });
}

std::string hash_token(std::string_view token) { return hex(sha256(token)); }

std::string derived_token(std::string_view token, std::string_view purpose) {
  return runtime::base64url_encode(hmac_sha256(token, purpose));
}

std::string pkce_challenge(std::string_view verifier) {
  return runtime::base64url_encode(sha256(verifier));
}

std::string content_hash(std::string_view content) {
  return hex(sha256(content).substr(0, kContentHashBytes));
}

}  // namespace streaky::crypto

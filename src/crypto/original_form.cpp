#include "crypto/original_form.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "crypto/primitives.h"
#include "crypto/sealer.h"
#include "runtime/bytes.h"

namespace streaky::crypto {
namespace {

constexpr std::size_t kMostPadding = 2;
// 4 bytes of base64 for 3, and room for nonce, tag and padding.
constexpr std::size_t kLongestText = 2 * kMaxSealableBytes;

runtime::Secret key_of(const runtime::Secret& key_string) {
  return runtime::Secret(std::string(key_string.reveal().substr(0, kOriginalKeyBytes)));
}

/// The same bytes in our own alphabet; nothing where the padding is wrong.
std::optional<std::string> to_url_safe(std::string_view text) {
  const auto end = text.find_last_not_of('=');
  const auto body = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  const std::size_t padding = text.size() - body.size();
  if (padding > kMostPadding || (padding > 0 && text.size() % 4 != 0)) return std::nullopt;
  std::string out(body);
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '_');
  return out;
}

std::string to_standard(std::string text) {
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  while (text.size() % 4 != 0) text.push_back('=');
  return text;
}

std::optional<std::string> decode(std::string_view text) {
  if (text.size() > kLongestText) return std::nullopt;
  const auto url_safe = to_url_safe(text);
  if (!url_safe) return std::nullopt;
  auto bytes = runtime::base64url_decode(*url_safe);
  if (!bytes || bytes->size() < kNonceBytes + kTagBytes) return std::nullopt;
  return bytes;
}

}  // namespace

bool is_original_key(const runtime::Secret& key_string) {
  return key_string.reveal().size() >= kOriginalKeyBytes;
}

std::string seal_original(const runtime::Secret& key_string, const runtime::Secret& value) {
  if (!is_original_key(key_string)) {
    throw std::invalid_argument("an original's key string under 32 bytes");
  }
  if (value.reveal().size() > kMaxSealableBytes)
    throw std::length_error("a value too long to seal");
  const std::string nonce = random_bytes(kNonceBytes);
  const std::string sealed = gcm_encrypt(key_of(key_string), nonce, "", value.reveal());
  return to_standard(runtime::base64url_encode(nonce + sealed));
}

runtime::Result<runtime::Secret> open_original(const runtime::Secret& key_string,
                                               std::string_view text) {
  if (!is_original_key(key_string)) {
    return runtime::fail_for_good("original_key_too_short",
                                  "an original's key string has at least 32 bytes");
  }
  const auto bytes = decode(text);
  if (!bytes) {
    return runtime::fail_for_good(
        "sealed_malformed",
        "a value is not base64 of iv, ciphertext and tag, as the original seals");
  }
  const std::string_view view = *bytes;
  auto value =
      gcm_decrypt(key_of(key_string), view.substr(0, kNonceBytes), "", view.substr(kNonceBytes));
  if (!value) {
    return runtime::fail_for_good("sealed_does_not_open",
                                  "a value of the original was changed or sealed with another key");
  }
  return std::move(*value);
}

}  // namespace streaky::crypto

#include "runtime/secret.h"

#include <openssl/crypto.h>

#include <utility>

namespace streaky::runtime {

void wipe(std::string& text) noexcept {
  // The whole capacity: a longer value may have stood there before.
  OPENSSL_cleanse(text.data(), text.capacity());
  text.clear();
}

Secret::Secret(std::string value) : value_(std::move(value)) {
  // A short string is copied by the move, so the source may still hold the bytes.
  runtime::wipe(value);
}

Secret::Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.wipe(); }

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  value_ = std::move(other.value_);
  other.wipe();
  return *this;
}

Secret::~Secret() { wipe(); }

Secret Secret::clone() const { return Secret(value_); }

void Secret::wipe() noexcept { runtime::wipe(value_); }

bool constant_time_equal(std::string_view one, std::string_view other) noexcept {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace streaky::runtime

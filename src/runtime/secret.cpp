#include "runtime/secret.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <new>
#include <utility>

namespace streaky::runtime {

void wipe(std::string& text) noexcept {
  // The whole capacity: a longer value may have stood there before.
  OPENSSL_cleanse(text.data(), text.capacity());
  text.clear();
}

Secret::Secret(std::string value) : size_(value.size()) {
  if (size_ > 0) {
    bytes_ = static_cast<char*>(OPENSSL_secure_malloc(size_));
    if (bytes_ == nullptr) bytes_ = static_cast<char*>(OPENSSL_malloc(size_));
    if (bytes_ == nullptr) throw std::bad_alloc();
    std::ranges::copy(value, bytes_);
  }
  runtime::wipe(value);
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  bytes_ = std::exchange(other.bytes_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

Secret::~Secret() { wipe(); }

Secret Secret::clone() const { return Secret(std::string(reveal())); }

void Secret::wipe() noexcept {
  // Takes memory of either heap, and cleans it first.
  OPENSSL_secure_clear_free(bytes_, size_);
  bytes_ = nullptr;
  size_ = 0;
}

bool constant_time_equal(std::string_view one, std::string_view other) noexcept {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace streaky::runtime

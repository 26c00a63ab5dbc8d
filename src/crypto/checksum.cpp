#include "crypto/checksum.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace streaky::crypto {

namespace {

struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

void check(bool done) {
  if (!done) throw std::runtime_error("OpenSSL cannot make a checksum");
}

}  // namespace

struct Checksum::State {
  Context context{EVP_MD_CTX_new()};
};

Checksum::Checksum() : state_(std::make_unique<State>()) {
  check(state_->context && EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1);
}

Checksum::~Checksum() = default;
Checksum::Checksum(Checksum&&) noexcept = default;
Checksum& Checksum::operator=(Checksum&&) noexcept = default;

void Checksum::add(std::string_view piece) {
  check(EVP_DigestUpdate(state_->context.get(), piece.data(), piece.size()) == 1);
}

std::string Checksum::text() const {
  const Context so_far(EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  check(so_far && EVP_MD_CTX_copy_ex(so_far.get(), state_->context.get()) == 1 &&
        EVP_DigestFinal_ex(so_far.get(), bytes.data(), &size) == 1);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes.at(i));
  return text;
}

}  // namespace streaky::crypto

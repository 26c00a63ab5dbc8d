#include "crypto/primitives.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <array>
#include <climits>
#include <memory>
#include <stdexcept>
#include <utility>

namespace streaky::crypto {
namespace {

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
struct FreeKdf {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

void require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("OpenSSL cannot ") + what);
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

int size_of(std::string_view text) {
  if (text.size() > INT_MAX) throw std::length_error("too long to encrypt");
  return static_cast<int>(text.size());
}

// OpenSSL takes writable pointers for what it only reads.
OSSL_PARAM octets(const char* name, std::string_view text) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(text.data()), text.size());
}

void check_sizes(const runtime::Secret& key, std::string_view nonce) {
  if (key.reveal().size() != kKeyBytes) throw std::invalid_argument("the key is not 32 bytes");
  if (nonce.size() != kNonceBytes) throw std::invalid_argument("the nonce is not 12 bytes");
}

}  // namespace

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  require(RAND_bytes(bytes(out), size_of(out)) == 1, "give random bytes");
  return out;
}

std::string sha256(std::string_view text) {
  std::string out(kMacBytes, '\0');
  require(EVP_Digest(text.data(), text.size(), bytes(out), nullptr, EVP_sha256(), nullptr) == 1,
          "hash with SHA-256");
  return out;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::string out(kMacBytes, '\0');
  // A null pointer would mean "the key of last time" to the library.
  const std::string_view given = key.data() == nullptr ? std::string_view("") : key;
  require(HMAC(EVP_sha256(), given.data(), size_of(given), bytes(text), text.size(), bytes(out),
               nullptr) != nullptr,
          "authenticate with HMAC-SHA256");
  return out;
}

runtime::Secret hkdf_sha256(std::string_view key, std::string_view salt, std::string_view info,
                            std::size_t length) {
  const std::unique_ptr<EVP_KDF, FreeKdf> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  require(kdf != nullptr, "find HKDF");
  const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(EVP_KDF_CTX_new(kdf.get()));
  require(context != nullptr, "start HKDF");

  std::string digest = "SHA256";
  std::array<OSSL_PARAM, 5> params{};
  std::size_t count = 0;
  params[count++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0);
  params[count++] = octets(OSSL_KDF_PARAM_KEY, key);
  // An empty salt is the same as none (RFC 5869, section 2.2), and some OpenSSL 3 releases refuse
  // the empty parameter.
  if (!salt.empty()) params[count++] = octets(OSSL_KDF_PARAM_SALT, salt);
  if (!info.empty()) params[count++] = octets(OSSL_KDF_PARAM_INFO, info);
  params[count] = OSSL_PARAM_construct_end();

  std::string out(length, '\0');
  require(EVP_KDF_derive(context.get(), bytes(out), out.size(), params.data()) == 1,
          "derive a key with HKDF-SHA256");
  return runtime::Secret(std::move(out));
}

std::string gcm_encrypt(const runtime::Secret& key, std::string_view nonce,
                        std::string_view associated, std::string_view plaintext) {
  check_sizes(key, nonce);
  const Cipher context(EVP_CIPHER_CTX_new());
  require(context != nullptr, "start AES-256-GCM");
  std::string out(plaintext.size() + kTagBytes, '\0');
  int written = 0;
  require(EVP_EncryptInit_ex2(context.get(), EVP_aes_256_gcm(), bytes(key.reveal()), bytes(nonce),
                              nullptr) == 1 &&
              EVP_EncryptUpdate(context.get(), nullptr, &written, bytes(associated),
                                size_of(associated)) == 1 &&
              EVP_EncryptUpdate(context.get(), bytes(out), &written, bytes(plaintext),
                                size_of(plaintext)) == 1 &&
              EVP_EncryptFinal_ex(context.get(), bytes(out) + written, &written) == 1 &&
              EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                                  bytes(out) + plaintext.size()) == 1,
          "encrypt with AES-256-GCM");
  return out;
}

std::optional<runtime::Secret> gcm_decrypt(const runtime::Secret& key, std::string_view nonce,
                                           std::string_view associated,
                                           std::string_view ciphertext_and_tag) {
  check_sizes(key, nonce);
  if (ciphertext_and_tag.size() < kTagBytes) return std::nullopt;
  const auto ciphertext = ciphertext_and_tag.substr(0, ciphertext_and_tag.size() - kTagBytes);
  std::string tag(ciphertext_and_tag.substr(ciphertext.size()));

  const Cipher context(EVP_CIPHER_CTX_new());
  require(context != nullptr, "start AES-256-GCM");
  // One spare byte: the library wants a place to write even when there is nothing to write.
  std::string out(ciphertext.size() + 1, '\0');
  int written = 0;
  require(EVP_DecryptInit_ex2(context.get(), EVP_aes_256_gcm(), bytes(key.reveal()), bytes(nonce),
                              nullptr) == 1 &&
              EVP_DecryptUpdate(context.get(), nullptr, &written, bytes(associated),
                                size_of(associated)) == 1 &&
              EVP_DecryptUpdate(context.get(), bytes(out), &written, bytes(ciphertext),
                                size_of(ciphertext)) == 1 &&
              EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, bytes(tag)) == 1,
          "decrypt with AES-256-GCM");
  if (EVP_DecryptFinal_ex(context.get(), bytes(out) + ciphertext.size(), &written) != 1) {
    runtime::wipe(out);
    return std::nullopt;
  }
  out.resize(ciphertext.size());
  return runtime::Secret(std::move(out));
}

}  // namespace streaky::crypto

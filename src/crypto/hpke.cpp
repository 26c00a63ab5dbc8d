#include "crypto/hpke.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

#include "crypto/primitives.h"

namespace streaky::crypto {
namespace {

using runtime::Secret;
using std::string_view_literals::operator""sv;

// Identifiers of the suite, two bytes each (RFC 9180, sections 4.1, 5.1 and 7).
constexpr std::string_view kKemSuite = "KEM\x00\x20"sv;
constexpr std::string_view kSuite = "HPKE\x00\x20\x00\x01\x00\x02"sv;
constexpr std::string_view kLabelPrefix = "HPKE-v1";
constexpr char kBaseMode = 0;

struct FreeContext {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeContext>;

void require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("OpenSSL cannot ") + what);
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

OSSL_PARAM octets(const char* name, std::string_view text) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(text.data()), text.size());
}

std::string joined(std::string_view suite, std::string_view label, std::string_view rest) {
  std::string out;
  // Room at once: growing would leave copies of a secret behind.
  out.reserve(2 + kLabelPrefix.size() + suite.size() + label.size() + rest.size() + 1);
  return out.append(kLabelPrefix).append(suite).append(label).append(rest);
}

/// LabeledExtract (RFC 9180, section 4).
Secret extract(std::string_view suite, std::string_view salt, std::string_view label,
               std::string_view key) {
  const Secret labeled(joined(suite, label, key));
  return Secret(hmac_sha256(salt, labeled.reveal()));
}

/// LabeledExpand (RFC 9180, section 4), for at most one block of SHA-256.
Secret expand(std::string_view suite, const Secret& key, std::string_view label,
              std::string_view info, std::size_t length) {
  std::string text{'\0', static_cast<char>(length)};
  text += joined(suite, label, info);
  text.push_back('\x01');
  std::string block = hmac_sha256(key.reveal(), text);
  const Secret whole(std::move(block));
  return Secret(std::string(whole.reveal().substr(0, length)));
}

/// ExtractAndExpand (RFC 9180, section 4.1).
Secret shared_secret(const Secret& agreed, std::string_view encapsulated,
                     std::string_view receiver_public) {
  const Secret key = extract(kKemSuite, "", "eae_prk", agreed.reveal());
  const std::string context = std::string(encapsulated) + std::string(receiver_public);
  return expand(kKemSuite, key, "shared_secret", context, kKeyBytes);
}

/// Both halves are given: deriving the public one again would cost as much as agreeing on a key.
Key key_of_halves(const Secret& private_half, std::string_view public_half) {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "X25519", nullptr));
  require(context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1, "take an X25519 key");
  std::array<OSSL_PARAM, 3> params = {octets(OSSL_PKEY_PARAM_PRIV_KEY, private_half.reveal()),
                                      octets(OSSL_PKEY_PARAM_PUB_KEY, public_half),
                                      OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  const int made = EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params.data());
  Key pair(key);
  require(made == 1 && pair != nullptr, "take an X25519 key");
  return pair;
}

struct Context {
  Secret key;
  Secret nonce;
};

/// KeySchedule for base mode, first message (RFC 9180, sections 5.1 and 5.2).
Context schedule(const Secret& shared, std::string_view info) {
  std::string context(1, kBaseMode);
  context += extract(kSuite, "", "psk_id_hash", "").reveal();
  context += extract(kSuite, "", "info_hash", info).reveal();
  const Secret secret = extract(kSuite, shared.reveal(), "secret", "");
  return Context{.key = expand(kSuite, secret, "key", context, kKeyBytes),
                 .nonce = expand(kSuite, secret, "base_nonce", context, kNonceBytes)};
}

}  // namespace

X25519Private::X25519Private(const Secret& raw)
    : raw_(raw.clone()), public_half_(kX25519Bytes, '\0') {
  if (raw.reveal().size() != kX25519Bytes) throw std::invalid_argument("an X25519 key of 32 bytes");
  const Key key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, bytes(raw.reveal()), kX25519Bytes));
  require(key != nullptr, "take an X25519 key");
  std::size_t size = kX25519Bytes;
  require(EVP_PKEY_get_raw_public_key(key.get(), bytes(public_half_), &size) == 1 &&
              size == kX25519Bytes,
          "derive the public half of an X25519 key");
}

Secret X25519Private::generate() { return Secret(random_bytes(kX25519Bytes)); }

std::optional<Secret> X25519Private::agree(std::string_view other_public) const {
  if (other_public.size() != kX25519Bytes) return std::nullopt;
  const Key other(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, bytes(other_public), kX25519Bytes));
  require(other != nullptr, "take a public X25519 key");
  const Key key = key_of_halves(raw_, public_half_);
  const KeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr));
  require(context != nullptr && EVP_PKEY_derive_init(context.get()) == 1 &&
              EVP_PKEY_derive_set_peer(context.get(), other.get()) == 1,
          "agree on a key with X25519");
  std::string out(kX25519Bytes, '\0');
  std::size_t size = out.size();
  const bool derived = EVP_PKEY_derive(context.get(), bytes(out), &size) == 1;
  Secret secret(std::move(out));
  // Said by the library already; asked again, since nothing else here would notice.
  const bool zero = runtime::constant_time_equal(secret.reveal(), std::string(kX25519Bytes, '\0'));
  if (!derived || size != kX25519Bytes || zero) return std::nullopt;
  return secret;
}

std::optional<Secret> hpke_decapsulate(const X25519Private& receiver,
                                       std::string_view encapsulated) {
  const auto agreed = receiver.agree(encapsulated);
  if (!agreed) return std::nullopt;
  return shared_secret(*agreed, encapsulated, receiver.public_half());
}

std::string hpke_seal_with(const X25519Private& ephemeral, std::string_view receiver_public,
                           std::string_view info, std::string_view associated,
                           std::string_view plaintext) {
  const auto agreed = ephemeral.agree(receiver_public);
  if (!agreed) throw std::invalid_argument("a public X25519 key that no message can be sealed to");
  const std::string& encapsulated = ephemeral.public_half();
  const Context context = schedule(shared_secret(*agreed, encapsulated, receiver_public), info);
  return encapsulated + gcm_encrypt(context.key, context.nonce.reveal(), associated, plaintext);
}

std::string hpke_seal(std::string_view receiver_public, std::string_view info,
                      std::string_view associated, std::string_view plaintext) {
  const X25519Private ephemeral(X25519Private::generate());
  return hpke_seal_with(ephemeral, receiver_public, info, associated, plaintext);
}

std::optional<Secret> hpke_open(const X25519Private& receiver, std::string_view info,
                                std::string_view associated, std::string_view sealed) {
  if (sealed.size() < kX25519Bytes + kTagBytes) return std::nullopt;
  const auto shared = hpke_decapsulate(receiver, sealed.substr(0, kX25519Bytes));
  if (!shared) return std::nullopt;
  const Context context = schedule(*shared, info);
  return gcm_decrypt(context.key, context.nonce.reveal(), associated, sealed.substr(kX25519Bytes));
}

}  // namespace streaky::crypto

#include "crypto/sealer.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "crypto/keyring.h"
#include "crypto/primitives.h"
#include "runtime/bytes.h"

namespace streaky::crypto {
namespace {

constexpr std::string_view kVersion = "v1";
constexpr std::array kPurposes = {Purpose::github_token, Purpose::channel};
// 4 bytes of base64 for 3 bytes, and the prefix.
constexpr std::size_t kMaxSealedBytes = 2 * kMaxSealableBytes;

// These words are part of the sealed form: another word, another key.
std::string_view word_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::github_token:
      return "github-token";
    case Purpose::channel:
      return "channel";
  }
  throw std::invalid_argument("a purpose that the sealer does not know");
}

void append_big_endian(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU));
  }
}

// Every part but the last has a fixed width or an end of its own, so no two bindings share a text.
std::string associated_data(Binding binding, std::string_view key_id) {
  std::string out = fmt::format("streaky sealed {} {}", kVersion, word_of(binding.purpose));
  out.push_back('\0');
  append_big_endian(out, static_cast<std::uint64_t>(binding.user_id));
  append_big_endian(out, static_cast<std::uint64_t>(binding.channel_id));
  out.append(key_id);
  return out;
}

struct Envelope {
  std::string_view key_id;
  std::string bytes;  // nonce | ciphertext | tag
};

std::optional<Envelope> parse_envelope(std::string_view sealed) {
  if (sealed.size() > kMaxSealedBytes) return std::nullopt;
  const auto first = sealed.find('.');
  if (first == std::string_view::npos || sealed.substr(0, first) != kVersion) return std::nullopt;
  sealed.remove_prefix(first + 1);
  const auto second = sealed.find('.');
  if (second == std::string_view::npos) return std::nullopt;
  const auto key_id = sealed.substr(0, second);
  auto decoded = runtime::base64url_decode(sealed.substr(second + 1));
  if (!is_key_id(key_id) || !decoded) return std::nullopt;
  if (decoded->size() < kNonceBytes + kTagBytes) return std::nullopt;
  return Envelope{key_id, std::move(*decoded)};
}

class AesSealer final : public Sealer {
 public:
  /// The master keys are dropped (and so wiped) once the purposes' keys are derived.
  explicit AesSealer(std::vector<MasterKey> keys) : sealing_id_(keys.back().id) {
    for (const MasterKey& key : keys) {
      for (const Purpose purpose : kPurposes) {
        const std::string info = fmt::format("streaky {} {}", kVersion, word_of(purpose));
        derived_[{key.id, purpose}] = hkdf_sha256(key.bytes.reveal(), "", info, kKeyBytes);
      }
    }
  }

  [[nodiscard]] std::string seal(const runtime::Secret& value, Binding binding) const override {
    if (value.reveal().size() > kMaxSealableBytes) {
      throw std::length_error(fmt::format("a value over {} bytes to seal", kMaxSealableBytes));
    }
    const std::string nonce = random_bytes(kNonceBytes);
    const std::string bytes =
        nonce + gcm_encrypt(derived_.at({sealing_id_, binding.purpose}), nonce,
                            associated_data(binding, sealing_id_), value.reveal());
    return fmt::format("{}.{}.{}", kVersion, sealing_id_, runtime::base64url_encode(bytes));
  }

  [[nodiscard]] runtime::Result<runtime::Secret> open(std::string_view sealed,
                                                      Binding binding) const override {
    const auto envelope = parse_envelope(sealed);
    if (!envelope) {
      return runtime::fail_for_good("sealed_malformed",
                                    "a sealed value is not of the form v1.<key id>.<base64url>");
    }
    const auto key = derived_.find({std::string(envelope->key_id), binding.purpose});
    if (key == derived_.end()) {
      return runtime::fail_for_good(
          "sealed_unknown_key", fmt::format("a value is sealed with the key {}, which the key file "
                                            "does not hold",
                                            envelope->key_id));
    }
    const std::string_view bytes = envelope->bytes;
    auto value = gcm_decrypt(key->second, bytes.substr(0, kNonceBytes),
                             associated_data(binding, envelope->key_id), bytes.substr(kNonceBytes));
    if (!value) {
      return runtime::fail_for_good("sealed_does_not_open",
                                    "a sealed value was changed, moved from another row, or "
                                    "sealed with another key of the same id");
    }
    return std::move(*value);
  }

 private:
  std::string sealing_id_;
  std::map<std::pair<std::string, Purpose>, runtime::Secret> derived_;
};

}  // namespace

std::unique_ptr<Sealer> load_sealer(const std::string& key_file, bool create_if_missing) {
  return std::make_unique<AesSealer>(load_keys(key_file, create_if_missing));
}

std::unique_ptr<Sealer> make_ephemeral_sealer() {
  std::vector<MasterKey> keys;
  keys.push_back(new_master_key("tmp"));
  return std::make_unique<AesSealer>(std::move(keys));
}

}  // namespace streaky::crypto

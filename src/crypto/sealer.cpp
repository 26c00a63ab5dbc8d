#include "crypto/sealer.h"

#include <fmt/format.h>

#include <cstddef>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "crypto/hpke.h"
#include "crypto/key_file.h"
#include "crypto/key_set.h"
#include "crypto/keyring.h"
#include "crypto/primitives.h"
#include "runtime/bytes.h"

namespace streaky::crypto {
namespace {

using runtime::Secret;

constexpr std::string_view kMasterForm = "v1";
constexpr std::string_view kChannelForm = "c1";
constexpr std::string_view kChannelInfo = "streaky c1 channel";
// 4 bytes of base64 for 3 bytes, and the prefix.
constexpr std::size_t kMaxSealedBytes = 2 * kMaxSealableBytes;
// What a form holds beside the ciphertext.
constexpr std::size_t kMasterOverhead = kNonceBytes + kTagBytes;
constexpr std::size_t kChannelOverhead = kX25519Bytes + kTagBytes;

void append_big_endian(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU));
  }
}

// Every part but the last has a fixed width or an end of its own, so no two bindings share a text.
std::string associated_data(std::string_view form, Binding binding, std::string_view key_id) {
  std::string out = fmt::format("streaky sealed {} {}", form, word_of(binding.purpose));
  out.push_back('\0');
  append_big_endian(out, static_cast<std::uint64_t>(binding.user_id));
  append_big_endian(out, static_cast<std::uint64_t>(binding.channel_id));
  out.append(key_id);
  return out;
}

struct Envelope {
  std::string_view form;
  std::string_view key_id;
  std::string bytes;
};

std::optional<Envelope> parse_envelope(std::string_view sealed) {
  if (sealed.size() > kMaxSealedBytes) return std::nullopt;
  const auto first = sealed.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto form = sealed.substr(0, first);
  if (form != kMasterForm && form != kChannelForm) return std::nullopt;
  sealed.remove_prefix(first + 1);
  const auto second = sealed.find('.');
  if (second == std::string_view::npos) return std::nullopt;
  const auto key_id = sealed.substr(0, second);
  auto decoded = runtime::base64url_decode(sealed.substr(second + 1));
  if (!is_key_id(key_id) || !decoded) return std::nullopt;
  const std::size_t overhead = form == kMasterForm ? kMasterOverhead : kChannelOverhead;
  if (decoded->size() < overhead) return std::nullopt;
  return Envelope{form, key_id, std::move(*decoded)};
}

std::string envelope_text(std::string_view form, std::string_view key_id, std::string_view bytes) {
  return fmt::format("{}.{}.{}", form, key_id, runtime::base64url_encode(bytes));
}

std::string seal_to_master(const KeySet::Master& master, const Secret& value, Binding binding) {
  const std::string nonce = random_bytes(kNonceBytes);
  const std::string sealed =
      gcm_encrypt(master.key(binding.purpose), nonce,
                  associated_data(kMasterForm, binding, master.id), value.reveal());
  return envelope_text(kMasterForm, master.id, nonce + sealed);
}

std::string seal_to_channel(const KeySet::Channel& channel, const Secret& value, Binding binding) {
  return envelope_text(
      kChannelForm, channel.id,
      hpke_seal(channel.public_half, kChannelInfo,
                associated_data(kChannelForm, binding, channel.id), value.reveal()));
}

runtime::Result<Secret> opened(std::optional<Secret> value) {
  if (value) return std::move(*value);
  return runtime::fail_for_good("sealed_does_not_open",
                                "a sealed value was changed, moved from another row, or sealed "
                                "with another key of the same id");
}

runtime::Result<Secret> open_with(const KeySet::Master& master, const Envelope& envelope,
                                  Binding binding) {
  const std::string_view bytes = envelope.bytes;
  return opened(gcm_decrypt(master.key(binding.purpose), bytes.substr(0, kNonceBytes),
                            associated_data(envelope.form, binding, envelope.key_id),
                            bytes.substr(kNonceBytes)));
}

runtime::Result<Secret> open_with(const KeySet::Channel& channel, const Envelope& envelope,
                                  Binding binding) {
  if (binding.purpose != Purpose::channel) return opened(std::nullopt);
  if (!channel.private_half) {
    return runtime::fail_for_good(
        "sealed_no_private_key",
        fmt::format("a channel credential is sealed to the key {}, whose private half is not here: "
                    "only the proxy opens it",
                    envelope.key_id));
  }
  return opened(hpke_open(*channel.private_half, kChannelInfo,
                          associated_data(envelope.form, binding, envelope.key_id),
                          envelope.bytes));
}

/// Nothing when the set does not hold the key.
std::optional<runtime::Result<Secret>> try_open(const KeySet& keys, const Envelope& envelope,
                                                Binding binding) {
  if (envelope.form == kChannelForm) {
    const auto* channel = keys.find_channel(envelope.key_id);
    if (channel != nullptr) return open_with(*channel, envelope, binding);
  } else {
    const auto* master = keys.find_master(envelope.key_id);
    if (master != nullptr) return open_with(*master, envelope, binding);
  }
  return std::nullopt;
}

class KeyringSealer final : public Sealer {
 public:
  /// For keys that stay as they are.
  explicit KeyringSealer(const Keyring& keys) : keys_(std::make_shared<const KeySet>(keys)) {}
  /// For keys that may be changed while this process lives.
  KeyringSealer(KeySource source, const ReadKeys& read)
      : source_(std::move(source)),
        keys_(std::make_shared<const KeySet>(read.keys)),
        mark_(read.mark) {}

  [[nodiscard]] std::string seal(const Secret& value, Binding binding) const override {
    if (value.reveal().size() > kMaxSealableBytes) {
      throw std::length_error(fmt::format("a value over {} bytes to seal", kMaxSealableBytes));
    }
    const auto keys = newest();
    if (binding.purpose == Purpose::channel && keys->sealing_channel() != nullptr) {
      return seal_to_channel(*keys->sealing_channel(), value, binding);
    }
    if (keys->sealing_master() == nullptr) {
      throw std::runtime_error(
          "there is no master key here: these keys are a proxy's, which seals "
          "channel credentials alone");
    }
    return seal_to_master(*keys->sealing_master(), value, binding);
  }

  [[nodiscard]] runtime::Result<Secret> open(std::string_view sealed,
                                             Binding binding) const override {
    const auto envelope = parse_envelope(sealed);
    if (!envelope) {
      return runtime::fail_for_good(
          "sealed_malformed",
          "a sealed value is not of the form v1.<key id>.<base64url> or c1.<key id>.<base64url>");
    }
    const auto known = current();
    auto value = try_open(*known, *envelope, binding);
    if (value && *value) return std::move(*value);
    // Another key file, the right one, may have been put there meanwhile.
    const auto now = newest();
    if (!value || now != known) value = try_open(*now, *envelope, binding);
    if (value) return std::move(*value);
    return runtime::fail_for_good(
        "sealed_unknown_key",
        fmt::format("a value is sealed with the key {}, which the key file does not hold{}",
                    envelope->key_id, trouble()));
  }

  [[nodiscard]] std::string seals_as(Purpose purpose) const override {
    const auto keys = newest();
    if (purpose == Purpose::channel && keys->sealing_channel() != nullptr) {
      return fmt::format("{}.{}.", kChannelForm, keys->sealing_channel()->id);
    }
    if (keys->sealing_master() == nullptr) return {};
    return fmt::format("{}.{}.", kMasterForm, keys->sealing_master()->id);
  }

 private:
  using Keys = std::shared_ptr<const KeySet>;  // shared with whoever works with it right now

  [[nodiscard]] Keys current() const {
    const std::scoped_lock lock(mutex_);
    return keys_;
  }

  /// The keys as the file has them now. A file that cannot be read leaves them as they were: what
  /// is here opens everything that is stored, and the next start says what is wrong.
  [[nodiscard]] Keys newest() const {
    const std::scoped_lock lock(mutex_);
    if (mark_ == FileMark{} || mark_of(source_.file) == mark_) return keys_;
    try {
      const ReadKeys read = read_keys(source_, false);
      keys_ = std::make_shared<const KeySet>(read.keys, *keys_);
      mark_ = read.mark;
      trouble_.clear();
    } catch (const std::runtime_error& error) {
      trouble_ = fmt::format(" as far as is known: it has changed, but {}", error.what());
    }
    return keys_;
  }

  /// Why the keys are not those of the file; empty when they are.
  [[nodiscard]] std::string trouble() const {
    const std::scoped_lock lock(mutex_);
    return trouble_;
  }

  KeySource source_;
  mutable std::mutex mutex_;  // for what follows
  mutable Keys keys_;
  mutable FileMark mark_;  // empty: nothing to watch
  mutable std::string trouble_;
};

}  // namespace

runtime::Result<std::string> reseal(const Sealer& sealer, std::string_view sealed,
                                    Binding binding) {
  const auto value = sealer.open(sealed, binding);
  if (!value) return std::unexpected(value.error());
  return sealer.seal(*value, binding);
}

std::unique_ptr<Sealer> load_sealer(KeySource source, bool create_if_missing) {
  const ReadKeys read = read_keys(source, create_if_missing);
  return std::make_unique<KeyringSealer>(std::move(source), read);
}

std::unique_ptr<Sealer> load_sealer(const std::string& key_file, bool create_if_missing) {
  KeySource source;
  source.file = key_file;
  return load_sealer(std::move(source), create_if_missing);
}

std::unique_ptr<Sealer> make_ephemeral_sealer() {
  Keyring keys;
  keys.masters.push_back(new_master_key("tmp"));
  keys.channels.push_back(new_channel_key("tmp"));
  return std::make_unique<KeyringSealer>(keys);
}

}  // namespace streaky::crypto

#include "crypto/keyring.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <utility>

#include "crypto/hpke.h"
#include "crypto/primitives.h"
#include "runtime/bytes.h"

namespace streaky::crypto {
namespace {

constexpr std::string_view kMasterPrefix = "k";
constexpr std::string_view kChannelPrefix = "ch";
constexpr std::string_view kChannelWord = "channel";
constexpr std::string_view kPublicWord = "channel-public";
constexpr std::string_view kPreparedWord = "prepared";
constexpr std::size_t kMostWords = 4;
/// Between an id's number and its random part.
constexpr char kIdMark = 'x';
constexpr std::size_t kRandomIdBytes = 4;
constexpr std::size_t kFingerprintBytes = 16;
/// Higher ones in a file are somebody's own ids: they would leave no room for the random part.
constexpr unsigned kHighestNumber = 9'999;
constexpr std::string_view kHeading =
    "# The keys of Streaky. Of each sort the last one seals, all of them open. Keep a copy in a\n"
    "# safe place, apart from the database: without it, sealed credentials are lost.\n";

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty() && words.size() <= kMostWords) {
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line = runtime::trim_ascii(line.substr(end));
  }
  return words;
}

runtime::Secret parse_bytes(std::string_view text) {
  auto decoded = runtime::base64url_decode(text);
  if (!decoded || decoded->size() != kKeyBytes) {
    throw std::runtime_error(
        "after the key id must follow 32 bytes in base64url: 43 of A-Z a-z 0-9 - _");
  }
  return runtime::Secret(std::move(*decoded));
}

template <typename Key>
void add_key(std::vector<Key>& keys, Key key) {
  if (std::ranges::find(keys, key.id, &Key::id) != keys.end()) {
    throw std::runtime_error(fmt::format("the key id {} is used twice", key.id));
  }
  if (keys.size() == kMaxKeys) {
    throw std::runtime_error(fmt::format("there are more than {} keys", kMaxKeys));
  }
  keys.push_back(std::move(key));
}

void parse_line(Keyring& keys, std::string_view line) {
  auto words = words_of(line);
  const bool prepared = words.front() == kPreparedWord && words.size() > 2;
  if (prepared) words.erase(words.begin());
  const bool has_private = words.front() == kChannelWord && words.size() > 2;
  const bool has_public = words.front() == kPublicWord;
  if (has_private || has_public) words.erase(words.begin());
  if (words.empty() || !is_key_id(words.front())) {
    throw std::runtime_error("the key id is not 1 to 16 of a-z and 0-9");
  }
  runtime::Secret bytes = parse_bytes(words.size() == 2 ? words[1] : std::string_view());
  std::string id(words.front());
  if (has_private) {
    std::string public_half = X25519Private(bytes).public_half();
    add_key(keys.channels,
            ChannelKey{std::move(id), std::move(public_half), std::move(bytes), prepared});
  } else if (has_public) {
    add_key(keys.channels, ChannelKey{std::move(id), std::string(bytes.reveal()), {}, prepared});
  } else {
    add_key(keys.masters, MasterKey{std::move(id), std::move(bytes), prepared});
  }
}

template <typename Key>
std::string next_id(const std::vector<Key>& keys, std::string_view prefix) {
  unsigned highest = 0;
  for (const Key& key : keys) {
    std::string_view id = key.id;
    if (!id.starts_with(prefix)) continue;
    id.remove_prefix(prefix.size());
    unsigned number = 0;
    const auto [stop, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    const bool ends = stop == id.data() + id.size() || *stop == kIdMark;
    if (error == std::errc{} && ends && number < kHighestNumber) {
      highest = std::max(highest, number);
    }
  }
  std::string id = fmt::format("{}{}{}", prefix, highest + 1, kIdMark);
  for (const char byte : random_bytes(kRandomIdBytes)) {
    id += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return id;
}

std::string fingerprint(std::string_view bytes, std::string_view sort) {
  const std::string info = fmt::format("streaky v1 fingerprint {}", sort);
  return runtime::base64url_encode(hkdf_sha256(bytes, "", info, kFingerprintBytes).reveal());
}

template <typename Key>
const Key* last_in_use(const std::vector<Key>& keys) {
  const Key* last = nullptr;
  for (const Key& key : keys) last = key.prepared ? last : &key;
  return last;
}

void append_line(std::string& out, bool prepared, std::string_view word, std::string_view id,
                 std::string_view bytes) {
  std::string encoded = runtime::base64url_encode(bytes);
  if (prepared) out.append(kPreparedWord).append(" ");
  if (!word.empty()) out.append(word).append(" ");
  out.append(id).append(" ").append(encoded).append("\n");
  runtime::wipe(encoded);
}

}  // namespace

ChannelKey ChannelKey::without_private_half() const {
  return ChannelKey{id, public_half, {}, prepared};
}

Keyring Keyring::clone() const {
  Keyring copy;
  for (const MasterKey& key : masters)
    copy.masters.push_back({key.id, key.bytes.clone(), key.prepared});
  for (const ChannelKey& key : channels) {
    copy.channels.push_back({key.id, key.public_half, key.private_half.clone(), key.prepared});
  }
  return copy;
}

const MasterKey* Keyring::sealing_master() const { return last_in_use(masters); }
const ChannelKey* Keyring::sealing_channel() const { return last_in_use(channels); }

bool is_key_id(std::string_view text) {
  return !text.empty() && text.size() <= kMaxKeyIdBytes && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

MasterKey new_master_key(std::string id) {
  return MasterKey{.id = std::move(id), .bytes = runtime::Secret(random_bytes(kKeyBytes))};
}

ChannelKey new_channel_key(std::string id) {
  runtime::Secret private_half = X25519Private::generate();
  std::string public_half = X25519Private(private_half).public_half();
  return ChannelKey{.id = std::move(id),
                    .public_half = std::move(public_half),
                    .private_half = std::move(private_half)};
}

Keyring new_keyring() {
  Keyring keys;
  keys.masters.push_back(new_master_key(next_master_id(keys)));
  keys.channels.push_back(new_channel_key(next_channel_id(keys)));
  return keys;
}

std::string next_master_id(const Keyring& keys) { return next_id(keys.masters, kMasterPrefix); }
std::string next_channel_id(const Keyring& keys) { return next_id(keys.channels, kChannelPrefix); }

std::string fingerprint_of(const MasterKey& key) {
  return fingerprint(key.bytes.reveal(), "master");
}
std::string fingerprint_of(const ChannelKey& key) {
  return fingerprint(key.public_half, "channel");
}

Keyring parse_keyring(std::string_view text, const std::string& name) {
  Keyring keys;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = runtime::trim_ascii(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    try {
      parse_line(keys, line);
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(fmt::format("{}: line {}: {}", name, number, error.what()));
    }
  }
  if (keys.masters.empty() && keys.channels.empty()) {
    throw std::runtime_error(
        fmt::format("{}: holds no key; accepted are lines `<key id> <base64url>`, "
                    "`channel <key id> <base64url>` and `channel-public <key id> <base64url>`",
                    name));
  }
  return keys;
}

runtime::Secret to_text(const Keyring& keys) {
  std::string out;
  // Room at once: growing would leave copies of the keys behind.
  constexpr std::size_t kLongestLine = 128;
  out.reserve(kHeading.size() + (keys.masters.size() + keys.channels.size()) * kLongestLine);
  out.append(kHeading);
  for (const MasterKey& key : keys.masters)
    append_line(out, key.prepared, "", key.id, key.bytes.reveal());
  for (const ChannelKey& key : keys.channels) {
    const bool whole = !key.private_half.empty();
    append_line(out, key.prepared, whole ? kChannelWord : kPublicWord, key.id,
                whole ? key.private_half.reveal() : std::string_view(key.public_half));
  }
  return runtime::Secret(std::move(out));
}

}  // namespace streaky::crypto

#include "crypto/key_set.h"

#include <fmt/format.h>

#include <stdexcept>

#include "crypto/primitives.h"

namespace streaky::crypto {
namespace {

/// Keys of either sort that a process remembers, present and former ones together.
constexpr std::size_t kMostRemembered = 2 * kMaxKeys;

KeySet::Master derive(const MasterKey& key) {
  KeySet::Master made{.id = key.id, .by_purpose = {}};
  for (std::size_t i = 0; i < kPurposes.size(); ++i) {
    const std::string info = fmt::format("streaky v1 {}", word_of(kPurposes.at(i)));
    made.by_purpose.at(i) = hkdf_sha256(key.bytes.reveal(), "", info, kKeyBytes);
  }
  return made;
}

KeySet::Channel unpack(const ChannelKey& key) {
  KeySet::Channel made{.id = key.id, .public_half = key.public_half, .private_half = {}};
  if (!key.private_half.empty()) made.private_half.emplace(key.private_half);
  return made;
}

template <typename Key>
const Key* find(const std::vector<std::shared_ptr<const Key>>& keys, std::string_view id) {
  for (const auto& key : keys) {
    if (key->id == id) return key.get();
  }
  return nullptr;
}

template <typename Key>
void add_older(std::vector<std::shared_ptr<const Key>>& keys,
               const std::vector<std::shared_ptr<const Key>>& older) {
  for (const auto& key : older) {
    if (keys.size() == kMostRemembered) return;
    if (find(keys, key->id) == nullptr) keys.push_back(key);
  }
}

}  // namespace

std::string_view word_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::github_token:
      return "github-token";
    case Purpose::channel:
      return "channel";
    case Purpose::session:
      return "session";
    case Purpose::action_link:
      return "action-link";
  }
  throw std::invalid_argument("a purpose that the sealer does not know");
}

const runtime::Secret& KeySet::Master::key(Purpose purpose) const {
  for (std::size_t i = 0; i < kPurposes.size(); ++i) {
    if (kPurposes.at(i) == purpose) return by_purpose.at(i);
  }
  throw std::invalid_argument("a purpose that the sealer does not know");
}

KeySet::KeySet(const Keyring& keys) {
  for (const MasterKey& key : keys.masters) {
    masters_.push_back(std::make_shared<const Master>(derive(key)));
  }
  for (const ChannelKey& key : keys.channels) {
    channels_.push_back(std::make_shared<const Channel>(unpack(key)));
  }
  const MasterKey* master = keys.sealing_master();
  const ChannelKey* channel = keys.sealing_channel();
  if (master != nullptr) sealing_master_ = find_master(master->id);
  if (channel != nullptr) sealing_channel_ = find_channel(channel->id);
}

KeySet::KeySet(const Keyring& keys, const KeySet& older) : KeySet(keys) {
  add_older(masters_, older.masters_);
  add_older(channels_, older.channels_);
}

const KeySet::Master* KeySet::find_master(std::string_view id) const { return find(masters_, id); }
const KeySet::Channel* KeySet::find_channel(std::string_view id) const {
  return find(channels_, id);
}

}  // namespace streaky::crypto

#include "app/key_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "crypto/key_file.h"

namespace streaky::app {

namespace {

template <typename Key>
bool any_prepared(const std::vector<Key>& keys) {
  return std::ranges::any_of(keys, &Key::prepared);
}

/// They become the last, and so the ones that seal.
template <typename Key>
void use_prepared(std::vector<Key>& keys) {
  std::vector<Key> older;
  std::vector<Key> newer;
  for (Key& key : keys) (key.prepared ? newer : older).push_back(std::move(key));
  for (Key& key : newer) {
    key.prepared = false;
    older.push_back(std::move(key));
  }
  keys = std::move(older);
}

/// The proxy alone can open what is sealed now.
bool lies_with_proxy(const crypto::Keyring& keys) {
  const auto* channel = keys.sealing_channel();
  return channel != nullptr && channel->private_half.empty();
}

void require_master(const crypto::Keyring& keys) {
  if (keys.sealing_master() != nullptr) return;
  throw std::runtime_error(
      "there is no master key in use here: these are a proxy's keys; rotate those of the machine "
      "that has the database");
}

void require_room(const crypto::Keyring& keys) {
  if (keys.masters.size() < crypto::kMaxKeys && keys.channels.size() < crypto::kMaxKeys) return;
  throw std::runtime_error(fmt::format(
      "there are {} keys already: run `streaky keys rotate` until older ones retire, or mend what "
      "does not open (`streaky doctor`)",
      crypto::kMaxKeys));
}

}  // namespace

std::vector<KeyLine> lines_of(const crypto::Keyring& keys) {
  std::vector<KeyLine> lines;
  for (const crypto::MasterKey& key : keys.masters) {
    lines.push_back({.id = key.id,
                     .sort = "master",
                     .prefix = fmt::format("v1.{}.", key.id),
                     .fingerprint = crypto::fingerprint_of(key),
                     .seals = &key == keys.sealing_master(),
                     .prepared = key.prepared,
                     .opens = true});
  }
  for (const crypto::ChannelKey& key : keys.channels) {
    lines.push_back({.id = key.id,
                     .sort = "channel",
                     .prefix = fmt::format("c1.{}.", key.id),
                     .fingerprint = crypto::fingerprint_of(key),
                     .seals = &key == keys.sealing_channel(),
                     .prepared = key.prepared,
                     .opens = !key.private_half.empty()});
  }
  return lines;
}

void move_private_half(crypto::Keyring& keys, const std::string& proxy_file) {
  crypto::ChannelKey& newest = keys.channels.back();
  crypto::Keyring for_proxy;
  for_proxy.channels.push_back({.id = newest.id,
                                .public_half = newest.public_half,
                                .private_half = newest.private_half.clone()});
  if (!crypto::create_key_file(proxy_file, for_proxy)) {
    throw std::runtime_error(fmt::format(
        "{} exists already: name a file that does not, or move that one away", proxy_file));
  }
  newest = newest.without_private_half();
}

PreparedKeys prepare_keys(crypto::Keyring& keys, const std::string& proxy_file) {
  require_master(keys);
  require_room(keys);
  if (any_prepared(keys.masters) || any_prepared(keys.channels)) {
    throw std::runtime_error(
        "keys are prepared already (`streaky keys list`): `streaky keys rotate` puts them to use");
  }
  PreparedKeys prepared;
  prepared.master = crypto::next_master_id(keys);
  keys.masters.push_back(crypto::new_master_key(prepared.master));
  keys.masters.back().prepared = true;
  if (lies_with_proxy(keys) && proxy_file.empty()) return prepared;
  prepared.channel = crypto::next_channel_id(keys);
  keys.channels.push_back(crypto::new_channel_key(prepared.channel));
  keys.channels.back().prepared = true;
  if (!proxy_file.empty()) move_private_half(keys, proxy_file);
  return prepared;
}

std::string describe(const PreparedKeys& prepared, const std::string& path,
                     const std::string& proxy_file) {
  std::string text = fmt::format(
      "{} {} prepared in {}: give this file to every machine that shares "
      "the database",
      prepared.master,
      prepared.channel.empty() ? std::string("is") : "and " + prepared.channel + " are", path);
  if (!proxy_file.empty()) {
    text += fmt::format(
        "; add the line of {} to the end of the key file of every proxy, and leave "
        "no copy of it here",
        proxy_file);
  }
  return text + ". Then run `streaky keys rotate`.";
}

bool begin_rotation(crypto::Keyring& keys) {
  require_master(keys);
  const bool prepared = any_prepared(keys.masters) || any_prepared(keys.channels);
  if (prepared || keys.masters.size() > 1 || keys.channels.size() > 1) return false;
  prepare_keys(keys, "");
  return true;
}

bool put_to_use(crypto::Keyring& keys) {
  if (!any_prepared(keys.masters) && !any_prepared(keys.channels)) return false;
  use_prepared(keys.masters);
  use_prepared(keys.channels);
  return true;
}

}  // namespace streaky::app

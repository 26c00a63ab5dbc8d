// How a set of keys grows: prepared, put to use, split between worker and proxy. Pure but for new
// keys and the proxy's file. Errors throw std::runtime_error with a plain line.
#pragma once

#include <string>
#include <vector>

#include "crypto/keyring.h"

namespace streaky::app {

/// A key as `keys list` shows it.
struct KeyLine {
  std::string id;
  std::string sort;    // "master", "channel"
  std::string prefix;  // what it sealed begins so
  std::string fingerprint;
  bool seals = false;
  bool prepared = false;
  bool opens = false;
};
std::vector<KeyLine> lines_of(const crypto::Keyring& keys);

/// The ids of keys that were added; empty where there is none of the sort.
struct PreparedKeys {
  std::string master;
  std::string channel;
};

/// Writes the newest channel key to a new file for the proxy and leaves the public half in `keys`.
/// Refuses when the file exists.
void move_private_half(crypto::Keyring& keys, const std::string& proxy_file);

/// Adds a key of each sort that is not in use yet. The private half of the channel key goes to
/// `proxy_file` where that is not empty; where it lies with a proxy and no file is named, there is
/// no new channel key.
PreparedKeys prepare_keys(crypto::Keyring& keys, const std::string& proxy_file);
/// What the operator does next.
std::string describe(const PreparedKeys& prepared, const std::string& path,
                     const std::string& proxy_file);

/// The first step of a rotation: where no key is prepared and no rotation is unfinished, prepares
/// new ones. False when `keys` is as it was.
bool begin_rotation(crypto::Keyring& keys);
/// The second: the prepared keys become the ones that seal. False when there were none.
bool put_to_use(crypto::Keyring& keys);

}  // namespace streaky::app

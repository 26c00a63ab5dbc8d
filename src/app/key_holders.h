// Who has which keys for good: a process whose keys come from `keys.text` or from the service
// manager has those of its start, and could not open what newer ones seal.
//
// Pure, but for reading the keys. Errors throw std::runtime_error with a plain line.
#pragma once

#include <string>
#include <vector>

#include "app/options.h"
#include "crypto/keyring.h"
#include "store/members.h"

namespace streaky::app {

/// What this process tells the fleet of its keys (store::Member::fixed_keys).
std::string fixed_keys(const Options& options);

/// Why the newest of `keys`, prepared ones among them, must not seal yet: processes of the fleet
/// have others for good. Empty when they may.
std::string why_not_yet(const std::vector<store::Member>& fleet, const crypto::Keyring& keys);

}  // namespace streaky::app

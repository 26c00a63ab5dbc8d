// Which keys this database's values were ever sealed with: what tells its key file from another.
// Threading, errors: see database.h.
#pragma once

#include <string>
#include <vector>

#include "store/database.h"

namespace streaky::store {

struct KnownKey {
  std::string prefix;  // what it seals begins so: `v1.k1x0a1b2c3d.`
  std::string fingerprint;
  bool retired = false;

  bool operator==(const KnownKey&) const = default;
};

class KnownKeys {
 public:
  explicit KnownKeys(Database& database) : database_(database) {}

  /// All of them, by prefix.
  runtime::Task<std::vector<KnownKey>> list();
  /// Adds keys, leaving alone what is known already. False, and nothing is changed, when the list
  /// is no longer `seen`: whoever decided by it decides again.
  runtime::Task<bool> add(std::vector<KnownKey> keys, std::vector<KnownKey> seen);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store

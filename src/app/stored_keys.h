// Whether the keys of this machine are those of its database: the database knows the keys that it
// was sealed with by id and fingerprint (store/known_keys.h).
//
// Blocks on `Base::run`. Errors: std::runtime_error with one plain line that says what to do; a
// lost database is thrown.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/key_changes.h"
#include "app/wiring.h"
#include "store/known_keys.h"

namespace streaky::app {

/// How often a decision is made anew because another process changed the list meanwhile.
inline constexpr int kMostKeyDecisions = 10;

/// Why the keys called `name` are not those of a database that knows `known`; empty when they are:
/// none has the id of another, and of each sort that is in use there is at least one.
std::string why_not_ours(const std::vector<KeyLine>& lines,
                         const std::vector<store::KnownKey>& known, const std::string& name);

/// Refuses keys that are not this database's, and makes those known that seal or have sealed.
void settle_keys(Base& base, store::Database& database, const crypto::Keyring& keys,
                 const std::string& name);

/// Makes the prepared keys known before they seal. Refuses when another machine does the same.
void settle_prepared(Base& base, store::Database& database, const crypto::Keyring& keys,
                     const std::string& name);

/// The values that none of the keys can have sealed, by how they begin.
std::map<std::string, std::int64_t> values_of_others(Base& base, store::Database& database,
                                                     const std::vector<KeyLine>& lines);

/// "3 values begin with v1.k2x0a1b2c3d., 1 with …"; for people.
std::string describe_values(const std::map<std::string, std::int64_t>& counts);

/// Puts prepared keys of the key file to use which another machine has begun to use. A file that
/// cannot be written stays as it is, and that is logged.
void follow_rotation(Base& base, store::Database& database, const crypto::KeySource& source);

/// The keys of the options, made at the first start: while nobody is stored and no key is known, a
/// missing key file is created. Later a new key would open nothing of what is sealed, so a missing
/// one is refused and said, as is one that is not this database's.
std::unique_ptr<crypto::Sealer> open_or_make_keys(Base& base, store::Database& database,
                                                  const Options& options);

}  // namespace streaky::app

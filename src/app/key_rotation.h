// Re-seals everything that is stored with the newest keys, while the service runs, and retires the
// keys that nothing needs any more.
//
// May be killed at any point: what is re-sealed is stored in small transactions, each of which
// leaves alone what somebody changed meanwhile, and a second run goes on with what is left.
// Threading: the executor's thread. Errors: a lost database is thrown.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "crypto/keyring.h"
#include "crypto/sealer.h"
#include "runtime/error.h"
#include "runtime/task.h"
#include "store/sealed_values.h"

namespace streaky::app {

/// Values per transaction.
inline constexpr int kResealBatch = 200;
/// Times that the tables are gone through: concurrent edits may add values of the old keys until
/// every process has seen the new ones.
inline constexpr int kMostResealPasses = 5;
/// Values that do not open which are named.
inline constexpr std::size_t kMostNamed = 20;

struct ResealReport {
  std::int64_t resealed = 0;
  std::int64_t left = 0;                // values that an older key still seals
  std::vector<std::string> not_opened;  // why, for the first of them
};

/// Seals channel values anew where the private half of their key is not here: what the proxy does.
/// As many results as values, in order.
using ResealElsewhere = std::function<runtime::Task<std::vector<runtime::Result<std::string>>>(
    std::vector<store::SealedValue> values)>;

crypto::Binding binding_of(const store::SealedValue& value);

/// All borrowed; `elsewhere` may be null: then such values stay, and are counted as left.
/// `progress` is called after each batch with the number re-sealed so far.
runtime::Task<ResealReport> reseal_all(store::SealedValues* values, const crypto::Sealer* sealer,
                                       const ResealElsewhere* elsewhere,
                                       const std::function<void(std::int64_t)>* progress);

/// `keys` without those that no longer seal and that nothing stored needs; from then on the
/// database refuses what is sealed with one of those. Prepared keys stay.
runtime::Task<crypto::Keyring> retire_unneeded(store::SealedValues* values,
                                               const crypto::Keyring* keys);

}  // namespace streaky::app

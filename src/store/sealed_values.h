// All sealed credentials at once, for who looks after the keys: rotation and the doctor.
// Threading, errors: see database.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "store/database.h"

namespace streaky::store {

struct SealedValue {
  enum class Kind { token, channel };

  Kind kind = Kind::token;
  std::int64_t user_id = 0;
  std::int64_t channel_id = 0;  // 0 for tokens
  std::string login;            // whose it is, for people
  std::string what;             // "GitHub token", "discord credential", for people
  std::string sealed;

  /// Where a reader goes on.
  [[nodiscard]] std::int64_t id() const { return kind == Kind::token ? user_id : channel_id; }
};

struct ResealedValue {
  SealedValue before;
  std::string anew;
};

class SealedValues {
 public:
  /// Values that one read gives and one transaction replaces, at most.
  static constexpr int kMost = 1'000;

  explicit SealedValues(Database& database) : database_(database) {}

  /// In order of `id()`, from the one after `after`: those that do not begin with `prefix`. An
  /// empty prefix: all of them.
  runtime::Task<std::vector<SealedValue>> not_of(SealedValue::Kind kind, std::string prefix,
                                                 std::int64_t after, int limit);
  /// One transaction. A value that is no longer what was read stays: whoever changed it wins. Gives
  /// the number replaced.
  runtime::Task<int> replace(std::vector<ResealedValue> values);
  /// How many values there are by the key that sealed them, `v1.k1.`; under an empty or odd prefix
  /// those of no known form.
  runtime::Task<std::map<std::string, std::int64_t>> count_by_key();
  /// From now on nothing is stored that begins with `prefix`: such a write is refused
  /// (DatabaseError::Kind::rejected). False, and nothing is changed, while something stored does.
  runtime::Task<bool> retire(std::string prefix);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store

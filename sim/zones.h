// Where the simulated users live: a fixed list of zones over the whole of tzdata, with the odd
// offsets and DST rules that break careless code. The oracle uses this, never `streak/`, so that a
// mistake there cannot hide here.
//
// Threading: one thread (the lookup keeps the last answer of each zone).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/time.h"

namespace date {
class time_zone;
}

namespace streaky::sim {

/// A label as a number: days since 1970-01-01.
using Day = std::int32_t;

Day utc_day(runtime::TimePoint at);
/// `2026-08-06`, appended.
void append_day(std::string& out, Day day);
/// 0 = Sunday.
int weekday_of(Day day);
int year_of(Day day);

class Zones {
 public:
  struct Local {
    Day day = 0;
    int minute = 0;  // since local midnight, by the wall clock
  };

  /// Throws std::runtime_error when tzdata lacks one of the zones.
  Zones();

  static std::span<const char* const> names();
  static std::optional<std::uint8_t> find(std::string_view name);
  [[nodiscard]] Local local(std::uint8_t zone, runtime::TimePoint at) const;

 private:
  struct Entry {
    const date::time_zone* zone = nullptr;  // borrowed from the library's database
    std::int64_t from_s = 1;                // the cached offset holds in [from_s, until_s)
    std::int64_t until_s = 0;
    std::int64_t offset_s = 0;
  };

  mutable std::vector<Entry> entries_;
};

}  // namespace streaky::sim

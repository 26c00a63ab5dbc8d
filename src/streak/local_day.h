// The user's own day: IANA zones, local dates, and the UTC instants where they begin and end.
//
// Zones come from the system's tzdata. A `Zone` is a cheap handle to data that lives as long as the
// program. Threading: any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "streak/calendar.h"

namespace date {
class time_zone;
}

namespace streaky::streak {

class Zone {
 public:
  /// Nothing when tzdata has no zone of that name. Names are case-sensitive; "UTC" always exists.
  static std::optional<Zone> find(std::string_view name);
  /// All names that tzdata knows, sorted.
  static std::vector<std::string> names();
  /// The nearest known name, for error messages.
  static std::string nearest_name(std::string_view name);

  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] Label local_date(Instant at) const;
  /// Minutes since the local midnight by the wall clock, 0 to 1439.
  [[nodiscard]] int local_minute(Instant at) const;
  /// The instant at which the wall clock shows `minute` on `date`. In a gap: the first instant
  /// after it. In an overlap: the first of the two. (rule 10)
  [[nodiscard]] Instant instant_of(Label date, int minute) const;
  /// The first instant of the local day after `date`: when the streak is lost.
  [[nodiscard]] Instant end_of(Label date) const;
  /// `20:05` by the wall clock there.
  [[nodiscard]] std::string clock_text(Instant at) const;

 private:
  explicit Zone(const date::time_zone* zone) : zone_(zone) {}

  const date::time_zone* zone_;  // borrowed from the library's database, never freed
};

}  // namespace streaky::streak

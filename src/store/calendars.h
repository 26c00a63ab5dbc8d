// The year that the heat map shows, as GitHub last told it. Only for showing: no streak is judged
// by it. Threading, errors: see database.h.
#pragma once

#include <cstdint>
#include <optional>

#include "runtime/time.h"
#include "store/database.h"
#include "streak/calendar.h"

namespace streaky::store {

struct SeenCalendar {
  streak::Calendar calendar;
  runtime::TimePoint seen_at{};
};

class Calendars {
 public:
  /// The days that are kept: 54 weeks hold every heat map of 53.
  static constexpr int kMostDays = 54 * 7;

  explicit Calendars(Database& database) : database_(database) {}

  /// Keeps the newest `kMostDays` days up to `last`. What was seen later than this stays.
  runtime::Task<void> save(std::int64_t user_id, SeenCalendar seen, streak::Label last);
  runtime::Task<std::optional<SeenCalendar>> find(std::int64_t user_id);
  /// Whether everybody may see the user's streak and year as pictures. Nobody may unless they say
  /// so.
  runtime::Task<void> set_public(std::int64_t user_id, bool is_public);
  runtime::Task<bool> is_public(std::int64_t user_id);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store

#include <utility>
#include <vector>

#include "store/day_tables.h"
#include "store/days.h"
#include "store/session.h"
#include "store/upkeep.h"

namespace streaky::store {

namespace {

/// Tables that one `keep_days` makes or drops; what is left waits for the next.
constexpr std::size_t kMostSteps = 40;

/// A table to make or to drop.
struct Step {
  DayTableKind kind;
  DayTable table;
  bool drop = false;
  bool alive = false;  // to make, and rows of its days may be in use
};

void add_steps(Session& session, const DayTableKind& kind, streak::LabelRange wanted,
               streak::Label alive_until, runtime::TimePoint before, std::vector<Step>& steps) {
  std::vector<DayTable> tables = list_day_tables(session, kind);
  for (const DayTable& table : tables) {
    if (is_over(table, before)) steps.push_back({kind, table, true, false});
  }
  for (streak::Label day = wanted.from; day <= wanted.to; day += std::chrono::days{1}) {
    const auto missing = missing_day_table(tables, kind, day);
    if (!missing) continue;
    tables.push_back(*missing);
    steps.push_back({kind, *missing, false, *missing->first <= alive_until});
  }
}

bool still_there(Session& session, const Step& step) {
  for (const DayTable& table : list_day_tables(session, step.kind)) {
    if (table.name == step.table.name) return true;
  }
  return false;
}

/// One step, in a transaction of its own.
void take(Session& session, const Step& step, DaysKept& kept) {
  if (!take_turn(session)) {
    kept.again_soon = true;
    return;
  }
  // Somebody else may have done it since.
  if (still_there(session, step) != step.drop) return;
  if (step.drop) {
    const bool dropped = drop_day_table(session, step.kind, step.table);
    ++(dropped ? kept.dropped : kept.unsettled);
  } else {
    const bool made = make_day_table(session, step.kind, step.table, step.alive);
    ++(made ? kept.made : kept.left_in_default);
  }
}

}  // namespace

runtime::Task<DaysKept> Upkeep::keep_days(runtime::TimePoint now, runtime::TimePoint batches_before,
                                          runtime::TimePoint deliveries_before) {
  std::vector<Step> steps;
  const streak::LabelRange wanted{utc_date(now) - std::chrono::days{1}, utc_date(now) + kDaysAhead};
  const streak::Label alive = days_around(now).to;
  Database::Work look = [&](Session& session) {
    steps.clear();
    if (session.statements().dialect() == Dialect::sqlite) return;
    session.expect_sound_clocks();
    add_steps(session, kJobsByDay, wanted, alive, session.by_both(batches_before), steps);
    add_steps(session, kDeliveriesByWeek, wanted, alive, session.by_both(deliveries_before), steps);
  };
  co_await database_.read(std::move(look));
  DaysKept kept;
  if (steps.size() > kMostSteps) {
    steps.resize(kMostSteps);
    kept.again_soon = true;
  }
  for (const Step& step : steps) {
    const DaysKept before = kept;
    Database::Work work = [&](Session& session) {
      kept = before;
      take(session, step, kept);
    };
    try {
      co_await database_.write(std::move(work));
    } catch (const DatabaseError& error) {
      if (error.kind() != DatabaseError::Kind::locked) throw;
      kept = before;
      kept.again_soon = true;
    }
  }
  co_return kept;
}

}  // namespace streaky::store

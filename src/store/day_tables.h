// PostgreSQL keeps jobs in a table for each day and deliveries in one for each week, so that what
// is old is dropped as a whole and leaves no dead rows (docs/decisions/0014-postgresql.md). Private
// to store/; for PostgreSQL alone.
//
// A row whose day has no table is in the default one: nothing is refused for its date, and nothing
// that is done with a row depends on which table it is in.
//
// Threading: the database's thread. Errors: SOCI's exceptions; each `make` and `drop` is the only
// work of its transaction, which takes strong locks while it lasts: milliseconds, unless the
// default table has grown large.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/time.h"
#include "store/session.h"
#include "streak/calendar.h"

namespace streaky::store {

struct DayTableKind {
  const char* of = "";     // the whole, which statements name
  std::chrono::days each;  // how many days a table has
};
/// What is asked about a user's messages goes through all of their tables: by the week these are
/// sixteen, where it would be a hundred by the day, with more locks than a server has room for.
inline constexpr DayTableKind kJobsByDay{"jobs", std::chrono::days{1}};
inline constexpr DayTableKind kDeliveriesByWeek{"deliveries", std::chrono::days{7}};

struct DayTable {
  std::string name;
  std::optional<streak::Label> first;  // absent: everything before `after`
  streak::Label after;                 // the day after the last
};

/// In order of days.
std::vector<DayTable> list_day_tables(Session& session, const DayTableKind& kind);

/// The table to make for that day; nothing where it has one. It leaves out days that others have.
std::optional<DayTable> missing_day_table(const std::vector<DayTable>& tables,
                                          const DayTableKind& kind, streak::Label day);

/// True when nothing that it may hold was made after `before`. The last of its days ends 12 hours
/// later than by UTC in the last of the zones.
bool is_over(const DayTable& table, runtime::TimePoint before);

/// Whether this transaction may make and drop: one at a time does.
bool take_turn(Session& session);

/// Makes it, and moves there what was written for its days before. False, and nothing is done, when
/// that is too much to be moved while others wait, or anything where the days are `alive`: those
/// days stay in the default table. A statement that was planned before, and has waited since, would
/// miss the row that was moved: a result would be lost, and a message said again.
bool make_day_table(Session& session, const DayTableKind& kind, const DayTable& table, bool alive);
/// The same where nobody else is yet: for rows that are moved in, without regard to others.
void make_first_day_table(Session& session, const DayTableKind& kind, const DayTable& table);

/// False, and nothing is done, when something in it is not settled.
bool drop_day_table(Session& session, const DayTableKind& kind, const DayTable& table);

}  // namespace streaky::store

#include "store/day_tables.h"

#include <fmt/format.h>

#include <algorithm>

namespace streaky::store {

namespace {

/// Making one waits for up to three locks, dropping for two, and what others do waits behind: no
/// longer than 150 ms together.
constexpr int kWaitToMakeMs = 50;
constexpr int kWaitToDropMs = 75;
/// Rows of days to come that are moved out of the default table while it is locked.
constexpr int kMostStray = 1'000;

/// A statement of day_tables.sql for that table.
void execute(Session& session, const std::string& statement, const DayTable& table) {
  const std::string& text = session.statements().text("day_tables/" + statement);
  const std::string first = table.first ? streak::to_text(*table.first) : "";
  session.execute(fmt::format(fmt::runtime(text), fmt::arg("name", table.name),
                              fmt::arg("first", first),
                              fmt::arg("after", streak::to_text(table.after))));
}

void wait_briefly(Session& session, int ms) {
  const std::string& text = session.statements().text("day_tables/wait_briefly");
  session.execute(fmt::format(fmt::runtime(text), fmt::arg("ms", ms)));
}

int count_stray(Session& session, const DayTableKind& kind, const DayTable& table) {
  int rows = 0;
  session.query(fmt::format("day_tables/stray_{}", kind.of))
      .bind("first", streak::to_text(table.first.value()))
      .bind("after", streak::to_text(table.after))
      .bind("most", kMostStray + 1)
      .into(rows)
      .one();
  return rows;
}

bool is_settled(Session& session, const DayTableKind& kind, const DayTable& table) {
  const std::string& text =
      session.statements().text(fmt::format("day_tables/unsettled_{}", kind.of));
  int unsettled = 0;
  session.connection() << fmt::format(fmt::runtime(text), fmt::arg("name", table.name)),
      soci::into(unsettled);
  return unsettled == 0;
}

}  // namespace

std::vector<DayTable> list_day_tables(Session& session, const DayTableKind& kind) {
  std::vector<DayTable> tables;
  DayTable one;
  auto query = session.query("day_tables/list");
  query.bind("table", std::string(kind.of)).into(one.name, one.first, one.after);
  while (query.next()) tables.push_back(one);
  return tables;
}

std::optional<DayTable> missing_day_table(const std::vector<DayTable>& tables,
                                          const DayTableKind& kind, streak::Label day) {
  const auto since_epoch = day.time_since_epoch();
  DayTable made;
  made.first = streak::Label{since_epoch / kind.each * kind.each};
  made.after = *made.first + kind.each;
  for (const DayTable& other : tables) {
    const bool before = other.after <= day;
    if (!before && (!other.first || *other.first <= day)) return std::nullopt;
    if (before) made.first = std::max(*made.first, other.after);
    if (!before) made.after = std::min(made.after, *other.first);
  }
  std::string digits = streak::to_text(*made.first);
  std::erase(digits, '-');
  made.name = fmt::format("{}_{}", kind.of, digits);
  return made;
}

bool is_over(const DayTable& table, runtime::TimePoint before) {
  return runtime::TimePoint{table.after} + std::chrono::hours{12} <= before;
}

bool take_turn(Session& session) {
  bool ours = false;
  session.query("day_tables/take_turn").into(ours).one();
  return ours;
}

bool make_day_table(Session& session, const DayTableKind& kind, const DayTable& table, bool alive) {
  const int most = alive ? 0 : kMostStray;
  if (count_stray(session, kind, table) > most) return false;
  wait_briefly(session, kWaitToMakeMs);
  execute(session, fmt::format("lock_to_make_{}", kind.of), table);
  if (count_stray(session, kind, table) > most) return false;
  make_first_day_table(session, kind, table);
  return true;
}

void make_first_day_table(Session& session, const DayTableKind& kind, const DayTable& table) {
  execute(session, fmt::format("make_{}", kind.of), table);
}

bool drop_day_table(Session& session, const DayTableKind& kind, const DayTable& table) {
  if (!is_settled(session, kind, table)) return false;
  wait_briefly(session, kWaitToDropMs);
  execute(session, fmt::format("lock_to_drop_{}", kind.of), table);
  // Somebody may have called for it again meanwhile; from now on nobody can.
  if (!is_settled(session, kind, table)) return false;
  execute(session, "drop", table);
  return true;
}

}  // namespace streaky::store

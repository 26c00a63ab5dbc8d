#include "store/move.h"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "store/day_tables.h"
#include "store/json_rows.h"
#include "store/session.h"

namespace streaky::store {

namespace {

/// In an order in which rows find those that they name.
constexpr std::array<std::string_view, 23> kTables = {"id_sequences",
                                                      "users",
                                                      "channels",
                                                      "user_rest_days",
                                                      "user_pauses",
                                                      "user_streaks",
                                                      "batches",
                                                      "batch_counts",
                                                      "jobs",
                                                      "deliveries",
                                                      "sessions",
                                                      "signin_links",
                                                      "user_calendars",
                                                      "operator_actions",
                                                      "public_cards",
                                                      "known_keys",
                                                      "retired_keys",
                                                      "api_tokens",
                                                      "kept_answers",
                                                      "used_links",
                                                      "telegram_codes",
                                                      "telegram_bots",
                                                      "operator_accounts"};

/// Rows on their way out, in parts.
class Parts {
 public:
  Parts(std::string_view table, const std::function<void(const MovedRows&)>& take) : take_(take) {
    part_.table = table;
  }

  /// Reads to the end; false when there was nothing.
  bool add(Query query) {
    bool any = false;
    std::string row;
    query.into(row);
    for (; query.next(); any = true) {
      // Each database has spaces of its own between the values.
      part_.rows.push_back(boost::json::serialize(boost::json::parse(row)));
      if (part_.rows.size() == static_cast<std::size_t>(Move::kMostRows)) flush();
    }
    return any;
  }
  void flush() {
    if (!part_.rows.empty()) take_(part_);
    part_.rows.clear();
  }

 private:
  const std::function<void(const MovedRows&)>& take_;  // borrowed
  MovedRows part_;
};

/// Each table in one go: pages would look again at what they skip.
void read_all(Session& session, const std::function<void(const MovedRows&)>& take) {
  const Statements& statements = session.statements();
  const bool by_cursor = statements.dialect() == Dialect::postgres;
  if (by_cursor) session.query("session/plan_for_all_rows").run();
  for (const std::string_view table : kTables) {
    const std::string read = "move/read_" + std::string(table);
    Parts parts(table, take);
    if (by_cursor) {
      session.execute(statements.text("session/open_cursor") + " " + statements.text(read));
      while (parts.add(session.query("session/fetch_cursor"))) {
      }
      session.query("session/close_cursor").run();
    } else {
      parts.add(session.query(read));
    }
    parts.flush();
  }
}

/// Where the date is in a row of the tables that PostgreSQL keeps by day.
struct Dated {
  DayTableKind kind;
  std::size_t column;
};
constexpr std::array<Dated, 2> kDated = {Dated{kJobsByDay, 3}, Dated{kDeliveriesByWeek, 7}};
/// Tables by day that an import makes, far more than are kept: rows of further days go into the
/// default one.
constexpr std::size_t kMostDayTables = 200;

/// The tables of the days that these rows have.
void make_day_tables(Session& session, const Dated& dated, const MovedRows& part) {
  std::set<streak::Label> days;
  for (const std::string& row : part.rows) {
    const auto value = boost::json::parse(row);
    const auto* columns = value.if_array();
    const auto* date = columns == nullptr ? nullptr : columns->if_contains(dated.column);
    const auto* text = date == nullptr ? nullptr : date->if_string();
    const auto day = text == nullptr ? std::nullopt : streak::parse_label(std::string(*text));
    if (day) days.insert(*day);
  }
  auto tables = list_day_tables(session, dated.kind);
  for (const streak::Label day : days) {
    const auto missing = missing_day_table(tables, dated.kind, day);
    if (!missing || tables.size() >= kMostDayTables) continue;
    make_first_day_table(session, dated.kind, *missing);
    tables.push_back(*missing);
  }
}

void write_rows(Session& session, const MovedRows& part) {
  if (std::ranges::find(kTables, part.table) == kTables.end()) {
    throw DatabaseError(DatabaseError::Kind::rejected,
                        "there is no table of that name: it is not an export of Streaky's");
  }
  for (const Dated& dated : kDated) {
    const bool by_day = session.statements().dialect() == Dialect::postgres;
    if (by_day && part.table == dated.kind.of) make_day_tables(session, dated, part);
  }
  std::string rows = "[";
  for (const std::string& row : part.rows) {
    if (rows.size() > 1) rows += ',';
    rows += row;
  }
  rows += ']';
  session.query("move/write_" + part.table).bind("rows", std::move(rows)).run();
}

void write_all(Session& session, const Incoming& incoming) {
  bool used = false;
  session.query("move/anything").into(used).one();
  if (used) {
    throw DatabaseError(DatabaseError::Kind::rejected,
                        "this database holds users, rounds or keys already: an import needs one "
                        "that is new");
  }
  incoming.rewind();
  for (MovedRows part; incoming.next(part);) write_rows(session, part);
  std::int64_t ignored = 0;
  session.query("move/finish").into(ignored).one();
  read_all(session, incoming.read_back);
  incoming.compare();
}

}  // namespace

runtime::Task<void> Move::read(std::function<void(const MovedRows&)> take) {
  Database::Work work = [&](Session& session) {
    session.take_time();
    read_all(session, take);
  };
  co_await database_.read(std::move(work));
}

runtime::Task<void> Move::write(Incoming incoming) {
  Database::Work work = [&](Session& session) {
    session.take_time();
    write_all(session, incoming);
  };
  co_await database_.write(std::move(work));
}

}  // namespace streaky::store

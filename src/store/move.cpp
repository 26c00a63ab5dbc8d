#include "store/move.h"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <string_view>
#include <utility>

#include "store/json_rows.h"
#include "store/session.h"

namespace streaky::store {

namespace {

/// In an order in which rows find those that they name.
constexpr std::array<std::string_view, 22> kTables = {"id_sequences",   "users",
                                                      "channels",       "user_rest_days",
                                                      "user_pauses",    "user_streaks",
                                                      "batches",        "batch_counts",
                                                      "jobs",           "deliveries",
                                                      "sessions",       "signin_links",
                                                      "user_calendars", "operator_actions",
                                                      "public_cards",   "known_keys",
                                                      "retired_keys",   "api_tokens",
                                                      "kept_answers",   "used_links",
                                                      "telegram_codes", "telegram_bots"};

void read_table(Session& session, std::string_view table,
                const std::function<void(const MovedRows&)>& take) {
  MovedRows part;
  part.table = table;
  std::int64_t offset = 0;
  do {
    part.rows.clear();
    std::string row;
    auto query = session.query("move/read_" + part.table);
    query.bind("limit", Move::kMostRows).bind("offset", offset).into(row);
    // Each database has spaces of its own between the values.
    while (query.next()) part.rows.push_back(boost::json::serialize(boost::json::parse(row)));
    offset += static_cast<std::int64_t>(part.rows.size());
    if (!part.rows.empty()) take(part);
  } while (part.rows.size() == static_cast<std::size_t>(Move::kMostRows));
}

void read_all(Session& session, const std::function<void(const MovedRows&)>& take) {
  for (const std::string_view table : kTables) read_table(session, table, take);
}

void write_rows(Session& session, const MovedRows& part) {
  if (std::ranges::find(kTables, part.table) == kTables.end()) {
    throw DatabaseError(DatabaseError::Kind::rejected,
                        "there is no table of that name: it is not an export of Streaky's");
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
  Database::Work work = [&](Session& session) { read_all(session, take); };
  co_await database_.read(std::move(work));
}

runtime::Task<void> Move::write(Incoming incoming) {
  Database::Work work = [&](Session& session) { write_all(session, incoming); };
  co_await database_.write(std::move(work));
}

}  // namespace streaky::store

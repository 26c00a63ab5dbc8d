// One connection inside one transaction; SQL by name. Private to store/.
//
//   auto claimed = session.query("jobs/claim");
//   claimed.bind("now", now).bind("limit", limit);
//   claimed.into(id, login, lease_until);
//   while (claimed.next()) { … }
//
// SQLite prepares a statement once per connection and keeps it; PostgreSQL gets its text each time,
// since behind PgBouncer the next transaction may run on another server connection. Binds and
// results are typed; rows are fetched one at a time, so a long answer needs no buffer. A query is
// read to its end or destroyed before the same statement is run again.
//
// Threading: the database's thread alone. Errors: SOCI's exceptions, which `Connection` turns into
// DatabaseError.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/time.h"
#include "store/soci_headers.h"
#include "store/statements.h"
#include "streak/calendar.h"

namespace streaky::store {

class Query {
 public:
  /// `by_day`: see `within`.
  Query(soci::statement& statement, bool by_day);
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  Query& bind(const char* name, std::int64_t value);
  Query& bind(const char* name, int value) { return bind(name, static_cast<std::int64_t>(value)); }
  Query& bind(const char* name, std::string value);
  Query& bind(const char* name, runtime::TimePoint value);
  /// The days of the rows that the statement is after. PostgreSQL leaves the tables of other days
  /// out when it plans (`:first_day`, `:last_day`); SQLite has one table for all and is not told.
  Query& within(streak::LabelRange days);

  /// Where the columns of each row go, in order. NULL is 0, "" or no value.
  template <typename... T>
  Query& into(T&... targets) {
    (add_target(Target{&targets}), ...);
    return *this;
  }

  /// Runs the statement on the first call; false after the last row.
  bool next();
  /// Runs a statement that gives no rows; the number of rows that it changed.
  std::int64_t run();
  /// The only row must exist.
  void one();

 private:
  using Target = std::variant<std::int64_t*, int*, bool*, std::string*, runtime::TimePoint*,
                              streak::Label*, std::optional<std::int64_t>*,
                              std::optional<runtime::TimePoint>*, std::optional<streak::Label>*>;
  struct Parameter {
    const char* name;
    long long number = 0;
    std::string text;
    bool is_text = false;
  };
  struct Column {
    Target target;
    bool is_text = false;
    long long number = 0;
    std::string text;
    soci::indicator indicator = soci::i_ok;
  };

  void add_target(Target target);
  void attach();
  void hand_over();

  soci::statement& statement_;  // borrowed from the session
  const bool by_day_;
  std::deque<Parameter> parameters_;  // SOCI keeps addresses: nothing may move
  std::deque<Column> columns_;
  bool started_ = false;
  bool ended_ = false;
};

class Session {
 public:
  /// `unhurried` (borrowed) hears of `take_time`; null where nobody is in a hurry.
  Session(soci::session& connection, const Statements& statements,
          std::atomic<bool>* unhurried = nullptr)
      : connection_(connection), statements_(statements), unhurried_(unhurried) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Query query(const std::string& name);
  /// Keeps the rows that these ids name as they are until the transaction ends; `name` is a
  /// statement of PostgreSQL alone. SQLite's writer has the whole database already.
  void lock(const std::string& name, const std::vector<std::int64_t>& ids);
  /// The same for a statement that takes one id, or none.
  void lock(const std::string& name, std::int64_t id);
  void lock(const std::string& name);
  /// An instant by this machine's clock as the database's clock tells it, and back: leases and
  /// beats are compared by many machines. On SQLite there is one clock.
  [[nodiscard]] runtime::TimePoint by_server(runtime::TimePoint at) const { return at + ahead_; }
  [[nodiscard]] runtime::TimePoint by_machine(runtime::TimePoint at) const { return at - ahead_; }
  /// What has passed by both clocks: nothing ends early because one of them is wrong.
  [[nodiscard]] runtime::TimePoint by_both(runtime::TimePoint now) const {
    return std::min(now, by_server(now));
  }
  /// When to try again what is worthless from `end` on, at `at` by this machine's clock, which
  /// shows `now`; nothing where it would be too late. What may be tried at once, or is too late by
  /// this clock alone, others may try by theirs.
  [[nodiscard]] std::optional<runtime::TimePoint> again_before(runtime::TimePoint end,
                                                               runtime::TimePoint at,
                                                               runtime::TimePoint now) const {
    if (at > now && at < end) return at;
    const runtime::TimePoint soonest = by_both(at);
    return soonest < end ? std::optional(soonest) : std::nullopt;
  }
  void set_server_ahead(runtime::Millis ahead) { ahead_ = ahead; }
  void set_clocks_apart(runtime::Millis most) { clocks_apart_ = most; }
  /// Throws DatabaseError (`clocks`) where they are too far apart to tell what day it is.
  void expect_sound_clocks() const;
  /// Who holds rows for longer is not waited for; for what is tried again.
  void wait_briefly();
  [[nodiscard]] runtime::Millis server_ahead() const { return ahead_; }
  /// Tells listeners (`listener.h`) of new work when the transaction commits. Once per batch: it
  /// makes commits wait for each other.
  void announce_work();
  /// This transaction's commit does not wait for the disk: whoever loses power may lose it, but
  /// nothing that was committed after it stays without it. For what promises nobody anything.
  void need_not_last();
  /// This transaction is not cut off, however long it takes: everything is read or written in it.
  void take_time() {
    if (unhurried_ != nullptr) *unhurried_ = true;
  }
  /// One statement without parameters or rows, by its text: migrations and tests.
  void execute(const std::string& sql) { connection_ << sql; }
  [[nodiscard]] const Statements& statements() const { return statements_; }
  [[nodiscard]] soci::session& connection() { return connection_; }

 private:
  soci::session& connection_;     // borrowed
  const Statements& statements_;  // borrowed
  std::atomic<bool>* unhurried_;  // borrowed
  runtime::Millis ahead_{0};
  runtime::Millis clocks_apart_{runtime::Millis::max()};
  std::map<std::string, std::unique_ptr<soci::statement>> prepared_;
};

}  // namespace streaky::store

// The database: every call a transaction, blocking work on threads of its own.
//
// Stores (`users.h`, `schedule.h`, `jobs.h`, `deliveries.h`, `batches.h`) are thin: each method
// runs the statements of one `.sql` file set in one transaction and gives values back. Statements
// live in `store/sql/<dialect>/*.sql`; rows that are written in bulk travel as one JSON array.
// SQLite: WAL, BEGIN IMMEDIATE, synchronous=FULL; one writer. PostgreSQL: several connections, READ
// COMMITTED with locks on the rows that are judged (docs/decisions/0014-postgresql.md).
//
// Threading: construct anywhere; call from the executor's thread. `Mode::thread` runs the work on
// one of the database's own threads and resumes on the executor; `Mode::inline_calls` runs it at
// once (the simulation, one-shot commands). Errors: DatabaseError is thrown, nothing was changed
// then; but after `lost` while it committed nobody knows, so callers' statements must bear being
// run again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "runtime/metrics.h"
#include "runtime/task.h"
#include "runtime/time.h"

namespace streaky::store {

class DatabaseError : public std::runtime_error {
 public:
  enum class Kind {
    locked,
    read_only,
    full,
    corrupt,
    newer_schema,
    cannot_open,
    lost,      // the connection: the next call connects anew
    clocks,    // this machine's and the database's are too far apart
    rejected,  // a row breaks a rule of the schema: the same rows will be refused again
    taken,     // the same, and the rule is that another row has that value; the text names which
    other,
  };

  DatabaseError(Kind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  [[nodiscard]] Kind kind() const { return kind_; }
  /// The rows are at fault, not the database.
  [[nodiscard]] bool refuses_rows() const {
    return kind_ == Kind::rejected || kind_ == Kind::taken;
  }

 private:
  Kind kind_;
};

/// One connection inside one transaction; SQL by name. Defined in `session.h`, for store/ alone.
class Session;

class Database {
 public:
  enum class Mode { thread, inline_calls };

  struct Options {
    std::string url;  // sqlite:<path> | sqlite::memory: | postgresql://…
    Mode mode = Mode::thread;
    bool create = true;  // false: a missing database is an error
    runtime::Millis busy_timeout{10'000};
    int connections = 4;  // to PostgreSQL, in `Mode::thread`, and one for what goes first
    /// Nothing is planned, claimed or deleted while this machine's clock and PostgreSQL's are
    /// further apart: one with a wrong date would end or put off everybody's day.
    runtime::Millis clocks_apart{600'000};
    /// A call to PostgreSQL that takes longer is cut off, in `Mode::thread`: a server may hang
    /// whose kernel still answers, and another may have taken over from it.
    runtime::Millis longest_call{30'000};
    /// This machine's clock, which PostgreSQL's is compared with; absent: the system's. Any thread.
    std::function<runtime::TimePoint()> wall = nullptr;
  };

  /// Opens, migrates (refusing a schema that is too new for this program), and checks that it can
  /// be written. Of several programs that open an older one together, one migrates and the others
  /// wait. `metrics` (borrowed) counts `streaky_db_transactions_total`.
  Database(runtime::Executor executor, Options options, runtime::Metrics& metrics);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  using Work = std::function<void(Session&)>;
  /// Where calls wait while all connections are busy. `first` is for what keeps claims alive.
  enum class Line { usual, first };
  /// Runs `work` in one transaction; an exception rolls it back and comes out of here. PostgreSQL
  /// may run it several times, of which the last counts: it sets its results anew each time.
  runtime::Task<void> write(Work work, Line line = Line::usual);
  /// The same without taking the writer's lock, for reading alone.
  runtime::Task<void> read(Work work);

  /// The version of the database's schema. Larger than this program's where a newer one has
  /// migrated it and says that this one may work beside it.
  [[nodiscard]] int schema_version() const;
  /// The version that this program was built for.
  [[nodiscard]] int known_schema() const;
  /// Nobody waits any longer, as at the end of a stop's time: what is queued, and whatever comes,
  /// ends with an error; what waits for PostgreSQL's answer is cut off within a second.
  void give_up();
  /// Ends the threads after what is queued has run. Twice is once.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace streaky::store

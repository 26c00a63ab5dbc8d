#include "store/sqlite_connection.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>

#include "store/migrate.h"

namespace streaky::store {

namespace {

constexpr std::string_view kScheme = "sqlite:";
constexpr std::string_view kMemory = ":memory:";
constexpr int kPrimaryCode = 0xff;   // extended result codes keep the primary one in these bits
constexpr int kJournalPauseMs = 10;  // between attempts to switch to the write-ahead log

/// See soci_headers.h.
#if defined(__clang__)
__attribute__((no_sanitize("vptr")))
#endif
sqlite_api::sqlite3*
handle(soci::session& connection) {
  return static_cast<soci::sqlite3_session_backend*>(connection.get_backend())->conn_;
}

/// SOCI reads `key="value"` pairs as soon as there is an equals sign.
std::string connect_string(const std::string& path) {
  if (path.find('=') == std::string::npos) return path;
  return "dbname=\"" + path + "\"";
}

/// A file that can be read in a place that cannot be written: SQLite says only that it could not
/// open something, since it is the write-ahead log beside the file that it cannot make.
bool is_read_only_place(const std::string& file) {
  const auto folder = std::filesystem::path(file).parent_path();
  const std::string beside = folder.empty() ? "." : folder.string();
  const bool readable = ::access(file.c_str(), R_OK) == 0;
  const bool writable = ::access(file.c_str(), W_OK) == 0 && ::access(beside.c_str(), W_OK) == 0;
  return readable && !writable && std::filesystem::is_regular_file(file);
}

/// Before the first connection of the process: each is used by one thread at a time, and nobody
/// asks how much SQLite has allocated, so its locks around both only cost. Where somebody has begun
/// to use SQLite already, it stays as it is.
void spare_locks() {
  static const bool done = [] {
    sqlite_api::sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite_api::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

SqliteConnection::SqliteConnection(const Database::Options& options)
    : options_(options), statements_(Dialect::sqlite) {
  try {
    connect(options);
    session_ = std::make_unique<Session>(*connection_, statements_);
    set_rules(options.busy_timeout);
    known_schema_ = store::known_schema(*session_);
    schema_version_ = read_schema_version(*session_, file_);
    // An up-to-date database is opened without the writer's lock.
    if (schema_version_ < known_schema_) {
      wait_for_locks(kLongestMigration);
      SqliteConnection::transact(
          true, [this](Session& session) { schema_version_ = migrate(session, file_); });
      wait_for_locks(options.busy_timeout);
    }
    SqliteConnection::transact(true,
                               [](Session& session) { session.query("session/touch").run(); });
  } catch (...) {
    rethrow();
  }
}

void SqliteConnection::connect(const Database::Options& options) {
  if (!options.url.starts_with(kScheme) || options.url.size() == kScheme.size()) {
    throw DatabaseError(DatabaseError::Kind::cannot_open,
                        "cannot open the database: its url must be sqlite:<path> or "
                        "postgresql://…");
  }
  file_ = options.url.substr(kScheme.size());
  const bool in_memory = file_ == kMemory;
  const bool quotes = file_.find_first_of("=\"") != std::string::npos;
  if (quotes && file_.find_first_of(" \"") != std::string::npos) {
    throw DatabaseError(DatabaseError::Kind::cannot_open,
                        fmt::format("cannot open {}: a path with '\"', or with both '=' and a "
                                    "space, is not accepted",
                                    file_));
  }
  std::error_code error;
  if (!in_memory && !options.create && !std::filesystem::exists(file_, error)) {
    throw DatabaseError(DatabaseError::Kind::cannot_open,
                        fmt::format("there is no database at {}", file_));
  }
  const auto folder = std::filesystem::path(file_).parent_path();
  if (!in_memory && !folder.empty() && !std::filesystem::is_directory(folder, error)) {
    throw DatabaseError(
        DatabaseError::Kind::cannot_open,
        fmt::format("cannot open {}: the folder {} does not exist", file_, folder.string()));
  }
  spare_locks();
  connection_ = std::make_unique<soci::session>(soci::sqlite3, connect_string(file_));
  sqlite_api::sqlite3_extended_result_codes(handle(*connection_), 1);
}

void SqliteConnection::wait_for_locks(runtime::Millis longest) {
  session_->execute(fmt::format("PRAGMA busy_timeout = {}", longest.count()));
}

void SqliteConnection::set_rules(runtime::Millis busy_timeout) {
  wait_for_locks(busy_timeout);
  session_->execute("PRAGMA foreign_keys = ON");
  use_write_ahead_log(busy_timeout);
  // Nothing that was acknowledged may be lost with the power.
  session_->execute("PRAGMA synchronous = FULL");
}

void SqliteConnection::use_write_ahead_log(runtime::Millis busy_timeout) {
  std::string mode;
  soci::indicator indicator = soci::i_ok;
  // SQLite does not wait for its busy timeout here, and programs that start together collide.
  for (std::int64_t waited = 0;; waited += kJournalPauseMs) {
    try {
      *connection_ << "PRAGMA journal_mode = WAL", soci::into(mode, indicator);
      return;
    } catch (const soci::sqlite3_soci_error&) {
      const int code = sqlite_api::sqlite3_extended_errcode(handle(*connection_));
      const bool busy = (code & kPrimaryCode) == SQLITE_BUSY;
      if (!busy || waited >= busy_timeout.count()) throw;
    }
    sqlite_api::sqlite3_sleep(kJournalPauseMs);
  }
}

/// The file was there: one that is gone by now is an error, not a new database.
void SqliteConnection::reopen() {
  options_.create = false;
  session_.reset();
  connection_.reset();
  connect(options_);
  session_ = std::make_unique<Session>(*connection_, statements_);
  set_rules(options_.busy_timeout);
  broken_ = false;
}

void SqliteConnection::transact(bool write, const Database::Work& work) {
  try {
    if (broken_) reopen();
    run_transaction(write, work);
  } catch (...) {
    rethrow();
  }
}

void SqliteConnection::run_transaction(bool write, const Database::Work& work) {
  try {
    session_->query(write ? "session/begin_write" : "session/begin_read").run();
    work(*session_);
    session_->query("session/commit").run();
  } catch (const soci::soci_error& error) {
    // The code must be read before the rollback replaces it.
    const int code = sqlite_api::sqlite3_extended_errcode(handle(*connection_));
    const std::string detail = error.get_error_message();
    roll_back();
    raise(code, detail);
  } catch (...) {
    roll_back();
    throw;
  }
}

/// A statement that met a lock is still under way for SQLite, which waits for it to be tried again.
/// Until then no transaction can be committed, and the log behind its view of the file only grows.
void SqliteConnection::end_statements() {
  sqlite_api::sqlite3* const database = handle(*connection_);
  sqlite_api::sqlite3_stmt* statement = sqlite_api::sqlite3_next_stmt(database, nullptr);
  for (; statement != nullptr; statement = sqlite_api::sqlite3_next_stmt(database, statement)) {
    if (sqlite_api::sqlite3_stmt_busy(statement) != 0) sqlite_api::sqlite3_reset(statement);
  }
}

void SqliteConnection::roll_back() {
  end_statements();
  // On some errors (a full disk) SQLite has rolled back by itself.
  if (sqlite_api::sqlite3_get_autocommit(handle(*connection_)) != 0) return;
  try {
    session_->query("session/rollback").run();
  } catch (const soci::soci_error&) {
    // What led here is the error to tell. A database in memory would be lost with its connection.
    broken_ = file_ != kMemory;
  }
}

void SqliteConnection::rethrow() {
  try {
    throw;
  } catch (const soci::sqlite3_soci_error& error) {
    const bool open = connection_ != nullptr;
    const int code =
        open ? sqlite_api::sqlite3_extended_errcode(handle(*connection_)) : error.result();
    raise(code, error.get_error_message());
  } catch (const soci::soci_error& error) {
    throw DatabaseError(DatabaseError::Kind::other,
                        fmt::format("{}: {}", file_, error.get_error_message()));
  }
}

void SqliteConnection::raise(int code, const std::string& detail) const {
  using Kind = DatabaseError::Kind;
  const auto text = [&](const char* what) { return fmt::format("{} {}", file_, what); };
  const int primary = code & kPrimaryCode;
  const bool read_only = primary == SQLITE_CANTOPEN && is_read_only_place(file_);
  // A full disk shows as an error of the shared-memory file first, which cannot grow either.
  const bool full = code == SQLITE_IOERR_SHMSIZE;
  switch (read_only ? SQLITE_READONLY : full ? SQLITE_FULL : primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw DatabaseError(Kind::locked, text("is locked by another program: it held the database "
                                             "for longer than the busy timeout"));
    case SQLITE_READONLY:
      throw DatabaseError(Kind::read_only, text("cannot be written: the file, its folder or the "
                                                "file system is read-only"));
    case SQLITE_FULL:
      throw DatabaseError(Kind::full, text("cannot grow: the disk is full"));
    case SQLITE_CORRUPT:
      throw DatabaseError(Kind::corrupt, text("is damaged: restore it from a backup"));
    case SQLITE_NOTADB:
      throw DatabaseError(Kind::corrupt, text("is not an SQLite database"));
    case SQLITE_CONSTRAINT:
      if (detail.contains(kRetiredWords)) {
        throw DatabaseError(Kind::rejected, text(kRetiredAdvice));
      }
      if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
        throw DatabaseError(Kind::taken, fmt::format("{} does not take a row: {} (SQLite code {})",
                                                     file_, detail, code));
      }
      [[fallthrough]];
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      throw DatabaseError(Kind::rejected, fmt::format("{} does not take a row: {} (SQLite code {})",
                                                      file_, detail, code));
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      throw DatabaseError(Kind::cannot_open,
                          text("cannot be opened: check that it is a file, and whose it is"));
    default:
      throw DatabaseError(Kind::other, fmt::format("{}: {} (SQLite code {})", file_, detail, code));
  }
}

}  // namespace streaky::store

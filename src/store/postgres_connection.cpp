#include "store/postgres_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>

#include "store/migrate.h"
#include "store/postgres_url.h"

namespace streaky::store {

namespace {

using Kind = DatabaseError::Kind;

/// Runs of one transaction that has to give way to others; and what the first pause lasts.
constexpr int kMostRuns = 5;
constexpr std::chrono::milliseconds kPause{5};
/// A transaction that its program left in the middle, frozen or cut off, ends itself: it would hold
/// its rows' locks, and keep dead rows alive.
constexpr int kIdleMs = 30'000;
/// Clocks that differ by less count as equal: it is little beside a lease, and instants would waver
/// with every answer's delay.
constexpr runtime::Millis kClocksAgree{500};

/// The class of an SQLSTATE is its first two characters.
bool in_class(std::string_view state, std::string_view of) { return state.starts_with(of); }

/// Also what a standby says, which the server has become.
constexpr std::string_view kReadOnly = "25006";

/// How the tables end whose rows have no table of their day (store/day_tables.h).
constexpr std::string_view kDefaultTable = "_default\"";

/// Another run, on what is committed by then, can succeed.
class GiveWay : public DatabaseError {
 public:
  GiveWay(Kind kind, const std::string& message) : DatabaseError(kind, message) {}
};

/// See soci_headers.h.
#if defined(__clang__)
__attribute__((no_sanitize("vptr")))
#endif
PGconn*
handle(soci::session& connection) {
  return static_cast<soci::postgresql_session_backend*>(connection.get_backend())->conn_;
}

#if defined(__clang__)
__attribute__((no_sanitize("vptr")))
#endif
std::string
state_of(const soci::soci_error& error) {
  const auto* from_server = dynamic_cast<const soci::postgresql_soci_error*>(&error);
  return from_server == nullptr ? std::string() : from_server->sqlstate();
}

/// libpq would write what the server remarks on to the standard error output.
void ignore_notice(void* /*context*/, const char* /*text*/) {}

runtime::TimePoint system_now() {
  return std::chrono::floor<runtime::Millis>(std::chrono::system_clock::now());
}

/// The first line: the rest may quote the row.
std::string first_line(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  while (!line.empty() && (line.back() == '.' || line.back() == ' ')) line.pop_back();
  return line;
}

/// Why there is no connection: libpq's words, one line for each server that was tried, below SOCI's
/// own. They name hosts, users and databases, and never a password.
std::string reason_of(const std::string& text) {
  constexpr std::size_t kLongest = 600;
  std::string reason;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  const std::string general = first_line(line);
  while (std::getline(lines, line)) {
    line = first_line(line.substr(std::min(line.find_first_not_of(" \t"), line.size())));
    if (!line.empty()) reason += (reason.empty() ? "" : "; ") + line;
  }
  return reason.empty() ? general : reason.substr(0, kLongest);
}

}  // namespace

PostgresConnection::PostgresConnection(const Database::Options& options, Opening opening)
    : lock_timeout_ms_(options.busy_timeout.count()),
      clocks_apart_(options.clocks_apart),
      wall_(options.wall) {
  if (!wall_) wall_ = system_now;
  auto url = read_postgres_url(options.url);
  if (!url) {
    throw DatabaseError(Kind::cannot_open, "cannot open the database: " + url.error());
  }
  connect_ = std::move(url->connect);
  name_ = std::move(url->name);
  connect();
  if (opening == Opening::first) prepare_schema(options.create);
}

PostgresConnection::~PostgresConnection() { disconnect(); }

void PostgresConnection::keep_socket(int socket) {
  const std::scoped_lock lock(socket_mutex_);
  if (socket_ >= 0) close(socket_);
  socket_ = socket;
  cut_off_ = false;
}

void PostgresConnection::cut_off() {
  const std::scoped_lock lock(socket_mutex_);
  if (unhurried_ || socket_ < 0 || std::exchange(cut_off_, true)) return;
  shutdown(socket_, SHUT_RDWR);
}

bool PostgresConnection::was_cut_off() const {
  const std::scoped_lock lock(socket_mutex_);
  return cut_off_;
}

void PostgresConnection::disconnect() {
  keep_socket(-1);
  session_.reset();
  connection_.reset();
}

void PostgresConnection::connect() {
  disconnect();
  try {
    connection_ = std::make_unique<soci::session>(soci::postgresql, connect_);
  } catch (const soci::soci_error& error) {
    throw DatabaseError(Kind::cannot_open, fmt::format("{} cannot be opened: {}", name_,
                                                       reason_of(error.get_error_message())));
  }
  PQsetNoticeProcessor(handle(*connection_), ignore_notice, nullptr);
  keep_socket(fcntl(PQsocket(handle(*connection_)), F_DUPFD_CLOEXEC, 0));
  session_ = std::make_unique<Session>(*connection_, statements_, &unhurried_);
  session_->set_server_ahead(ahead_);
  session_->set_clocks_apart(clocks_apart_);
}

/// For the rest of the transaction.
void PostgresConnection::wait_for_locks(std::int64_t longest_ms) {
  session_->execute(fmt::format("SET LOCAL lock_timeout = {}", longest_ms));
}

/// What people are called and told is in Unicode.
void PostgresConnection::expect_unicode(Session& session) const {
  std::string encoding;
  session.query("session/encoding").into(encoding).one();
  if (encoding == "UTF8" || encoding == "SQL_ASCII") return;
  throw DatabaseError(
      Kind::cannot_open,
      fmt::format("{} is encoded in {}; Streaky needs one that is in UTF8", name_, encoding));
}

void PostgresConnection::prepare_schema(bool create) {
  Database::Work read = [this](Session& session) {
    expect_unicode(session);
    schema_version_ = read_schema_version(session, name_);
  };
  PostgresConnection::transact(false, read);
  if (schema_version_ == 0 && !create) {
    throw DatabaseError(Kind::cannot_open, name_ + " holds no Streaky");
  }
  known_schema_ = store::known_schema(*session_);
  const bool up_to_date = schema_version_ >= known_schema_;
  Database::Work write = [this, up_to_date](Session& session) {
    if (up_to_date) {
      session.query("session/touch").run();
      return;
    }
    wait_for_locks(kLongestMigration.count());
    session.lock("session/lock_migrations");
    wait_for_locks(lock_timeout_ms_);
    schema_version_ = migrate(session, name_);
  };
  PostgresConnection::transact(true, write);
}

void PostgresConnection::transact(bool write, const Database::Work& work) {
  for (int run = 1;; ++run) {
    try {
      run_transaction(write, work);
      return;
    } catch (const GiveWay& error) {
      if (run == kMostRuns) throw DatabaseError(error.kind(), error.what());
    }
    std::this_thread::sleep_for(kPause * run);
  }
}

bool PostgresConnection::lost() const {
  return connection_ == nullptr || PQstatus(handle(*connection_)) != CONNECTION_OK;
}

/// Settings are the transaction's own, whatever the role's are, sent together with its begin; the
/// answer is the server's time.
void PostgresConnection::begin(bool write) {
  const std::string text = fmt::format(
      "{}; SET LOCAL lock_timeout = {}; SET LOCAL idle_in_transaction_session_timeout = {}; "
      "SET LOCAL statement_timeout = 0; "
      "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
      statements_.text(write ? "session/begin_write" : "session/begin_read"), lock_timeout_ms_,
      kIdleMs);
  long long server_ms = 0;
  if (lost() || was_cut_off()) connect();
  try {
    *connection_ << text, soci::into(server_ms);
  } catch (const soci::soci_error&) {
    // A server that was started anew is noticed only now; nothing has happened yet. What was cut
    // off has taken long enough.
    if (!lost() || was_cut_off()) throw;
    connect();
    *connection_ << text, soci::into(server_ms);
  }
  compare_clocks(runtime::from_unix_ms(server_ms));
}

/// With every transaction: either clock may be set at any time.
void PostgresConnection::compare_clocks(runtime::TimePoint server) {
  const runtime::Millis ahead = server - wall_();
  if (std::chrono::abs(ahead - ahead_) < kClocksAgree) return;
  ahead_ = std::chrono::abs(ahead) < kClocksAgree ? runtime::Millis{0} : ahead;
  session_->set_server_ahead(ahead_);
}

void PostgresConnection::run_transaction(bool write, const Database::Work& work) {
  const char* doing = "";
  unhurried_ = false;
  try {
    begin(write);
    work(*session_);
    doing = " while it committed, so that the transaction may have happened or not";
    session_->query("session/commit").run();
  } catch (const soci::soci_error& error) {
    roll_back();
    // Another one may have taken over from it: the next transaction looks for it.
    if (state_of(error) == kReadOnly) disconnect();
    raise(error, doing);
  } catch (...) {
    roll_back();
    throw;
  }
}

void PostgresConnection::roll_back() {
  if (lost()) return;
  try {
    session_->query("session/rollback").run();
  } catch (const soci::soci_error&) {
    // It cannot be known what it is in the middle of: the next transaction connects anew.
    disconnect();
  }
}

void PostgresConnection::raise(const soci::soci_error& error, const char* doing) const {
  const std::string state = state_of(error);
  const auto text = [&](const char* what) { return fmt::format("{} {}", name_, what); };
  const std::string detail = first_line(error.get_error_message());
  if (state == kReadOnly) throw DatabaseError(Kind::read_only, text("is read-only"));
  if (was_cut_off()) {
    throw DatabaseError(Kind::lost, fmt::format("{} did not answer in time{}", name_, doing));
  }
  if (lost() || in_class(state, "08") || in_class(state, "57P")) {
    throw DatabaseError(Kind::lost, fmt::format("{} went away{}", name_, doing));
  }
  if (in_class(state, "40") || state == "23505") {
    // Two who insert the same at once: in the next run, one finds what the other has written.
    throw GiveWay(state == "23505" ? Kind::taken : Kind::locked,
                  fmt::format("{} does not take the changes: {} ({})", name_, detail, state));
  }
  if (state == "23514" && detail.contains(kDefaultTable)) {
    // The day got a table of its own after the statement had chosen the default one.
    throw GiveWay(Kind::rejected, fmt::format("{} has moved a day: {}", name_, detail));
  }
  if (state == "55P03") {
    throw DatabaseError(Kind::locked, text("is locked by another program: it held rows for longer "
                                           "than the busy timeout"));
  }
  if (state == "53100") {
    throw DatabaseError(Kind::full, text("cannot grow: the server's disk is full"));
  }
  if (in_class(state, "XX")) {
    throw DatabaseError(Kind::corrupt, fmt::format("{} is damaged: {} ({})", name_, detail, state));
  }
  if (state == "23514" && detail.contains(kRetiredWords)) {
    throw DatabaseError(Kind::rejected, text(kRetiredAdvice));
  }
  if (in_class(state, "22") || in_class(state, "23")) {
    throw DatabaseError(Kind::rejected,
                        fmt::format("{} does not take a row: {} ({})", name_, detail, state));
  }
  if (state == "42501") {
    throw DatabaseError(Kind::cannot_open,
                        fmt::format("{} does not let this user in: {}", name_, detail));
  }
  throw DatabaseError(Kind::other, fmt::format("{}: {} ({})", name_, detail, state));
}

}  // namespace streaky::store

#include "store/session.h"

#include <fmt/format.h>

#include <stdexcept>
#include <type_traits>
#include <utility>

#include "store/database.h"
#include "store/json_rows.h"

namespace streaky::store {

namespace {

template <typename T>
constexpr bool kIsText = std::is_same_v<T, std::string> || std::is_same_v<T, streak::Label> ||
                         std::is_same_v<T, std::optional<streak::Label>>;

/// Far longer than a bite of the scheduler holds its users.
constexpr int kBriefLockMs = 1'000;

}  // namespace

Query::Query(soci::statement& statement, bool by_day) : statement_(statement), by_day_(by_day) {}

Query::~Query() {
  try {
    // A statement that is left in the middle would keep its read transaction open.
    while (started_ && !ended_) {
      ended_ = true;
      ended_ = !statement_.fetch();
    }
    statement_.bind_clean_up();
  } catch (const std::exception&) {
    // Only after an error that is on its way out already; the next run resets the statement.
    started_ = false;
  }
}

Query& Query::bind(const char* name, std::int64_t value) {
  parameters_.push_back({name, value, {}, false});
  return *this;
}

Query& Query::bind(const char* name, std::string value) {
  parameters_.push_back({name, 0, std::move(value), true});
  return *this;
}

Query& Query::bind(const char* name, runtime::TimePoint value) {
  return bind(name, runtime::to_unix_ms(value));
}

Query& Query::within(streak::LabelRange days) {
  if (!by_day_) return *this;
  return bind("first_day", streak::to_text(days.from)).bind("last_day", streak::to_text(days.to));
}

void Query::add_target(Target target) {
  Column column;
  column.target = target;
  column.is_text = std::visit(
      [](auto* pointer) { return kIsText<std::remove_pointer_t<decltype(pointer)>>; }, target);
  columns_.push_back(std::move(column));
}

void Query::attach() {
  for (Column& column : columns_) {
    if (column.is_text) {
      statement_.exchange(soci::into(column.text, column.indicator));
    } else {
      statement_.exchange(soci::into(column.number, column.indicator));
    }
  }
  for (Parameter& parameter : parameters_) {
    if (parameter.is_text) {
      statement_.exchange(soci::use(parameter.text, parameter.name));
    } else {
      statement_.exchange(soci::use(parameter.number, parameter.name));
    }
  }
  statement_.define_and_bind();
}

bool Query::next() {
  if (ended_) return false;
  if (!started_) {
    attach();
    started_ = true;
    ended_ = true;
    statement_.execute(false);
  }
  // Ended unless told otherwise: SQLite would run a statement that failed again from its start.
  ended_ = true;
  ended_ = !statement_.fetch();
  if (!ended_) hand_over();
  return !ended_;
}

std::int64_t Query::run() {
  attach();
  started_ = true;
  ended_ = true;
  statement_.execute(true);
  return statement_.get_affected_rows();
}

void Query::one() {
  if (!next()) throw std::logic_error("a query that always has a row gave none");
}

void Query::hand_over() {
  for (Column& column : columns_) {
    const bool null = column.indicator == soci::i_null;
    const std::int64_t number = null ? 0 : column.number;
    if (null) column.text.clear();
    const auto give = [&](auto* target) {
      using T = std::remove_pointer_t<decltype(target)>;
      if constexpr (std::is_same_v<T, std::string>) {
        *target = column.text;
      } else if constexpr (std::is_same_v<T, streak::Label>) {
        *target = streak::parse_label(column.text).value_or(streak::Label{});
      } else if constexpr (std::is_same_v<T, std::optional<streak::Label>>) {
        *target = streak::parse_label(column.text);
      } else if constexpr (std::is_same_v<T, std::optional<std::int64_t>>) {
        *target = null ? T{} : T{number};
      } else if constexpr (std::is_same_v<T, std::optional<runtime::TimePoint>>) {
        *target = null ? T{} : T{runtime::from_unix_ms(number)};
      } else if constexpr (std::is_same_v<T, runtime::TimePoint>) {
        *target = runtime::from_unix_ms(number);
      } else if constexpr (std::is_same_v<T, bool>) {
        *target = number != 0;
      } else {
        *target = static_cast<T>(number);
      }
    };
    std::visit(give, column.target);
  }
}

Query Session::query(const std::string& name) {
  auto& slot = prepared_[name];
  if (!slot) {
    auto statement = std::make_unique<soci::statement>(connection_);
    statement->alloc();
    const bool kept = statements_.dialect() == Dialect::sqlite;
    statement->prepare(statements_.text(name), kept ? soci::details::st_repeatable_query
                                                    : soci::details::st_one_time_query);
    slot = std::move(statement);
  }
  return Query(*slot, statements_.dialect() == Dialect::postgres);
}

void Session::lock(const std::string& name, const std::vector<std::int64_t>& ids) {
  if (statements_.dialect() == Dialect::sqlite) return;
  query(name).bind("ids", to_json(ids)).run();
}

void Session::lock(const std::string& name, std::int64_t id) {
  if (statements_.dialect() == Dialect::sqlite) return;
  query(name).bind("id", id).run();
}

void Session::announce_work() {
  if (statements_.dialect() == Dialect::postgres) execute("NOTIFY streaky_jobs");
}

void Session::need_not_last() {
  if (statements_.dialect() == Dialect::postgres) execute("SET LOCAL synchronous_commit = off");
}

void Session::expect_sound_clocks() const {
  if (std::chrono::abs(ahead_) <= clocks_apart_) return;
  throw DatabaseError(
      DatabaseError::Kind::clocks,
      fmt::format("this machine's clock is {} {} the database's: set the one that is wrong "
                  "(store.clocks_apart, at most {} here)",
                  runtime::to_human(std::chrono::abs(ahead_)),
                  ahead_.count() < 0 ? "ahead of" : "behind", runtime::to_human(clocks_apart_)));
}

void Session::wait_briefly() {
  if (statements_.dialect() == Dialect::sqlite) return;
  execute(fmt::format("SET LOCAL lock_timeout = {}", kBriefLockMs));
}

void Session::lock(const std::string& name) {
  if (statements_.dialect() == Dialect::postgres) query(name).run();
}

}  // namespace streaky::store

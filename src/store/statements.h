// The SQL of one dialect, by name. Private to store/.
//
// A file `sql/<dialect>/jobs.sql` holds blocks that begin with a line `-- name: claim`; such a
// block is the statement `jobs/claim`. Migrations are the files `sql/<dialect>/migrations/
// 0001_first.sql`: statements that each end with a semicolon at the end of a line, outside of `$$`.
// Lines that hold nothing but a comment are left out. Immutable after construction: any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace streaky::store {

struct Migration {
  int version = 0;
  std::string name;
  std::vector<std::string> statements;
};

enum class Dialect { sqlite, postgres };

class Statements {
 public:
  explicit Statements(Dialect dialect);

  [[nodiscard]] Dialect dialect() const { return dialect_; }
  /// A name that does not exist is a bug: std::logic_error.
  [[nodiscard]] const std::string& text(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  /// By version, without gaps, from 1.
  [[nodiscard]] const std::vector<Migration>& migrations() const { return migrations_; }

 private:
  void add_file(std::string_view stem, std::string_view text);
  void add_migration(std::string_view file, std::string_view text);

  Dialect dialect_;
  std::map<std::string, std::string> by_name_;
  std::vector<Migration> migrations_;
};

}  // namespace streaky::store

// The rule for migrations (CONTRIBUTING.md): programs of the version before go on working beside
// them, or the migration says from which version on they do.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "store/statements.h"

namespace streaky::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;

constexpr auto kWhole = std::regex::icase;

/// What a migration does that older programs may not live with. Knows what they can, and takes
/// everything else for a breach: a new table, index or nullable column, one with a default, and
/// whatever happens to what the migration itself has made.
class Review {
 public:
  explicit Review(const Migration& migration) {
    for (const std::string& statement : migration.statements) look_at(one_line(statement));
  }

  [[nodiscard]] const Words& breaches() const { return breaches_; }
  /// From which version on programs can work beside it, where it says so.
  [[nodiscard]] std::optional<int> raises_to() const { return raises_to_; }

 private:
  static std::string one_line(const std::string& text) {
    static const std::regex space("\\s+");
    return std::regex_replace(text, space, " ");
  }

  void look_at(const std::string& statement) {
    static const std::regex raise("UPDATE schema_compatibility SET compatible_from = (\\d+)",
                                  kWhole);
    static const std::regex first(
        "INSERT INTO schema_compatibility \\(one, compatible_from\\) VALUES \\(1, (\\d+)\\)",
        kWhole);
    std::smatch found;
    if (std::regex_match(statement, found, raise) || std::regex_match(statement, found, first)) {
      raises_to_ = std::stoi(found[1]);
    } else if (!is_new(statement) && !is_column(statement) && !fills_new(statement)) {
      breaches_.push_back(statement);
    }
  }

  bool is_new(const std::string& statement) {
    static const std::regex table("CREATE TABLE (\\w+) .*", kWhole);
    static const std::regex index("CREATE (UNIQUE )?INDEX \\w+ ON (\\w+) .*", kWhole);
    static const std::regex setting("ALTER TABLE (\\w+) SET \\([^()]*\\)", kWhole);
    std::smatch found;
    if (std::regex_match(statement, found, table)) {
      made_.insert(found[1]);
      return true;
    }
    if (std::regex_match(statement, found, index)) return !found[1].matched || made(found[2]);
    return std::regex_match(statement, setting);
  }

  bool is_column(const std::string& statement) {
    static const std::regex column("ALTER TABLE (\\w+) ADD COLUMN (\\w+) (.*)", kWhole);
    static const std::regex unique("\\b(UNIQUE|PRIMARY KEY)\\b", kWhole);
    static const std::regex not_null("\\bNOT NULL\\b", kWhole);
    static const std::regex by_default("\\bDEFAULT\\b", kWhole);
    std::smatch found;
    if (!std::regex_match(statement, found, column)) return false;
    const std::string rules = found[3];
    made_.insert(found.str(1) + "." + found.str(2));
    const bool given = std::regex_search(rules, by_default) || !std::regex_search(rules, not_null);
    return given && !std::regex_search(rules, unique);
  }

  /// Rows of a new table, values of a new column.
  bool fills_new(const std::string& statement) {
    static const std::regex rows("INSERT INTO (\\w+) .*", kWhole);
    static const std::regex values("UPDATE (\\w+) SET (\\w+) = [^,]*", kWhole);
    std::smatch found;
    if (std::regex_match(statement, found, rows)) return made(found[1]);
    return std::regex_match(statement, found, values) &&
           (made(found[1]) || made(found.str(1) + "." + found.str(2)));
  }

  bool made(const std::string& name) const { return made_.contains(name); }

  std::set<std::string> made_;  // tables, and columns as `table.column`
  Words breaches_;
  std::optional<int> raises_to_;
};

Words breaches_of(Words statements) {
  const Migration migration{.version = 99, .name = "x", .statements = std::move(statements)};
  return Review(migration).breaches();
}

TEST(Migrations, WhatOlderProgramsCanLiveWithIsNoBreach) {
  EXPECT_THAT(
      breaches_of({"CREATE TABLE t (\n  id BIGINT NOT NULL PRIMARY KEY\n)",
                   "CREATE UNIQUE INDEX t_id ON t (id)", "INSERT INTO t (id) VALUES (1)",
                   "ALTER TABLE users ADD COLUMN a TEXT",
                   "ALTER TABLE users ADD COLUMN b INTEGER NOT NULL\n  DEFAULT 0",
                   "UPDATE users SET a = login WHERE id < 5", "CREATE INDEX users_a ON users (a)",
                   "ALTER TABLE users SET (fillfactor = 50)"}),
      IsEmpty());
}

TEST(Migrations, WhatTheyMayNotLiveWithIsABreach) {
  for (const char* statement :
       {"DROP TABLE jobs", "ALTER TABLE users DROP COLUMN login",
        "ALTER TABLE users RENAME COLUMN login TO name", "ALTER TABLE users RENAME TO people",
        "ALTER TABLE users ALTER COLUMN id TYPE TEXT",
        "ALTER TABLE users ADD COLUMN c TEXT NOT NULL",
        "ALTER TABLE users ALTER COLUMN word_date SET NOT NULL",
        "ALTER TABLE users ADD CONSTRAINT x CHECK (id > 0)",
        "ALTER TABLE users ADD COLUMN c TEXT UNIQUE", "CREATE UNIQUE INDEX x ON users (login)",
        "UPDATE users SET status = 'gone'", "DELETE FROM users",
        "INSERT INTO users (id) VALUES (1)",
        "CREATE TRIGGER x BEFORE INSERT ON users BEGIN SELECT 1; END", "DROP INDEX users_due"}) {
    EXPECT_THAT(breaches_of({statement}), ElementsAre(statement));
  }
}

/// Where it begins to be told for whom a schema is; programs from before refuse any newer one.
int first_told(const Statements& statements) {
  for (const Migration& migration : statements.migrations()) {
    if (Review(migration).raises_to()) return migration.version;
  }
  return 0;
}

class MigrationFiles : public testing::TestWithParam<Dialect> {};

TEST_P(MigrationFiles, ProgramsOfTheVersionBeforeCanWorkBesideThemOrAreTold) {
  const Statements statements(GetParam());
  const int first = first_told(statements);
  ASSERT_GT(first, 0);
  int from = 0;
  for (const Migration& migration : statements.migrations()) {
    const Review review(migration);
    if (review.raises_to()) {
      EXPECT_LE(*review.raises_to(), migration.version) << migration.name;
      EXPECT_GT(*review.raises_to(), from) << migration.name;
      from = *review.raises_to();
    } else if (migration.version > first) {
      EXPECT_THAT(review.breaches(), IsEmpty())
          << migration.name
          << ": an older program may not live with this. Do it in two releases (CONTRIBUTING.md), "
             "or "
             "say for whom the schema is: UPDATE schema_compatibility SET compatible_from = …";
    }
    if (migration.version == first) EXPECT_EQ(from, first) << "its own number";
  }
}

INSTANTIATE_TEST_SUITE_P(Dialects, MigrationFiles,
                         testing::Values(Dialect::sqlite, Dialect::postgres));

}  // namespace
}  // namespace streaky::store

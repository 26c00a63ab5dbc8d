#include "store/statements.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace streaky::store {
namespace {

using Names = std::set<std::string>;

/// What is bound: `:name` outside of quotes.
Names parameters_of(const std::string& text) {
  static const std::regex quoted("'[^']*'");
  static const std::regex parameter(":([a-z_]+)");
  const std::string bare = std::regex_replace(text, quoted, "");
  Names names;
  for (std::sregex_iterator at(bare.begin(), bare.end(), parameter), end; at != end; ++at) {
    names.insert((*at)[1]);
  }
  return names;
}

/// Without the statements about the connection itself, the locks, and the tables by day, which
/// SQLite does not need.
Names shared_names(const Statements& statements) {
  Names names;
  for (const std::string& name : statements.names()) {
    const bool lock = name.find("/lock") != std::string::npos;
    const bool original = name.starts_with("original/");  // of a file that is not ours
    const bool by_day = name.starts_with("day_tables/");
    if (!name.starts_with("session/") && !lock && !original && !by_day) names.insert(name);
  }
  return names;
}

TEST(Statements, BothDialectsHaveTheSameAndBindTheSame) {
  const Statements sqlite(Dialect::sqlite);
  const Statements postgres(Dialect::postgres);
  const Names names = shared_names(sqlite);
  EXPECT_EQ(names, shared_names(postgres));
  EXPECT_GT(names.size(), 60U);
  int bound = 0;
  for (const std::string& name : names) {
    const Names parameters = parameters_of(sqlite.text(name));
    Names on_postgres = parameters_of(postgres.text(name));
    const bool from = on_postgres.erase("first_day") != 0;
    EXPECT_EQ(on_postgres.erase("last_day") != 0, from) << name;
    EXPECT_EQ(parameters, on_postgres) << name;
    bound += static_cast<int>(parameters.size());
  }
  EXPECT_GT(bound, 100);
}

TEST(Statements, MigrationsHaveTheSameNamesInBothDialects) {
  const Statements sqlite(Dialect::sqlite);
  const Statements postgres(Dialect::postgres);
  ASSERT_EQ(sqlite.migrations().size(), postgres.migrations().size());
  for (std::size_t i = 0; i < sqlite.migrations().size(); ++i) {
    EXPECT_EQ(sqlite.migrations()[i].name, postgres.migrations()[i].name);
  }
}

TEST(Statements, AFunctionOfAMigrationStaysInOnePiece) {
  const Statements postgres(Dialect::postgres);
  int functions = 0;
  for (const Migration& migration : postgres.migrations()) {
    for (const std::string& statement : migration.statements) {
      if (!statement.starts_with("CREATE FUNCTION")) continue;
      ++functions;
      EXPECT_TRUE(statement.ends_with("$$")) << statement;
    }
  }
  EXPECT_EQ(functions, 1);
}

}  // namespace
}  // namespace streaky::store

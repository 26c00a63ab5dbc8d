// No statement may walk a table that grows with users, jobs or deliveries.
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

class PlansTest : public StoreTest {
 protected:
  std::vector<std::string> query_plan_of(const std::string& name) {
    std::vector<std::string> lines;
    Database::Work work = [&](Session& session) {
      int id = 0;
      int parent = 0;
      int unused = 0;
      std::string detail;
      soci::statement rows =
          (session.connection().prepare << "EXPLAIN QUERY PLAN " + session.statements().text(name),
           soci::into(id), soci::into(parent), soci::into(unused), soci::into(detail));
      rows.execute();
      while (rows.fetch()) lines.push_back(detail);
    };
    wait(s_->database.read(work));
    return lines;
  }
};

TEST_P(PlansTest, HotStatementsWalkNoTable) {
  // These walk an index that holds nothing but what they are about.
  const std::set<std::string> whole_index = {
      "jobs/extend SCAN jobs USING INDEX jobs_leased",
      "jobs/extend_deliveries SCAN deliveries USING INDEX deliveries_leased",
      "jobs/next_due SCAN jobs USING INDEX jobs_due",  // to its first living row
      "jobs/next_due SCAN jobs USING INDEX jobs_due_alone",
      "jobs/next_due SCAN deliveries USING INDEX deliveries_due",
      "users/count_active SCAN users USING INDEX users_due",
      "batches/newest SCAN batches USING INDEX batches_created",
      "schedule/next_due SCAN users USING COVERING INDEX users_due",
      "members/end_job_leases SCAN jobs USING INDEX jobs_leased",
      "members/end_delivery_leases SCAN deliveries USING INDEX deliveries_leased",
      // By its own order, the newest few.
      "operator_log/newest SCAN operator_actions"};
  // For rotation and the doctor, a few times a year; for operators who want to see all channels;
  // and a table with a row per token of the service's.
  const std::set<std::string> whole_table = {"sealed_values/count", "sealed_values/any_with",
                                             "health/channels", "health/off_reasons",
                                             "token_slices/forget",
                                             // At each start, of a few rows.
                                             "operator_accounts/keep_only"};
  // As few rows as there are processes; `backlog` counts what waits, for people.
  const auto of_the_fleet = [](const std::string& name) {
    return name.starts_with("members/") && !name.starts_with("members/end_");
  };
  // When somebody moves house; the original's file is not ours.
  const auto rare = [](const std::string& name) {
    return name.starts_with("move/") || name.starts_with("original/");
  };
  const std::regex scan("SCAN (\\w+).*");
  Statements statements(Dialect::sqlite);
  int looked = 0;
  for (const std::string& name : statements.names()) {
    if (name.starts_with("session/") || rare(name) || of_the_fleet(name) ||
        whole_table.contains(name))
      continue;
    for (const std::string& line : query_plan_of(name)) {
      ++looked;
      std::smatch found;
      if (!std::regex_match(line, found, scan)) continue;
      const bool virtual_table = line.find("VIRTUAL TABLE") != std::string::npos;
      const bool handed_in = found[1] == "n";  // the rows that came with the statement
      const bool subquery =
          handed_in || found[1] == "t" || found[1] == "places" || found[1] == "CONSTANT";
      EXPECT_TRUE(virtual_table || subquery || whole_index.contains(name + " " + line))
          << name << ": " << line;
    }
  }
  EXPECT_GT(looked, 100);
}

TEST_P(PlansTest, ClaimsFollowTheirIndexWithoutSorting) {
  const std::map<std::string, std::string> expected = {
      {"jobs/claim", "jobs_due "},
      {"jobs/claim_alone", "jobs_due_alone "},
      {"deliveries/claim", "deliveries_due "},
      {"schedule/due", "users_due "},
      {"upkeep/return_jobs", "jobs_leased "},
      {"upkeep/return_deliveries", "deliveries_leased "},
      {"upkeep/expire_jobs", "jobs_expiring "},
      {"upkeep/expire_deliveries", "deliveries_expiring "}};
  for (const auto& [name, index] : expected) {
    bool uses = false;
    for (const std::string& line : query_plan_of(name)) {
      uses = uses || line.find("INDEX " + index) != std::string::npos;
      EXPECT_EQ(line.find("TEMP B-TREE"), std::string::npos) << name << ": " << line;
    }
    EXPECT_TRUE(uses) << name << " does not use " << index;
  }
}

STREAKY_STORE_SUITE_ON(PlansTest, Dialect::sqlite);

}  // namespace
}  // namespace streaky::store

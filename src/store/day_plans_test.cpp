// On PostgreSQL, what runs all the time looks into the tables of few days, however many there are.
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

using std::chrono::days;

class DayPlansTest : public StoreTest {
 protected:
  /// A statement with something of the right kind for each of its parameters.
  static std::string with_values(const std::string& text, streak::LabelRange within) {
    static const std::set<std::string> rows = {"ids",     "ends",    "deliveries", "reminders",
                                               "jobs",    "results", "channels",   "keys",
                                               "streaks", "owners"};
    static const std::set<std::string> texts = {"owner", "code",  "reason", "state", "id",
                                                "batch", "login", "date",   "zone"};
    static const std::regex parameter(":([a-z_]+)");
    std::string filled;
    auto from = text.cbegin();
    for (std::sregex_iterator at(text.begin(), text.end(), parameter), end; at != end; ++at) {
      const std::string name = (*at)[1];
      filled.append(from, text.cbegin() + at->position());
      from = text.cbegin() + at->position() + at->length();
      if (name == "first_day") {
        filled += "'" + streak::to_text(within.from) + "'";
      } else if (name == "last_day") {
        filled += "'" + streak::to_text(within.to) + "'";
      } else if (rows.contains(name)) {
        filled += "'[]'";
      } else {
        filled += texts.contains(name) ? "''" : "7";
      }
    }
    return filled.append(from, text.cend());
  }

  /// The tables by day that a statement would look into.
  std::set<std::string> tables_of(const std::string& statement) {
    static const std::regex table(R"( on ((jobs|deliveries)_(\d+|default|before))\b)");
    std::set<std::string> tables;
    for (const std::string& line : plan_of(statement)) {
      std::smatch found;
      if (std::regex_search(line, found, table)) tables.insert(found[1]);
    }
    return tables;
  }

  void make_ninety_days() {
    Database::Work work = [](Session& session) {
      for (const DayTableKind& kind : {kJobsByDay, kDeliveriesByWeek}) {
        const days kept = kind.each == days{1} ? days{8} : days{98};
        auto tables = list_day_tables(session, kind);
        for (streak::Label day = kToday - kept; day <= kToday + days{7}; day += days{1}) {
          const auto missing = missing_day_table(tables, kind, day);
          if (!missing) continue;
          make_first_day_table(session, kind, *missing);
          tables.push_back(*missing);
        }
      }
    };
    wait(s_->database.write(work));
  }
};

TEST_P(DayPlansTest, WhatRunsAllTheTimeLooksAtFewDays) {
  // By one user, batch or id: when a person looks or edits, and for what is cleaned.
  const std::set<std::string> all_days = {"batches/failed_jobs",
                                          "batches/failures",
                                          "batches/jobs",
                                          "batches/retry_deliveries",
                                          "batches/retry_jobs",
                                          "deliveries/history",
                                          "deliveries/page",
                                          "hand_reminders/standings",
                                          "job_search/find",
                                          "job_search/hurry",
                                          "job_search/of_batch",
                                          "job_search/of_user",
                                          "job_search/retry",
                                          "jobs/looks",
                                          "jobs/release",
                                          "members/end_job_leases",
                                          "members/end_delivery_leases",
                                          "schedule/insert_jobs",
                                          "upkeep/clean_batches",
                                          "users/delivery_counts",
                                          "users/job_counts",
                                          "users/lock_deliveries",
                                          "users/lock_jobs",
                                          "users/mark",
                                          "users/told_on"};
  make_ninety_days();
  const std::set<std::string> allowed = {"jobs_20260805", "jobs_20260806", "jobs_20260807",
                                         "deliveries_20260730", "deliveries_20260806"};
  const std::regex about(R"(\b(FROM|JOIN|UPDATE|INTO) (jobs|deliveries)\b)");
  const Statements statements(Dialect::postgres);
  int looked = 0;
  for (const std::string& name : statements.names()) {
    const std::string& text = statements.text(name);
    if (name.starts_with("move/") || name.starts_with("day_tables/")) continue;
    if (!std::regex_search(text, about) || all_days.contains(name)) continue;
    const bool cleans = name.starts_with("upkeep/clean_");
    ASSERT_NE(text.find(":first_day"), std::string::npos) << name << " looks at all days";
    if (cleans) continue;
    const auto tables = tables_of(with_values(text, days_around(kNow)));
    EXPECT_FALSE(tables.empty()) << name;
    for (const std::string& table : tables) {
      EXPECT_TRUE(allowed.contains(table)) << name << " looks into " << table;
    }
    ++looked;
  }
  EXPECT_GE(looked, 25);
}

TEST_P(DayPlansTest, WhatIsCleanedRowByRowIsNotLookedForInYoungTables) {
  make_ninety_days();
  const Statements statements(Dialect::postgres);
  const auto old = days_until(kNow - days{99});
  EXPECT_EQ(tables_of(with_values(statements.text("upkeep/clean_deliveries"), old)),
            std::set<std::string>({"deliveries_default", "deliveries_20260430"}));
}

TEST_P(DayPlansTest, OnePersonsMessagesAreInSixteenTables) {
  make_ninety_days();
  const Statements statements(Dialect::postgres);
  const auto tables = tables_of(with_values(statements.text("deliveries/history"), {}));
  EXPECT_LE(tables.size(), 18U);
  EXPECT_GE(tables.size(), 15U);
}

STREAKY_STORE_SUITE_ON(DayPlansTest, Dialect::postgres);

}  // namespace
}  // namespace streaky::store

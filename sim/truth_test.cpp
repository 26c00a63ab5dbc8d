// The oracle, and the people whom it judges.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "sim/test_support.h"

namespace streaky::sim {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): helpers of this room's tests
using std::chrono::hours;

struct Case {
  const char* name;
  Person person;
  Truth truth;
  int streak;
};

Person make(const char* zone, int streak, bool today, bool tomorrow = false) {
  Person result = with_streak("alice", streak, zone);
  result.today = today;
  result.tomorrow = tomorrow;
  return result;
}

Person resting(int streak, std::uint8_t bits) {
  Person result = make("UTC", streak, false);
  result.rest_bits = bits;
  return result;
}

Person seen_as(Privacy privacy, OwnToken token) {
  Person result = make("UTC", 5, false);
  result.privacy = privacy;
  result.token = token;
  return result;
}

Person known_as(Account account, IdForm form) {
  Person result = make("UTC", 5, false);
  result.account = account;
  result.id_form = form;
  return result;
}

class Oracle : public ::testing::TestWithParam<Case> {};

TEST_P(Oracle, JudgesByTheRules) {
  World world{WorldOptions{}};
  world.people().add(GetParam().person);
  const Expectation expected = world.expects(world.people().at(0), kNow);
  EXPECT_STREQ(to_text(expected.truth), to_text(GetParam().truth));
  EXPECT_EQ(expected.streak, GetParam().streak);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Oracle,
    ::testing::Values(
        Case{"at_risk", make("UTC", 7, false), Truth::at_risk, 7},
        Case{"long_streak", make("UTC", 2'000, false), Truth::at_risk, 2'000},
        Case{"safe", make("UTC", 7, true), Truth::safe, 8},
        Case{"first_day", make("UTC", 0, true), Truth::safe, 1},
        Case{"no_streak", make("UTC", 0, false), Truth::no_streak, 0},
        // Noon in UTC is 21:00 in Tokyo; 7 August exists in Kiritimati already.
        Case{"tomorrow_saves", make("Asia/Tokyo", 7, false, true), Truth::safe, 8},
        // Thursday is bit 4.
        Case{"rest_day", resting(7, 0b0010000), Truth::day_off, 7},
        Case{"dead_token", seen_as(Privacy::private_only, OwnToken::dead), Truth::no_streak, 0},
        Case{"private_unseen", seen_as(Privacy::private_only, OwnToken::plain), Truth::no_streak,
             0},
        Case{"private_seen", seen_as(Privacy::private_only, OwnToken::repo), Truth::at_risk, 5},
        Case{"shared", seen_as(Privacy::shared, OwnToken::plain), Truth::at_risk, 5},
        Case{"unknown", known_as(Account::unknown, IdForm::node), Truth::gone, 0},
        Case{"renamed", known_as(Account::renamed, IdForm::none), Truth::gone, 0},
        Case{"renamed_by_id", known_as(Account::renamed, IdForm::node), Truth::at_risk, 5}),
    [](const auto& info) { return info.param.name; });

TEST(OracleTime, TomorrowsLabelExistsOnlyWhereSomewhereItIsThatDay) {
  World world{WorldOptions{}};
  world.people().add(make("Asia/Tokyo", 7, false, true));
  const Person& person = world.people().at(0);
  EXPECT_EQ(world.expects(person, instant("2026-08-06T09:59:59Z")).truth, Truth::at_risk);
  EXPECT_EQ(world.expects(person, instant("2026-08-06T10:00:00Z")).truth, Truth::safe);
}

TEST(OracleTime, TheDayIsTheUsersOwn) {
  World world{WorldOptions{}};
  Person person = make("America/Los_Angeles", 7, false);
  person.diligence = 0;
  world.people().add(person);
  const Person& alice = world.people().at(0);
  // 07:00 UTC is midnight in Los Angeles.
  EXPECT_EQ(world.expects(alice, instant("2026-08-07T06:59:59Z")).truth, Truth::at_risk);
  EXPECT_EQ(world.expects(alice, instant("2026-08-07T06:59:59Z")).minutes_left, 1);
  EXPECT_EQ(world.expects(alice, instant("2026-08-07T07:00:00Z")).truth, Truth::no_streak);
}

TEST(OracleTime, ContributionsAndMorningsCount) {
  World world{WorldOptions{}};
  world.people().add(make("UTC", 7, false));
  const Person& alice = world.people().at(0);
  world.activity().set_morning(true);
  EXPECT_EQ(world.expects(alice, kNow).truth, Truth::safe);
  world.activity().set_morning(false);
  EXPECT_EQ(world.expects(alice, kNow).truth, Truth::at_risk);
  world.activity().contribute(alice, day("2026-08-06"), 2, kNow + hours{1});
  EXPECT_EQ(world.expects(alice, kNow).truth, Truth::at_risk);
  EXPECT_EQ(world.expects(alice, kNow + hours{1}).truth, Truth::safe);
  EXPECT_EQ(world.expects(alice, kNow + hours{1}).streak, 8);
}

TEST(OracleTime, LaterDaysFillInWithTime) {
  World world{WorldOptions{}};
  Person person = make("UTC", 7, true);
  person.diligence = 100;
  world.people().add(person);
  const Person& alice = world.people().at(0);
  EXPECT_EQ(world.expects(alice, instant("2026-08-09T00:00:00Z")).streak, 10);
  EXPECT_EQ(world.expects(alice, instant("2026-08-09T23:59:59Z")).streak, 11);
}

TEST(SeededPeople, AreManifoldAndRepeatable) {
  World world{WorldOptions{}};
  SeedOptions options;
  options.users = 5'000;
  options.seed = 7;
  world.seed(options, kNow);
  std::map<Truth, int> truths;
  std::set<int> zones;
  int over_a_year = 0;
  int most = 0;
  for (const Person& person : world.people()) {
    const Expectation expected = world.expects(person, kNow);
    ++truths[expected.truth];
    zones.insert(person.zone);
    over_a_year += expected.streak > 366 ? 1 : 0;
    most = std::max(most, expected.streak);
  }
  for (const Truth truth :
       {Truth::safe, Truth::at_risk, Truth::no_streak, Truth::day_off, Truth::gone}) {
    EXPECT_GT(truths[truth], 5) << to_text(truth);
  }
  EXPECT_GT(truths[Truth::at_risk], 1'500);
  EXPECT_EQ(zones.size(), Zones::names().size());
  EXPECT_GT(over_a_year, 50);
  EXPECT_GT(most, 2'000);
  World other{WorldOptions{}};
  other.seed(options, kNow);
  EXPECT_EQ(import_lines(other.people()), import_lines(world.people()));
  options.seed = 8;
  other.seed(options, kNow);
  EXPECT_NE(import_lines(other.people()), import_lines(world.people()));
}

TEST(SeededPeople, ImportLinesHaveTheRealForms) {
  World world{WorldOptions{}};
  SeedOptions options;
  options.users = 500;
  world.seed(options, kNow);
  std::string lines = import_lines(world.people());
  std::size_t count = 0;
  for (std::size_t start = 0; start < lines.size(); ++count) {
    const std::size_t end = lines.find('\n', start);
    const boost::json::object line =
        boost::json::parse(lines.substr(start, end - start)).as_object();
    const Person& person = world.people().at(count);
    EXPECT_EQ(line.at("login").as_string(), People::imported_login(person));
    EXPECT_EQ(line.contains("discord_webhook"), person.discord != DiscordState::none);
    EXPECT_EQ(line.contains("telegram"), person.telegram != TelegramState::none);
    start = end + 1;
  }
  EXPECT_EQ(count, 500U);
}

TEST(SeededPeople, EveryNameLeadsBack) {
  World world{WorldOptions{}};
  SeedOptions options;
  options.users = 2'000;
  world.seed(options, kNow);
  const People& people = world.people();
  for (const Person& person : people) {
    if (person.account != Account::unknown) {
      EXPECT_EQ(people.by_login(person.login), &person);
      EXPECT_EQ(people.by_node_id(People::node_id(person)), &person);
      EXPECT_EQ(people.by_node_id(People::legacy_node_id(person)), &person);
    }
    if (person.token != OwnToken::none) {
      EXPECT_EQ(people.by_own_token(People::own_token(person)), &person);
    }
    if (person.telegram != TelegramState::none) {
      EXPECT_EQ(people.by_chat(People::imported_chat(person)), &person);
      EXPECT_EQ(people.by_chat(People::present_chat(person)), &person);
    }
  }
  EXPECT_TRUE(people.by_node_id(People::node_id(people.at(0))) != nullptr ||
              people.at(0).account == Account::unknown);
  EXPECT_EQ(People::node_id(Person{}).substr(0, 6), "U_kgDO");
}

}  // namespace
}  // namespace streaky::sim

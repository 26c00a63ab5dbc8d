// What the simulated GitHub refuses before it runs a query, and what it takes.
#include <gtest/gtest.h>

#include "sim/test_support.h"

namespace streaky::sim {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): helpers of this room's tests

class Graphql : public ::testing::Test {
 protected:
  Graphql() : world_(WorldOptions{}) {
    Person alice = with_streak("alice", 3);
    alice.today = true;
    world_.people().add(alice);
    world_.people().add(with_streak("bob", 10));
  }

  World world_;
};

struct Refusal {
  const char* name;
  const char* source;
  const char* code;
};

class GraphqlRefusal : public Graphql, public ::testing::WithParamInterface<Refusal> {};

TEST_P(GraphqlRefusal, SaysWhyAndGivesNoData) {
  const Answer answer = ask(world_, GetParam().source);
  EXPECT_EQ(answer.response.status, 200);
  EXPECT_EQ(at(answer, "/data"), "") << answer.response.body;
  EXPECT_EQ(at(answer, "/errors/0/extensions/code"), '"' + std::string(GetParam().code) + '"')
      << answer.response.body;
}

INSTANTIATE_TEST_SUITE_P(
    Schema, GraphqlRefusal,
    ::testing::Values(
        Refusal{"field", "{user(login:\"alice\"){shoeSize}}", "undefinedField"},
        Refusal{"email", "{viewer{email}}", "undefinedField"},
        Refusal{"field_on_interface", "{node(id:\"x\"){login}}", "undefinedField"},
        Refusal{"introspection", "{__schema{types{name}}}", "undefinedField"},
        Refusal{"argument", "{user(login:\"alice\",age:3){id}}", "argumentNotAccepted"},
        Refusal{"time_zone", "{viewer{contributionsCollection(timeZone:\"UTC\"){startedAt}}}",
                "argumentNotAccepted"},
        Refusal{"missing_argument", "{user{id}}", "missingRequiredArguments"},
        Refusal{"twice", "{user(login:\"a\",login:\"b\"){id}}", "argumentNotUnique"},
        Refusal{"literal", "{user(login:5){id}}", "argumentLiteralsIncompatible"},
        Refusal{"null_literal", "{user(login:null){id}}", "argumentLiteralsIncompatible"},
        Refusal{"date", "{viewer{contributionsCollection(from:\"yesterday\"){startedAt}}}",
                "argumentLiteralsIncompatible"},
        Refusal{"undefined_variable", "{user(login:$l){id}}", "variableNotDefined"},
        Refusal{"unused_variable", "query($l:String){viewer{id}}", "variableNotUsed"},
        Refusal{"mismatch", "query($l:Int!){user(login:$l){id}}", "variableMismatch"},
        Refusal{"nullable", "query($l:String){user(login:$l){id}}", "variableMismatch"},
        Refusal{"list_mismatch", "query($i:[ID]!){nodes(ids:$i){id}}", "variableMismatch"},
        Refusal{"string_for_date",
                "query($f:String){viewer{contributionsCollection(from:$f){startedAt}}}",
                "variableMismatch"},
        Refusal{"input_type", "query($u:User){viewer{id}}", "variableRequiresValidType"},
        Refusal{"fragment", "{viewer{...F}}", "useAndDefineFragment"},
        Refusal{"unused_fragment", "{viewer{id}} fragment F on User{id}", "useAndDefineFragment"},
        Refusal{"loop", "{viewer{...F}} fragment F on User{...G} fragment G on User{...F}",
                "infiniteLoop"},
        Refusal{"fragment_type", "{viewer{...on Repository{id}}}", "undefinedType"},
        Refusal{"spread", "{rateLimit{...on User{id}}}", "cannotSpreadFragment"},
        Refusal{"no_selection", "{viewer}", "selectionMismatch"},
        Refusal{"too_much_selection", "{viewer{login{x}}}", "selectionMismatch"},
        Refusal{"conflict", "{viewer{x:login x:id}}", "fieldConflict"},
        Refusal{"argument_conflict", "{u:user(login:\"a\"){id} u:user(login:\"b\"){id}}",
                "fieldConflict"},
        Refusal{"directive", "{viewer{id @upper}}", "undefinedDirective"},
        Refusal{"mutation", "mutation{viewer{id}}", "missingmutationConfiguration"}),
    [](const auto& info) { return info.param.name; });

TEST_F(Graphql, UndefinedFieldHasGithubsShape) {
  const Answer answer = ask(world_, "{user(login:\"alice\"){shoeSize}}");
  EXPECT_EQ(at(answer, "/errors/0/path"), R"(["query","user","shoeSize"])");
  EXPECT_EQ(at(answer, "/errors/0/message"), R"("Field 'shoeSize' doesn't exist on type 'User'")");
  EXPECT_EQ(at(answer, "/errors/0/locations"), R"([{"line":1,"column":22}])");
  EXPECT_EQ(at(answer, "/errors/0/type"), "");
}

TEST_F(Graphql, SyntaxErrorsAreRefused) {
  for (const char* source : {"{viewer{id}", "{}", "", "{viewer{id}}}", "query($a){viewer{id}}",
                             "{viewer{id ~}}", "fragment on on User{id}", "{viewer(x:\"){id}}"}) {
    const Answer answer = ask(world_, source);
    EXPECT_EQ(at(answer, "/data"), "") << source;
    EXPECT_NE(at(answer, "/errors/0/message"), "") << source;
  }
}

TEST_F(Graphql, BombsAreRefused) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) {
    deep += "{viewer";
  }
  EXPECT_NE(at(ask(world_, deep), "/errors/0/message"), "");
  std::string wide = "{viewer{...F0}}";
  for (int i = 0; i < 30; ++i) {
    const std::string next = "...F" + std::to_string(i + 1) + " ";
    wide.append(" fragment F").append(std::to_string(i)).append(" on User{");
    wide.append(next).append(next).append(next).append("}");
  }
  wide += " fragment F30 on User{id}";
  EXPECT_NE(at(ask(world_, wide), "/errors/0/message"), "");
}

TEST_F(Graphql, SeveralOperationsNeedAName) {
  const std::string source = "query A{viewer{login}} query B{rateLimit{cost}}";
  EXPECT_EQ(at(ask(world_, source), "/errors/0/message"), R"("An operation name is required")");
  boost::json::object fields{{"query", source}, {"operationName", "B"}};
  Request request = query(source);
  request.body = boost::json::serialize(fields);
  EXPECT_EQ(at(world_.handle(Service::github, request, kNow), "/data"),
            R"({"rateLimit":{"cost":1}})");
}

TEST_F(Graphql, VariablesAreCheckedAgainstTheirTypes) {
  const std::string source = "query($l:String!){user(login:$l){login}}";
  EXPECT_EQ(at(ask(world_, source, {{"l", "alice"}}), "/data/user/login"), R"("alice")");
  EXPECT_EQ(at(ask(world_, source, {{"l", 5}}), "/data"), "");
  EXPECT_EQ(
      at(ask(world_, source, {{"l", nullptr}}), "/errors/0/extensions/problems/0/explanation"),
      R"("Expected value to not be null")");
  EXPECT_EQ(at(ask(world_, source), "/data"), "");
  const std::string list = "query($i:[ID!]!){nodes(ids:$i){id}}";
  EXPECT_EQ(at(ask(world_, list, {{"i", boost::json::array{nullptr}}}), "/data"), "");
}

TEST_F(Graphql, AliasesFragmentsAndDirectivesWork) {
  const Answer answer =
      ask(world_,
          "query($no:Boolean!){a:user(login:\"ALICE\"){...F login} b:user(login:\"bob\"){...on "
          "Node{id} "
          "name @include(if:$no) url @skip(if:true)}} fragment F on User{login __typename}",
          {{"no", false}});
  EXPECT_EQ(at(answer, "/data/a"), R"({"login":"alice","__typename":"User"})");
  EXPECT_EQ(at(answer, "/data/b"), R"({"id":")" + People::node_id(world_.people().at(1)) + R"("})");
}

TEST_F(Graphql, TheShippedQueriesAreAccepted) {
  const boost::json::object window{{"from", "2026-08-04T00:00:00Z"},
                                   {"to", "2026-08-07T23:59:59Z"}};
  boost::json::object nodes = window;
  nodes["ids"] = boost::json::array{People::node_id(world_.people().at(0)),
                                    People::legacy_node_id(world_.people().at(1)), "nonsense"};
  const Answer by_id = ask(world_, shipped_query("q-nodes.graphql"), nodes);
  EXPECT_EQ(at(by_id, "/data/nodes/0/login"), R"("alice")");
  EXPECT_EQ(at(by_id, "/data/nodes/1/login"), R"("bob")");
  EXPECT_EQ(at(by_id, "/data/nodes/2"), "null");
  EXPECT_EQ(at(by_id, "/errors/0/path"), R"(["nodes",2])");
  EXPECT_EQ(at(by_id, "/errors/0/type"), R"("NOT_FOUND")");
  EXPECT_EQ(at(by_id, "/data/rateLimit/remaining"), "4999");

  boost::json::object logins = window;
  logins["l0"] = "alice";
  logins["l1"] = "nope";
  const Answer by_login = ask(world_, shipped_query("q-aliases.graphql"), logins);
  const std::string calendar = "/data/u0/contributionsCollection/contributionCalendar";
  EXPECT_EQ(at(by_login, calendar + "/weeks/0/firstDay"), R"("2026-08-04")");
  EXPECT_EQ(at(by_login, calendar + "/weeks/0/contributionDays/0/weekday"), "2");
  EXPECT_EQ(at(by_login, calendar + "/weeks/0/contributionDays/3/contributionCount"), "0");
  EXPECT_EQ(at(by_login, "/data/u0/contributionsCollection/startedAt"),
            R"("2026-08-04T00:00:00Z")");
  EXPECT_EQ(at(by_login, "/data/u1"), "null");
  EXPECT_EQ(at(by_login, "/errors/0/message"),
            R"("Could not resolve to a User with the login of 'nope'.")");
  EXPECT_EQ(at(by_login, "/errors/0/path"), R"(["u1"])");
}

TEST_F(Graphql, WeeksRunFromSundayAndMayBePartial) {
  const Answer answer =
      ask(world_,
          "{user(login:\"alice\"){contributionsCollection(from:\"2026-08-06T00:00:00Z\","
          "to:\"2026-08-10T00:00:00Z\"){isSingleDay contributionCalendar{weeks{firstDay "
          "contributionDays{date weekday contributionLevel color}} months{name totalWeeks}}}}}");
  const std::string weeks = "/data/user/contributionsCollection/contributionCalendar/weeks";
  EXPECT_EQ(at(answer, weeks + "/0/firstDay"), R"("2026-08-06")");
  EXPECT_EQ(at(answer, weeks + "/0/contributionDays/2/weekday"), "6");
  EXPECT_EQ(at(answer, weeks + "/0/contributionDays/3"), "");
  EXPECT_EQ(at(answer, weeks + "/1/firstDay"), R"("2026-08-09")");
  EXPECT_EQ(at(answer, weeks + "/1/contributionDays/1/contributionLevel"), R"("NONE")");
  EXPECT_EQ(at(answer, weeks + "/2"), "");
}

}  // namespace
}  // namespace streaky::sim

// What programs do with the API: by token and by session, each resource, and what is refused.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "store/batches.h"
#include "support/site.h"
#include "web/routes.h"

namespace streaky::web {
namespace {

namespace json = boost::json;
using test::Browser;
using test::header_of;
using test::Program;
using test::TestSite;

class ApiTest : public testing::Test {
 protected:
  void SetUp() override {
    webhook_ = site_.settle_person("ada");
    site_.settle_person("eve");
    ada_.sign_in("ada");
    eve_.sign_in("eve");
    site_.finish_looks();
    token_ = ada_.make_api_token("a script");
    program_ = std::make_unique<Program>(site_, token_);
  }

  store::User user(const std::string& login = "ada") {
    store::Users users(site_.database);
    return site_.wait(users.find({.login = login, .node_id = {}, .database_id = {}})).value();
  }
  /// The program asks; limits do not stand in the way.
  net::ServerResponse ask(const std::string& method, const std::string& target,
                          std::string body = "", std::vector<net::HttpHeader> headers = {}) {
    site_.pass(std::chrono::minutes{1});
    return program_->ask(method, target, std::move(body), std::move(headers));
  }
  json::value read(const std::string& target) {
    const auto answer = ask("GET", target);
    EXPECT_EQ(answer.status, 200) << target << ": " << answer.body;
    return json::parse(answer.body);
  }
  static std::string code_of(const net::ServerResponse& answer) {
    EXPECT_EQ(answer.content_type, "application/problem+json") << answer.body;
    return std::string(json::parse(answer.body).at("code").as_string());
  }
  std::string discord_body() { return R"({"kind":"discord","webhook":")" + webhook_ + "\"}"; }

  TestSite site_{{.operators = {"ada"}}};
  Browser ada_{site_, "203.0.113.1"};
  Browser eve_{site_, "203.0.113.2"};
  std::string webhook_;
  std::string token_;
  std::unique_ptr<Program> program_;
};

TEST_F(ApiTest, ATokenIsShownOnceAndOpensTheApiUntilItIsRevoked) {
  ASSERT_EQ(token_.size(), 43U);
  EXPECT_EQ(read("/api/v1/profile").at("login").as_string(), "ada");
  EXPECT_EQ(read("/api/v1/profile").at("signed_in_by").as_string(), "token");
  const std::string html = ada_.get("/settings").body;
  EXPECT_TRUE(html.contains("a script"));
  EXPECT_FALSE(html.contains(token_)) << "it is shown again";
  EXPECT_FALSE(html.contains("last used never"));
  const auto data = json::parse(ada_.get("/export").body);
  EXPECT_EQ(data.at("api_tokens").as_array().at(0).at("name").as_string(), "a script");
  EXPECT_FALSE(ada_.get("/export").body.contains(token_));
  const auto listed = site_.wait(store::ApiTokens(site_.database).list(user().id));
  const std::string path = "/settings/api-tokens/" + std::to_string(listed.at(0).id) + "/revoke";
  EXPECT_EQ(ada_.submit("/settings", path, {}).status, 303);
  EXPECT_EQ(ask("GET", "/api/v1/profile").status, 401);
}

TEST_F(ApiTest, ATokenNeedsANameAndThereAreSoManyAndNoMore) {
  EXPECT_EQ(ada_.make_api_token(""), "");
  EXPECT_EQ(ada_.make_api_token(std::string(61, 'x')), "");
  for (int i = 1; i < store::kMostApiTokens; ++i) {
    site_.pass(std::chrono::minutes{1});
    EXPECT_NE(ada_.make_api_token("t" + std::to_string(i)), "");
  }
  EXPECT_TRUE(ada_.submit("/settings", "/settings/api-tokens", {{"name", "more"}})
                  .body.contains("revoke one first"));
}

TEST_F(ApiTest, ATokenThatDoesNotWorkIsRefusedWhateverTheCookieSays) {
  for (const std::string& value :
       {std::string("Bearer ") + std::string(43, 'x'), std::string("Bearer"),
        std::string("Basic x"), "Token " + token_, "Bearer " + token_ + "x"}) {
    const auto answer = ada_.send("GET", "/api/v1/profile", "", {{"Authorization", value}});
    EXPECT_EQ(answer.status, 401) << value;
    EXPECT_EQ(code_of(answer), "bad_token");
    EXPECT_EQ(header_of(answer, "WWW-Authenticate"), "Bearer");
  }
  EXPECT_EQ(ada_.send("GET", "/dashboard", "", {{"Authorization", "Bearer " + token_}}).status,
            200);
  Browser stranger(site_);
  const auto page = stranger.send("GET", "/dashboard", "", {{"Authorization", "Bearer " + token_}});
  EXPECT_EQ(page.status, 303) << "a token opens the API alone";
}

TEST_F(ApiTest, DeletingTheAccountEndsItsTokens) {
  EXPECT_EQ(ada_.submit("/delete", "/delete", {}).status, 303);
  EXPECT_EQ(ask("GET", "/api/v1/profile").status, 401);
}

TEST_F(ApiTest, ASessionWritesWithTheProofOfItsPagesAlone) {
  const std::string proof = Browser::csrf_of(ada_.get("/settings").body);
  const auto patch = [this](std::vector<net::HttpHeader> headers) {
    headers.push_back({"Content-Type", "application/json"});
    return ada_.send("PATCH", "/api/v1/settings", R"({"daily_summary":true})", std::move(headers))
        .status;
  };
  EXPECT_EQ(patch({}), 403);
  EXPECT_EQ(patch({{"X-CSRF-Token", proof}, {"Origin", "https://evil.example"}}), 403);
  EXPECT_FALSE(user().daily_summary);
  EXPECT_EQ(patch({{"X-CSRF-Token", proof}}), 200);
  EXPECT_TRUE(user().daily_summary);
  EXPECT_EQ(json::parse(ada_.get("/api/v1/profile").body).at("signed_in_by").as_string(),
            "session");
}

TEST_F(ApiTest, SettingsAreChangedInPart) {
  const auto answer = ask("PATCH", "/api/v1/settings",
                          R"({"time_zone":"Asia/Tokyo","remind_at":["22:30","21:30"],
                              "rest_days":["sat"],"public_card":true})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  const auto settings = read("/api/v1/settings");
  EXPECT_EQ(settings, json::parse(answer.body));
  EXPECT_EQ(settings.at("time_zone").as_string(), "Asia/Tokyo");
  EXPECT_EQ(settings.at("remind_at"), json::parse(R"(["21:30","22:30"])"));
  EXPECT_EQ(settings.at("rest_days"), json::parse(R"(["sat"])"));
  EXPECT_TRUE(settings.at("public_card").as_bool());
  EXPECT_EQ(ask("PATCH", "/api/v1/settings", R"({"rest_days":null})").status, 200);
  EXPECT_EQ(user().time_zone, "Asia/Tokyo") << "what is not named stays";
  EXPECT_EQ(read("/api/v1/settings").at("rest_days"), json::parse("[]"));
}

TEST_F(ApiTest, APauseIsSetAndEnded) {
  EXPECT_EQ(ask("PATCH", "/api/v1/settings", R"({"pause":{"until":"2026-08-31"}})").status, 200);
  EXPECT_EQ(read("/api/v1/settings").at("pause").at("until").as_string(), "2026-08-31");
  EXPECT_EQ(ask("PATCH", "/api/v1/settings", R"({"pause":{"until":null}})").status, 200);
  EXPECT_EQ(user().status, store::UserStatus::paused);
  EXPECT_EQ(ask("PATCH", "/api/v1/settings", R"({"pause":null})").status, 200);
  EXPECT_EQ(user().status, store::UserStatus::active);
  EXPECT_TRUE(read("/api/v1/settings").at("pause").is_null());
}

TEST_F(ApiTest, WhatCannotBeIsNamedAndChangesNothing) {
  const auto before = user().settings_version;
  const struct {
    const char* body;
    const char* says;
  } cases[] = {{R"({"time_zone":"Europe/Berln"})", "Europe/Berlin"},
               {R"({"time_zone":7})", "text in quotes"},
               {R"({"timezone":"UTC"})", "did you mean time_zone"},
               {R"({"remind_at":["25:00"]})", "from 00:00 to 23:59"},
               {R"({"remind_at":"20:00"})", "a list"},
               {R"({"daily_summary":"yes"})", "true or false"},
               {R"({"public_card":null})", "true or false"},
               {R"({"github_token":"hunter2"})", "github_token: expected"},
               {R"({"pause":true})", "pause: expected"},
               {R"({"pause":{"until":"soon"}})", "pause: expected"},
               {R"({"pause":{"til":"2026-08-31"}})", "pause: expected"},
               {R"({"pause":{"until":"2020-01-01"}})", "from today on"},
               {R"({"login":"eve"})", "unknown field"},
               {R"({"daily_summary":true,"discord_webhook":null})", "unknown field"}};
  for (const auto& one : cases) {
    const auto answer = ask("PATCH", "/api/v1/settings", one.body);
    EXPECT_EQ(answer.status, 422) << one.body;
    EXPECT_TRUE(answer.body.contains(one.says)) << one.body << ": " << answer.body;
    EXPECT_FALSE(answer.body.contains("hunter2"));
  }
  EXPECT_EQ(user().settings_version, before);
}

TEST_F(ApiTest, ChannelsAreAddedTriedReplacedAndRemoved) {
  const auto made = ask("POST", "/api/v1/channels", discord_body());
  EXPECT_EQ(made.status, 201) << made.body;
  const std::string place = header_of(made, "Location");
  EXPECT_EQ(json::parse(made.body), read(place));
  EXPECT_FALSE(made.body.contains(webhook_.substr(webhook_.rfind('/') + 1)));
  EXPECT_EQ(code_of(ask("POST", "/api/v1/channels", discord_body())), "channel_exists");
  const auto tried = ask("POST", place + "/test");
  EXPECT_TRUE(json::parse(tried.body).at("arrived").as_bool()) << tried.body;
  EXPECT_EQ(site_.world.ledger().entries().size(), 1U);
  site_.world.people().at(0).discord = sim::DiscordState::deleted;
  EXPECT_FALSE(json::parse(ask("POST", place + "/test").body).at("arrived").as_bool());
  EXPECT_FALSE(read(place).at("on").as_bool());
  const auto replaced = ask("PUT", place, discord_body());
  EXPECT_EQ(replaced.status, 200) << replaced.body;
  EXPECT_TRUE(read(place).at("on").as_bool()) << "who gives it anew wants it tried again";
  EXPECT_EQ(ask("DELETE", place).status, 204);
  EXPECT_EQ(ask("DELETE", place).status, 404);
  EXPECT_TRUE(read("/api/v1/channels").at("channels").as_array().empty());
}

TEST_F(ApiTest, AChannelIsMadeQuietOrLoud) {
  const std::string place = header_of(ask("POST", "/api/v1/channels", discord_body()), "Location");
  EXPECT_EQ(read(place).at("level").as_string(), "normal");
  const auto changed = ask("PATCH", place, R"({"level":"loud"})");
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(read(place).at("level").as_string(), "loud");
  for (const char* body : {R"({})", R"({"level":null})", R"({"level":"LOUD"})",
                           R"({"level":"quiet","webhook":"x"})"}) {
    EXPECT_EQ(code_of(ask("PATCH", place, body)), "bad_field") << body;
  }
  EXPECT_EQ(read(place).at("level").as_string(), "loud");
}

TEST_F(ApiTest, AChannelThatIsNoneIsRefused) {
  const auto made = ask("POST", "/api/v1/channels", discord_body());
  const std::string place = header_of(made, "Location");
  const char* bodies[] = {R"({})",
                          R"({"kind":"pigeon"})",
                          R"({"kind":7})",
                          R"({"kind":"discord"})",
                          R"({"kind":"discord","webhook":null})",
                          R"({"kind":"discord","webhook":"https://evil.example/api/webhooks/1/x"})",
                          R"({"kind":"telegram"})",
                          R"({"kind":"telegram","chat_id":null})",
                          R"({"kind":"telegram","chat_id":1})",
                          R"({"kind":"telegram","chat_id":1,"token":"nonsense"})",
                          R"({"kind":"telegram","chat_id":1,"webhook":"x"})"};
  for (const char* body : bodies) {
    EXPECT_EQ(code_of(ask("POST", "/api/v1/channels", body)), "bad_field") << body;
    EXPECT_EQ(code_of(ask("PUT", place, body)), "bad_field") << body;
  }
  EXPECT_EQ(user().channels.size(), 1U);
  const std::string bot = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11";
  const auto group = ask("POST", "/api/v1/channels",
                         R"({"kind":"telegram","chat_id":-1001234567890,"token":")" + bot + "\"}");
  EXPECT_EQ(group.status, 201) << group.body;
  EXPECT_EQ(user().channels.size(), 2U);
}

TEST_F(ApiTest, TheStreakIsAsItWasLastSeenAndALookBringsTheNews) {
  const auto seen = read("/api/v1/streak");
  EXPECT_EQ(seen.at("streak").at("length").as_int64(), 41);
  EXPECT_FALSE(seen.at("looking").as_bool());
  site_.pass(std::chrono::hours{1});
  const auto look = program_->ask("POST", "/api/v1/checks");
  EXPECT_EQ(look.status, 202);
  EXPECT_TRUE(json::parse(program_->get("/api/v1/streak").body).at("looking").as_bool());
  site_.finish_looks();
  EXPECT_NE(read("/api/v1/streak").at("streak").at("seen_at"), seen.at("streak").at("seen_at"));
}

TEST_F(ApiTest, ARepeatedRequestGetsTheSameAnswer) {
  const auto post = [this](const std::string& key, std::string body) {
    return ask("POST", "/api/v1/channels", std::move(body), {{"Idempotency-Key", key}});
  };
  const auto first = post("one", discord_body());
  EXPECT_EQ(first.status, 201);
  const auto again = post("one", discord_body());
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(header_of(again, "Location"), header_of(first, "Location"));
  EXPECT_EQ(header_of(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(header_of(first, "Idempotent-Replayed"), "");
  EXPECT_EQ(code_of(post("one", R"({"kind":"discord"})")), "idempotency_key_reused");
  EXPECT_EQ(code_of(post("two", discord_body())), "channel_exists");
  EXPECT_EQ(header_of(post("two", discord_body()), "Idempotent-Replayed"), "true");
  EXPECT_EQ(code_of(post(std::string(129, 'k'), discord_body())), "bad_idempotency_key");
  EXPECT_EQ(code_of(post("a b", discord_body())), "bad_idempotency_key");
  Program eves(site_, eve_.make_api_token("Eve's"), "203.0.113.10");
  const auto other =
      eves.ask("POST", "/api/v1/channels", discord_body(), {{"Idempotency-Key", "one"}});
  EXPECT_EQ(header_of(other, "Idempotent-Replayed"), "") << "Ada's answer is given to Eve";
}

TEST_F(ApiTest, WhatOurOwnTroubleEndedIsNotKept) {
  site_.site.stop();
  const std::vector<net::HttpHeader> key = {{"Idempotency-Key", "k"}};
  const auto busy = ask("POST", "/api/v1/checks", "", key);
  EXPECT_EQ(code_of(busy), "busy");
  EXPECT_EQ(header_of(busy, "Retry-After"), "1");
  EXPECT_EQ(header_of(ask("POST", "/api/v1/checks", "", key), "Idempotent-Replayed"), "");
}

TEST_F(ApiTest, BodiesThatAreNoneAreRefused) {
  EXPECT_EQ(code_of(ask("PATCH", "/api/v1/settings", "{")), "bad_json");
  EXPECT_EQ(code_of(ask("PATCH", "/api/v1/settings", "[1]")), "bad_json");
  EXPECT_EQ(code_of(ask("PATCH", "/api/v1/settings", "{\"a\":\"\xFF\"}")), "bad_json");
  EXPECT_EQ(
      code_of(ask("PATCH", "/api/v1/settings", std::string(100, '[') + std::string(100, ']'))),
      "bad_json");
  EXPECT_EQ(code_of(ask("PATCH", "/api/v1/settings", "\"" + std::string(kMostFormBytes, 'x'))),
            "too_large");
  const auto form = ada_.send("PATCH", "/api/v1/settings", "a=1",
                              {{"Content-Type", "application/x-www-form-urlencoded"},
                               {"X-CSRF-Token", Browser::csrf_of(ada_.get("/settings").body)}});
  EXPECT_EQ(code_of(form), "wrong_type");
  EXPECT_EQ(code_of(ask("POST", "/api/v1/checks", R"({"now":true})")), "bad_field");
  const auto wrong = ask("POST", "/api/v1/settings", "{}");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(header_of(wrong, "Allow"), "GET, HEAD, PATCH");
  EXPECT_EQ(code_of(ada_.get("/api/v1/nothing")), "not_found") << "no page, even for browsers";
}

TEST_F(ApiTest, OperatorsRunRoundsAndTheirJobs) {
  const auto begun = ask("POST", "/api/v1/operator/batches");
  ASSERT_EQ(begun.status, 201) << begun.body;
  const auto batch = read(header_of(begun, "Location"));
  EXPECT_EQ(batch.at("jobs").as_int64(), 2);
  const std::string id(batch.at("id").as_string());
  const std::string jobs = "/api/v1/operator/jobs?batch=" + id;
  const auto page = read(jobs + "&limit=1");
  EXPECT_EQ(page.at("jobs").as_array().size(), 1U);
  const std::string cursor(page.at("next_cursor").as_string());
  const auto rest = read(jobs + "&limit=1&cursor=" + cursor);
  EXPECT_TRUE(rest.at("next_cursor").is_null());
  EXPECT_NE(rest.at("jobs").at(0).at("id"), page.at("jobs").at(0).at("id"));
  const auto adas = read("/api/v1/operator/jobs?login=ADA&state=pending");
  ASSERT_EQ(adas.at("jobs").as_array().size(), 1U);
  const std::string job =
      "/api/v1/operator/jobs/" + std::to_string(adas.at("jobs").at(0).at("id").as_int64());
  EXPECT_EQ(adas.at("jobs").at(0), read(job));
  const auto run = ask("POST", job + "/run");
  EXPECT_EQ(run.status, 200);
  EXPECT_NE(json::parse(run.body).at("due_at"), adas.at("jobs").at(0).at("due_at"));
  EXPECT_EQ(code_of(ask("POST", job + "/retry")), "not_to_retry") << "it has not failed";
  EXPECT_EQ(read("/api/v1/operator/jobs?login=nobody").at("jobs").as_array().size(), 0U);
  EXPECT_EQ(code_of(ask("GET", "/api/v1/operator/jobs")), "bad_search");
  EXPECT_EQ(code_of(ask("GET", jobs + "&state=lost")), "bad_search");
  EXPECT_EQ(code_of(ask("GET", "/api/v1/operator/jobs/999")), "not_found");
}

TEST_F(ApiTest, AFailedJobIsTriedAgainOnce) {
  ask("POST", "/api/v1/operator/batches");
  store::Jobs jobs(site_.database);
  const auto now = site_.clock.now();
  const auto claimed = site_.wait(jobs.claim("w", 1, false, now, now + std::chrono::seconds{30}));
  ASSERT_EQ(claimed.size(), 1U);
  store::JobOutcome outcome;
  outcome.job_id = claimed[0].id;
  outcome.attempt = claimed[0].attempt;
  outcome.user_id = claimed[0].user.id;
  outcome.settings_version = claimed[0].user.settings_version;
  outcome.end = store::JobEnd::failed;
  outcome.error = "deadline";
  site_.wait(jobs.finish("w", {outcome}, now, now + std::chrono::seconds{30}));
  const std::string job = "/api/v1/operator/jobs/" + std::to_string(claimed[0].id);
  EXPECT_EQ(read(job).at("error").as_string(), "deadline");
  EXPECT_EQ(code_of(ask("POST", job + "/run")), "not_waiting");
  const auto retried = ask("POST", job + "/retry");
  EXPECT_EQ(retried.status, 200) << retried.body;
  EXPECT_EQ(read(job).at("state").as_string(), "pending");
  const auto batch = site_.wait(store::Batches(site_.database).find(claimed[0].batch_id));
  EXPECT_EQ(batch->count("pending"), 2);
  EXPECT_EQ(batch->count("failed"), 0);
  EXPECT_EQ(code_of(ask("POST", job + "/retry")), "not_to_retry");
  EXPECT_EQ(
      json::parse(ask("POST", "/api/v1/operator/batches/" + claimed[0].batch_id + "/retry").body)
          .at("retried")
          .as_int64(),
      0);
}

TEST_F(ApiTest, OperatorsFindUsersPauseAndResumeThem) {
  const auto all = read("/api/v1/operator/users?limit=1");
  EXPECT_EQ(all.at("users").as_array().size(), 1U);
  const std::string cursor(all.at("next_cursor").as_string());
  EXPECT_EQ(read("/api/v1/operator/users?cursor=" + cursor).at("users").as_array().size(), 1U);
  const auto found = read("/api/v1/operator/users?login=EVE").at("users").at(0);
  EXPECT_EQ(found.at("login").as_string(), "eve");
  const std::string eve = "/api/v1/operator/users/" + std::to_string(found.at("id").as_int64());
  EXPECT_EQ(read(eve), found);
  EXPECT_EQ(ask("POST", eve + "/pause").status, 200);
  EXPECT_EQ(user("eve").status, store::UserStatus::paused);
  EXPECT_EQ(ask("POST", eve + "/resume").status, 200);
  EXPECT_EQ(user("eve").status, store::UserStatus::active);
  const auto log = site_.wait(store::OperatorLog(site_.database).newest(5));
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0].action, "resumed");
  EXPECT_EQ(log[0].who, "ada");
  EXPECT_EQ(read("/api/v1/operator/users?login=nobody").at("users").as_array().size(), 0U);
}

TEST_F(ApiTest, PagesThatAreNoneAreRefused) {
  for (const char* query : {"limit=0", "limit=101", "limit=x", "cursor=!", "cursor=AAAA",
                            "cursor=MSAAMQ", "cursor=IDE"}) {
    EXPECT_EQ(code_of(ask("GET", std::string("/api/v1/deliveries?") + query)), "bad_page") << query;
  }
}

TEST_F(ApiTest, OtherSitesReadNothingUnlessTheyAreNamed) {
  const std::vector<net::HttpHeader> origin = {{"Origin", "https://app.example"}};
  EXPECT_EQ(header_of(ask("GET", "/api/v1/profile", "", origin), "Access-Control-Allow-Origin"),
            "");
  TestSite open({.cors_origins = {"https://app.example"}});
  open.settle_person("bob");
  Browser bob(open);
  bob.sign_in("bob");
  Program program(open, bob.make_api_token("an app"));
  const auto answer = program.ask("GET", "/api/v1/profile", "", origin);
  EXPECT_EQ(header_of(answer, "Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(header_of(answer, "Access-Control-Allow-Credentials"), "");
  const auto other =
      program.ask("GET", "/api/v1/profile", "", {{"Origin", "https://evil.example"}});
  EXPECT_EQ(header_of(other, "Access-Control-Allow-Origin"), "");
  EXPECT_EQ(header_of(other, "Vary"), "Origin");
  const auto preflight = [&bob](const std::string& from, const std::string& path) {
    return bob.send("OPTIONS", path, "",
                    {{"Origin", from}, {"Access-Control-Request-Method", "PATCH"}});
  };
  const auto may = preflight("https://app.example", "/api/v1/settings");
  EXPECT_EQ(may.status, 204);
  EXPECT_TRUE(header_of(may, "Access-Control-Allow-Methods").contains("PATCH"));
  EXPECT_EQ(preflight("https://evil.example", "/api/v1/settings").status, 405);
  EXPECT_EQ(preflight("https://app.example", "/settings").status, 405);
}

}  // namespace
}  // namespace streaky::web

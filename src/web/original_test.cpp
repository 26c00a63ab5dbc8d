// The original's contract, as its site and its cron use it.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "crypto/tokens.h"
#include "runtime/bytes.h"
#include "store/batches.h"
#include "support/site.h"

namespace streaky::web {
namespace {

namespace json = boost::json;
using test::Browser;
using test::header_of;
using test::TestSite;
using Headers = std::vector<net::HttpHeader>;

constexpr const char* kSecret = "shared-with-the-original";
constexpr const char* kPat = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
constexpr const char* kBot = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11";

class OriginalTest : public testing::Test {
 protected:
  void SetUp() override {
    webhook_ = site_.settle_person("ada");
    Browser ada(site_);
    ada.sign_in("ada");
    site_.finish_looks();
    github_id_ = user().database_id.value();
  }

  store::User user() { return site_.wait(store::Users(site_.database).list(0, 10)).front(); }
  net::ServerResponse ask(const std::string& method, const std::string& target, std::string body,
                          Headers headers, const std::string& address = "198.51.100.1") {
    net::ServerRequest request;
    request.method = method;
    request.target = target;
    request.body = std::move(body);
    request.headers = std::move(headers);
    request.headers.push_back({"Content-Type", "application/json"});
    request.remote_address = address;
    return site_.ask(std::move(request));
  }
  /// As its site asks for that user.
  net::ServerResponse ask_for(std::int64_t id, const std::string& method, const std::string& what,
                              std::string body = "", const std::string& login = "ada") {
    return ask(method, "/api/user/" + what, std::move(body),
               {{"X-Server-Secret", kSecret},
                {"X-User-ID", std::to_string(id)},
                {"X-User-Username", login},
                {"X-User-Email", "ada@example.com"}});
  }
  net::ServerResponse save(std::string body) {
    return ask_for(github_id_, "POST", "preferences", std::move(body));
  }
  json::value preferences() {
    const auto answer = ask_for(github_id_, "GET", "preferences");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }
  net::ServerResponse cron(const std::string& method, const std::string& what,
                           std::string body = "") {
    return ask(method, "/api/cron/" + what, std::move(body), {{"X-Cron-Secret", kSecret}});
  }
  static std::string error_of(const net::ServerResponse& answer) {
    const auto value = json::parse(answer.body);
    EXPECT_EQ(value.as_object().size(), 1U) << answer.body;
    return std::string(value.at("error").as_string());
  }
  static std::string jwt(const std::string& claims, const std::string& secret = kSecret,
                         const std::string& head = R"({"alg":"HS256","typ":"JWT"})") {
    const std::string text =
        runtime::base64url_encode(head) + "." + runtime::base64url_encode(claims);
    return text + "." + crypto::derived_token(secret, text);
  }

  TestSite site_{{.original_secret = kSecret}};
  std::string webhook_;
  std::int64_t github_id_ = 0;
};

TEST_F(OriginalTest, WithoutItsSecretsItIsNotThere) {
  TestSite site;
  for (const char* path : {"/api/user/preferences", "/api/user/dashboard", "/api/cron/batch/x"}) {
    Browser browser(site);
    const auto answer = browser.send("GET", path, "", {{"X-Cron-Secret", ""}});
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_FALSE(header_of(answer, "Referrer-Policy").starts_with("strict")) << path;
  }
}

TEST_F(OriginalTest, PreferencesAreSetAndShownButNeverTheCredentials) {
  const auto answer = save(std::string(R"({"githubPat":")") + kPat + R"(","discordWebhook":")" +
                           webhook_ + R"(","telegramToken":")" + kBot +
                           R"(","telegramChatId":"-1001234567890","reminderUtcHour":18})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json::parse(answer.body),
            json::parse(R"({"success":true,"message":"Preferences updated successfully"})"));
  EXPECT_EQ(preferences(), json::parse(R"({"hasPat":true,"hasDiscord":true,"hasTelegram":true,
                                           "reminderUtcHour":18})"));
  EXPECT_EQ(user().remind_at, streak::StageMinutes{18 * 60});
  EXPECT_EQ(save(R"({"discordWebhook":"","telegramToken":""})").status, 200);
  EXPECT_EQ(preferences(), json::parse(R"({"hasPat":true,"hasDiscord":false,"hasTelegram":false,
                                           "reminderUtcHour":18})"));
  EXPECT_EQ(header_of(answer, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(header_of(answer, "X-Frame-Options"), "DENY");
  EXPECT_FALSE(header_of(answer, "Strict-Transport-Security").empty());
  EXPECT_EQ(header_of(answer, "Referrer-Policy"), "strict-origin-when-cross-origin");
}

TEST_F(OriginalTest, OneHalfOfTelegramKeepsTheOther) {
  const std::string both =
      std::string(R"({"telegramToken":")") + kBot + R"(","telegramChatId":"4815162342"})";
  EXPECT_EQ(save(both).status, 200);
  EXPECT_EQ(save(R"({"telegramChatId":"-42"})").status, 200);
  const auto channel = user().channels.at(0);
  const auto opened = site_.sealer->open(
      channel.sealed,
      {.purpose = crypto::Purpose::channel, .user_id = user().id, .channel_id = channel.id});
  ASSERT_TRUE(opened);
  const auto stored = json::parse(opened->reveal());
  EXPECT_EQ(stored.at("token").as_string(), kBot);
  EXPECT_EQ(stored.at("chat_id").as_string(), "-42");
}

TEST_F(OriginalTest, WhatIsNoneIsNamedAndChangesNothing) {
  const auto before = user().settings_version;
  const struct {
    const char* body;
    const char* says;
  } cases[] = {{R"({"githubPat":"hunter2"})", "Invalid GitHub Personal Access Token format"},
               {R"({"githubPat":7})", "Invalid GitHub Personal Access Token format"},
               {R"({"discordWebhook":"https://evil.example/1"})", "Invalid Discord webhook URL"},
               {R"({"telegramToken":"x"})", "Invalid Telegram bot token format"},
               {R"({"telegramChatId":"me"})", "Invalid Telegram chat ID format"},
               {R"({"reminderUtcHour":24})", "Invalid reminder UTC hour (must be integer 0-23)"},
               {R"({"reminderUtcHour":-1})", "Invalid reminder UTC hour (must be integer 0-23)"},
               {R"({"reminderUtcHour":""})", "Invalid reminder UTC hour (must be integer 0-23)"},
               {R"({"reminderUtcHour":12.5})", "Invalid reminder UTC hour (must be integer 0-23)"},
               {"{", "Invalid JSON"},
               {"[]", "Invalid JSON"},
               {"", "Invalid JSON"}};
  for (const auto& one : cases) {
    const auto answer = save(one.body);
    EXPECT_EQ(answer.status, 400) << one.body;
    EXPECT_EQ(error_of(answer), one.says) << one.body;
  }
  EXPECT_EQ(user().settings_version, before);
}

TEST_F(OriginalTest, SomebodyNewIsMadeOnTheFirstSaveAndFoundByTheId) {
  const auto unknown = ask_for(77, "GET", "preferences", "", "bob");
  EXPECT_EQ(json::parse(unknown.body),
            json::parse(R"({"hasPat":false,"hasDiscord":false,"hasTelegram":false,
                            "reminderUtcHour":12})"));
  EXPECT_EQ(error_of(ask_for(77, "GET", "dashboard", "", "bob")), "User not found");
  EXPECT_EQ(ask_for(77, "POST", "preferences", "{}", "bob").status, 200) << "a token is optional";
  store::Users users(site_.database);
  store::UserKey key;
  key.database_id = 77;
  const auto bob = site_.wait(users.find(key));
  ASSERT_TRUE(bob);
  EXPECT_EQ(bob->login, "bob");
  EXPECT_EQ(bob->remind_at, streak::StageMinutes{12 * 60});
  // Another account of the same name is another user.
  EXPECT_EQ(ask_for(78, "POST", "preferences", "{}", "ada").status, 200);
  key.database_id = 78;
  EXPECT_NE(site_.wait(users.find(key))->id, user().id);
}

TEST_F(OriginalTest, TheZoneOfWhoHasOneStaysUntilTheHourIsChanged) {
  store::Users users(site_.database);
  Browser ada(site_, "203.0.113.1");
  ada.sign_in("ada");
  ada.submit("/settings", "/settings/when", {{"time_zone", "Asia/Tokyo"}, {"remind_at", "21:30"}});
  EXPECT_EQ(preferences().at("reminderUtcHour").as_int64(), 12);
  EXPECT_EQ(save(R"({"reminderUtcHour":12})").status, 200);
  EXPECT_EQ(user().time_zone, "Asia/Tokyo");
  EXPECT_EQ(user().remind_at, streak::StageMinutes{21 * 60 + 30});
  EXPECT_EQ(save(R"({"reminderUtcHour":13})").status, 200);
  EXPECT_EQ(user().time_zone, "UTC");
}

TEST_F(OriginalTest, WhoShowsNoSecretOrAWrongOneIsRefused) {
  const std::string id = std::to_string(github_id_);
  const struct {
    Headers headers;
    const char* says;
  } cases[] = {{{}, "Unauthorized - Missing authentication"},
               {{{"X-Server-Secret", kSecret}}, "Unauthorized - Missing authentication"},
               {{{"X-Server-Secret", "x"}, {"X-User-ID", id}, {"X-User-Username", "ada"}},
                "Invalid server secret"},
               {{{"X-Server-Secret", kSecret}, {"X-User-ID", "ada"}, {"X-User-Username", "ada"}},
                "Authentication failed"},
               {{{"Authorization", "Bearer x.y.z"}}, "Authentication failed"},
               {{{"Authorization", "Bearer " + jwt(R"({"sub":"1","login":"ada"})", "other")}},
                "Authentication failed"},
               {{{"Authorization",
                  "Bearer " + jwt(R"({"sub":"1","login":"ada"})", kSecret, R"({"alg":"none"})")}},
                "Authentication failed"},
               {{{"Authorization", "Bearer " + jwt(R"({"sub":"1","login":"ada","exp":1})")}},
                "Authentication failed"},
               {{{"Authorization", "Bearer " + jwt(R"({"login":"ada"})")}},
                "Invalid token payload - missing user ID"},
               {{{"Authorization", "Bearer " + jwt(R"({"sub":"1"})")}},
                "Invalid token payload - missing GitHub username"}};
  for (const auto& one : cases) {
    const auto answer = ask("GET", "/api/user/preferences", "", one.headers);
    EXPECT_EQ(answer.status, 401) << one.says;
    EXPECT_EQ(error_of(answer), one.says);
  }
  for (const char* what : {"trigger", "process-user"}) {
    const auto answer =
        ask("POST", std::string("/api/cron/") + what, "{}", {{"X-Cron-Secret", "x"}});
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(error_of(answer), "Unauthorized");
  }
  EXPECT_EQ(error_of(ask("GET", "/api/user/nothing", "", {})), "Not found");
  EXPECT_EQ(error_of(ask("DELETE", "/api/user/preferences", "", {})), "Not found");
}

TEST_F(OriginalTest, ATokenOfItsSiteSaysWhoItIs) {
  const std::string claims =
      R"({"sub":")" + std::to_string(github_id_) + R"(","login":"ada","exp":2000000000})";
  const auto answer =
      ask("GET", "/api/user/dashboard", "", {{"Authorization", "Bearer " + jwt(claims)}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json::parse(answer.body).at("username").as_string(), "ada");
}

TEST_F(OriginalTest, TheDashboardShowsWhatGithubSaysNow) {
  const auto answer = ask_for(github_id_, "GET", "dashboard");
  EXPECT_EQ(json::parse(answer.body),
            json::parse(R"({"username":"ada","currentStreak":41,"contributedToday":false,
                            "contributionsToday":0,"notifications":[]})"));
  site_.pass(std::chrono::hours{13});
  EXPECT_EQ(ask_for(github_id_, "GET", "dashboard").status, 200) << "it looks again";
  site_.world.down(sim::Service::github) = true;
  site_.pass(std::chrono::hours{24});
  const auto unknown = ask_for(github_id_, "GET", "dashboard");
  EXPECT_EQ(unknown.status, 503) << "what is not known is no zero: " << unknown.body;
}

TEST_F(OriginalTest, EachUserHasALimitWhateverTheAddress) {
  net::ServerResponse answer;
  for (int i = 0; i < 60; ++i) answer = ask_for(github_id_, "GET", "preferences");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(header_of(answer, "X-RateLimit-Limit"), "60");
  EXPECT_EQ(header_of(answer, "X-RateLimit-Remaining"), "0");
  answer = ask_for(github_id_, "GET", "preferences");
  EXPECT_EQ(answer.status, 429);
  const auto body = json::parse(answer.body);
  EXPECT_EQ(body.at("error").as_string(), "Too many requests");
  EXPECT_EQ(std::to_string(body.at("retryAfter").as_int64()), header_of(answer, "Retry-After"));
  EXPECT_EQ(ask_for(77, "GET", "preferences", "", "bob").status, 200) << "others share it";
}

TEST_F(OriginalTest, TheCronLooksAtThoseWhoseHourHasComeAndTellsNobodyTwice) {
  save(R"({"reminderUtcHour":13})");
  EXPECT_EQ(json::parse(cron("POST", "trigger").body),
            json::parse(R"({"success":true,"message":"No active users to process"})"));
  site_.pass(std::chrono::hours{2});
  const auto begun = json::parse(cron("POST", "trigger").body);
  EXPECT_EQ(begun.at("users").as_int64(), 1);
  const std::string id(begun.at("batchId").as_string());
  EXPECT_EQ(json::parse(cron("GET", "batch/" + id).body),
            json::parse(R"({"batchId":")" + id + R"(","progress":{"pending":1,"processing":0,
                            "completed":0,"failed":0,"total":1},"percentage":0})"));
  EXPECT_EQ(json::parse(cron("POST", "trigger").body).as_object().contains("users"), false)
      << "the same job is made twice";
  EXPECT_EQ(cron("GET", "batch/nothing").status, 404);
}

TEST_F(OriginalTest, AJobThatHasEndedIsSkipped) {
  site_.pass(std::chrono::hours{9});
  const auto begun = json::parse(cron("POST", "trigger").body);
  ASSERT_TRUE(begun.as_object().contains("batchId")) << "20:00 has passed";
  store::JobSearch search(site_.database);
  store::JobSearch::Wanted wanted;
  wanted.batch_id = std::string(begun.at("batchId").as_string());
  const auto job = site_.wait(search.page(wanted, 1)).at(0);
  const auto process = [&](const std::string& queue, std::int64_t user_id) {
    return cron("POST", "process-user",
                R"({"queueId":)" + queue + R"(,"userId":)" + std::to_string(user_id) + "}");
  };
  const std::string id = std::to_string(job.id);
  store::Jobs jobs(site_.database);
  const auto now = site_.clock.now();
  const auto claimed = site_.wait(jobs.claim("w", 1, false, now, now + std::chrono::seconds{30}));
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(json::parse(process(id, job.user_id).body).at("reason").as_string(),
            "Taken by another worker");
  store::JobOutcome outcome;
  outcome.job_id = job.id;
  outcome.attempt = claimed[0].attempt;
  outcome.user_id = job.user_id;
  outcome.settings_version = claimed[0].user.settings_version;
  outcome.verdict = streak::Verdict::safe;
  site_.wait(jobs.finish("w", {outcome}, now, now + std::chrono::seconds{30}));
  const auto done = json::parse(process("\"" + id + "\"", job.user_id).body);
  EXPECT_EQ(done.at("reason").as_string(), "Already completed");
  EXPECT_TRUE(done.at("skipped").as_bool());
  EXPECT_EQ(done.at("queueId").as_string(), id) << "as it was given";
  EXPECT_EQ(process("999", job.user_id).status, 404);
  EXPECT_EQ(process(id, job.user_id + 1).status, 404);
  EXPECT_EQ(error_of(cron("POST", "process-user", "{}")), "Missing queueId or userId");
}

TEST_F(OriginalTest, ItsSiteSeesThatTheBackendIsThere) {
  const auto answer = ask("GET", "/", "", {{"Accept", "application/json"}});
  EXPECT_EQ(json::parse(answer.body),
            json::parse(R"({"name":"Streaky API","version":"1.2.3","status":"healthy"})"));
  EXPECT_TRUE(Browser(site_).get("/").content_type.starts_with("text/html"));
}

}  // namespace
}  // namespace streaky::web

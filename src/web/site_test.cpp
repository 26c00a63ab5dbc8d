// What people see and change: the dashboard, the settings, one's data, and what machines ask.
#include "web/site.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "support/site.h"

namespace streaky::web {
namespace {

using test::Browser;
using test::header_of;
using test::TestSite;

class SiteTest : public testing::Test {
 protected:
  void SetUp() override {
    webhook_ = site_.settle_person("ada");
    ada_.sign_in("ada");
  }

  store::User user() { return site_.wait(store::Users(site_.database).list(0, 1)).front(); }
  net::ServerResponse save(const std::string& what, Fields fields) {
    return ada_.submit("/settings", "/settings/" + what, std::move(fields));
  }

  TestSite site_;
  Browser ada_{site_};
  std::string webhook_;
};

TEST_F(SiteTest, BeforeTheFirstLookNothingReadsAsZero) {
  const std::string html = ada_.get("/dashboard").body;
  EXPECT_TRUE(html.contains("Looking at GitHub"));
  EXPECT_TRUE(html.contains("<b>–</b>")) << "the number of days";
  EXPECT_FALSE(html.contains("<b>0</b>"));
}

TEST_F(SiteTest, AfterTheFirstLookTheStreakAndTheYearAreThere) {
  site_.finish_looks();
  const std::string html = ada_.get("/dashboard").body;
  EXPECT_TRUE(html.contains("<b>41</b><span>days</span>")) << html;
  EXPECT_TRUE(html.contains("Your streak is at risk"));
  EXPECT_TRUE(html.contains("11 h 59 min")) << "the time left in UTC at noon";
  EXPECT_TRUE(html.contains("role=\"img\""));
  EXPECT_FALSE(html.contains("class=\"lu\"><title>")) << "a day of the year is not known";
}

TEST_F(SiteTest, ThePageNeverWaitsForGithub) {
  site_.finish_looks();
  site_.world.down(sim::Service::github) = true;
  site_.pass(std::chrono::hours{7});
  const auto before = site_.clock.now();
  EXPECT_EQ(ada_.get("/dashboard").status, 200);
  EXPECT_EQ(site_.clock.now(), before);
}

TEST_F(SiteTest, WhatWasSeenYesterdayIsSaidToBeOfYesterday) {
  site_.finish_looks();
  site_.world.down(sim::Service::github) = true;
  site_.pass(std::chrono::hours{20});
  ada_.get("/dashboard");
  site_.finish_looks();
  const std::string html = ada_.get("/dashboard").body;
  EXPECT_TRUE(html.contains("Not checked yet today"));
  EXPECT_TRUE(html.contains("days, as of Thu 6 Aug"));
  EXPECT_TRUE(html.contains("GitHub did not give an answer"));
  EXPECT_FALSE(html.contains("at risk"));
}

TEST_F(SiteTest, ZoneAndTimesAreSavedAndTheNextReminderFollows) {
  const auto answer = save("when", {{"time_zone", "Asia/Tokyo"},
                                    {"remind_at", "22:30"},
                                    {"remind_at", ""},
                                    {"remind_at", "21:30"}});
  EXPECT_EQ(answer.status, 303);
  EXPECT_EQ(user().time_zone, "Asia/Tokyo");
  EXPECT_EQ(user().remind_at, (streak::StageMinutes{21 * 60 + 30, 22 * 60 + 30}));
  // 21:00 in Tokyo now.
  EXPECT_EQ(user().next_check_at, test::kNoon + std::chrono::minutes{30});
}

TEST_F(SiteTest, WhatCannotBeIsRefusedWithAWordAndChangesNothing) {
  const auto before = user().settings_version;
  const struct {
    const char* what;
    Fields fields;
    const char* says;
  } cases[] = {
      {"when", {{"time_zone", "Europe/Berln"}, {"remind_at", "20:00"}}, "Europe/Berlin"},
      {"when", {{"time_zone", "UTC"}, {"remind_at", "25:00"}}, "from 00:00 to 23:59"},
      {"when", {{"time_zone", "UTC"}}, "1 to 24 times"},
      {"rest-days", {{"day", "someday"}}, "days of the week"},
      {"pause", {{"until", "soon"}}, "expected a date"},
      {"pause", {{"until", "2020-01-01"}}, "from today on"},
      {"discord", {{"webhook", "https://evil.example/api/webhooks/1/x"}}, "Discord: "},
      {"telegram", {{"token", "nonsense"}, {"chat_id", "1"}}, "Telegram: "},
      {"telegram", {{"token", ""}, {"chat_id", "1"}}, "token is missing"},
      {"token", {{"token", "hunter2"}}, "GitHub token: "},
  };
  for (const auto& one : cases) {
    site_.pass(std::chrono::minutes{3});
    const auto answer = save(one.what, one.fields);
    EXPECT_EQ(answer.status, 422) << one.what;
    EXPECT_TRUE(answer.body.contains(one.says)) << one.what << ": " << one.says;
  }
  EXPECT_EQ(user().settings_version, before);
}

TEST_F(SiteTest, RestDaysPauseAndSummaryAreKept) {
  EXPECT_EQ(save("rest-days", {{"day", "sat"}, {"day", "sun"}}).status, 303);
  EXPECT_TRUE(user().rules.rests(*streak::parse_label("2026-08-08")));
  EXPECT_FALSE(user().rules.rests(*streak::parse_label("2026-08-01"))) << "the past was rewritten";
  EXPECT_EQ(save("rest-days", {}).status, 303);
  EXPECT_FALSE(user().rules.rests(*streak::parse_label("2026-08-08")));
  EXPECT_EQ(save("summary", {{"summary", "on"}}).status, 303);
  EXPECT_TRUE(user().daily_summary);
  EXPECT_EQ(save("summary", {}).status, 303);
  EXPECT_FALSE(user().daily_summary);
  EXPECT_EQ(save("pause", {{"until", ""}}).status, 303);
  EXPECT_EQ(user().status, store::UserStatus::paused);
  EXPECT_TRUE(ada_.get("/dashboard").body.contains("Paused"));
  EXPECT_EQ(save("resume", {}).status, 303);
  EXPECT_EQ(user().status, store::UserStatus::active);
  EXPECT_TRUE(user().next_check_at.has_value());
}

TEST_F(SiteTest, ATestMessageArrivesAndSaysSo) {
  save("discord", {{"webhook", webhook_}});
  const std::string channel = std::to_string(user().channels.at(0).id);
  const auto answer = save("test", {{"channel", channel}});
  EXPECT_TRUE(answer.body.contains("Discord took the message")) << answer.body;
  EXPECT_EQ(site_.world.ledger().entries().size(), 1U);
}

TEST_F(SiteTest, ATestOfADeadWebhookSaysWhyAndSwitchesItOff) {
  save("discord", {{"webhook", webhook_}});
  site_.world.people().at(0).discord = sim::DiscordState::deleted;
  const std::string channel = std::to_string(user().channels.at(0).id);
  const auto answer = save("test", {{"channel", channel}});
  EXPECT_TRUE(answer.body.contains("The message did not go out"));
  EXPECT_TRUE(answer.body.contains("Set this channel up anew"));
  EXPECT_FALSE(user().channels.at(0).on);
  EXPECT_TRUE(ada_.get("/dashboard").body.contains("does not work any more"));
  // Typed in again, it is tried again.
  site_.world.people().at(0).discord = sim::DiscordState::living;
  save("discord", {{"webhook", webhook_}});
  EXPECT_TRUE(user().channels.at(0).on);
}

TEST_F(SiteTest, NoCredentialIsEverShownAgain) {
  const std::string token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
  const std::string bot = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11";
  EXPECT_EQ(save("discord", {{"webhook", webhook_}}).status, 303);
  EXPECT_EQ(save("token", {{"token", token}}).status, 303);
  EXPECT_EQ(save("telegram", {{"token", bot}, {"chat_id", "4815162342"}}).status, 303);
  EXPECT_EQ(user().channels.size(), 2U);
  const std::string secret = webhook_.substr(webhook_.rfind('/') + 1);
  for (const char* page :
       {"/dashboard", "/settings", "/setup/channels", "/setup/test", "/export"}) {
    const std::string body = ada_.get(page).body;
    EXPECT_FALSE(body.contains(secret)) << page;
    EXPECT_FALSE(body.contains(token)) << page;
    EXPECT_FALSE(body.contains(bot)) << page;
    EXPECT_FALSE(body.contains("4815162342")) << page;
    EXPECT_FALSE(body.contains(user().channels[0].sealed)) << page;
  }
}

TEST_F(SiteTest, TheExportHoldsWhatIsStored) {
  site_.finish_looks();
  const auto answer = ada_.get("/export");
  EXPECT_TRUE(header_of(answer, "Content-Disposition").contains("attachment"));
  const auto data = boost::json::parse(answer.body);
  EXPECT_EQ(data.at("account").at("login").as_string(), "ada");
  EXPECT_EQ(data.at("account").at("streak").at("length").as_int64(), 41);
  EXPECT_GE(data.at("days").as_array().size(), 371U);
  EXPECT_EQ(data.at("sessions").as_array().size(), 1U);
}

TEST_F(SiteTest, DeletingLeavesNothing) {
  site_.finish_looks();
  save("discord", {{"webhook", webhook_}});
  EXPECT_EQ(ada_.submit("/delete", "/delete", {}).status, 303);
  EXPECT_TRUE(site_.wait(store::Users(site_.database).list(0, 1)).empty());
  EXPECT_EQ(ada_.get("/dashboard").status, 303);
  Browser again(site_);
  EXPECT_EQ(header_of(again.sign_in("ada"), "Location"), "/setup/when");
}

TEST_F(SiteTest, OtherDevicesAreListedAndSignedOut) {
  Browser phone(site_);
  phone.sign_in("ada");
  EXPECT_TRUE(ada_.get("/settings").body.contains("Sign out everywhere else"));
  EXPECT_EQ(ada_.submit("/settings", "/settings/sessions/end-others", {}).status, 303);
  EXPECT_EQ(phone.get("/dashboard").status, 303);
  EXPECT_EQ(ada_.get("/dashboard").status, 200);
}

TEST_F(SiteTest, AStreamTellsOfNewsAndEndsWithTheSite) {
  site_.finish_looks();
  const std::string html = ada_.get("/dashboard").body;
  const std::string start = "data-mark=\"";
  const std::string mark = html.substr(html.find(start) + start.size(), 16);
  const auto response = ada_.get("/live?mark=" + mark);
  ASSERT_TRUE(response.stream);
  EXPECT_TRUE(response.content_type.starts_with("text/event-stream"));
  EXPECT_TRUE(site_.wait(response.stream()).starts_with("retry:"));
  EXPECT_TRUE(site_.wait(response.stream()).starts_with(":")) << "nothing has changed";
  save("summary", {{"summary", "on"}});
  EXPECT_TRUE(site_.wait(response.stream()).starts_with("event: news"));
  site_.site.stop();
  EXPECT_EQ(site_.wait(response.stream()), "");
}

TEST_F(SiteTest, APageThatIsAlreadyOldIsToldSoAtOnce) {
  site_.finish_looks();
  const auto response = ada_.get("/live?mark=0000000000000000");
  ASSERT_TRUE(response.stream);
  site_.wait(response.stream());
  EXPECT_TRUE(site_.wait(response.stream()).starts_with("event: news"));
}

TEST_F(SiteTest, OfOneUsersStreamsTheOldestMakesRoom) {
  std::vector<net::ServerResponse> open;
  for (std::size_t i = 0; i < Pulse::kMostPerUser; ++i) open.push_back(ada_.get("/live"));
  for (const auto& one : open) EXPECT_TRUE(site_.wait(one.stream()).starts_with("retry"));
  EXPECT_EQ(ada_.get("/live").status, 200);
  EXPECT_EQ(site_.wait(open[0].stream()), "");
  EXPECT_TRUE(site_.wait(open[1].stream()).starts_with("event: news"));
}

TEST_F(SiteTest, AStreamEndsWithItsSession) {
  const auto open = ada_.get("/live");
  site_.wait(open.stream());
  EXPECT_EQ(ada_.submit("/settings", "/sign-out", {}).status, 303);
  EXPECT_EQ(site_.wait(open.stream()), "");
}

TEST_F(SiteTest, SessionsSlideWhileTheyAreUsed) {
  for (int week = 0; week < 10; ++week) {
    site_.pass(std::chrono::hours{7 * 24});
    ASSERT_EQ(ada_.get("/settings").status, 200) << week;
  }
  site_.pass(store::kSessionIdle);
  EXPECT_EQ(ada_.get("/settings").status, 303);
}

TEST_F(SiteTest, AfterSigningInOneIsWhereOneWantedToBe) {
  Browser browser(site_);
  const std::string to_sign_in = header_of(browser.get("/settings"), "Location");
  EXPECT_EQ(to_sign_in, "/sign-in?next=%2Fsettings");
  EXPECT_TRUE(browser.get(to_sign_in).body.contains("value=\"/settings\""));
  EXPECT_EQ(header_of(browser.sign_in("ada", "/settings"), "Location"), "/settings");
  EXPECT_EQ(header_of(Browser(site_).sign_in("ada", "//evil.example"), "Location"), "/dashboard");
}

TEST(SiteForMachines, HealthAndReadinessFollowTheEngine) {
  TestSite site;
  Browser probe(site);
  EXPECT_EQ(probe.get("/health").status, 200);
  EXPECT_EQ(probe.get("/ready").status, 200);
  site.healthy = false;
  EXPECT_EQ(probe.get("/health").status, 503);
  EXPECT_EQ(probe.get("/ready").status, 503);
}

TEST(SiteForMachines, MetricsAreForThisMachineOrForWhoHasTheToken) {
  TestSite open;
  EXPECT_EQ(Browser(open, "203.0.113.7").get("/metrics").status, 403);
  EXPECT_EQ(Browser(open, "127.0.0.1").get("/metrics").status, 200);
  const auto through_a_proxy =
      Browser(open, "127.0.0.1").send("GET", "/metrics", "", {{"X-Forwarded-For", "127.0.0.1"}});
  EXPECT_EQ(through_a_proxy.status, 403);
  TestSite closed({.metrics_token = "let-me-in"});
  EXPECT_EQ(Browser(closed, "127.0.0.1").get("/metrics").status, 403);
  const auto with_token =
      Browser(closed).send("GET", "/metrics", "", {{"Authorization", "Bearer let-me-in"}});
  EXPECT_EQ(with_token.status, 200);
  EXPECT_TRUE(with_token.body.contains("streaky_web_requests_total"));
}

TEST(SiteForMachines, FilesMayBeKeptForEver) {
  TestSite site;
  Browser browser(site);
  const std::string html = browser.get("/").body;
  const std::size_t at = html.find("/static/app.");
  const std::string path = html.substr(at, html.find('"', at) - at);
  const auto file = browser.get(path);
  EXPECT_EQ(file.status, 200);
  EXPECT_TRUE(header_of(file, "Cache-Control").contains("immutable"));
  const auto again = browser.send("GET", path, "", {{"If-None-Match", header_of(file, "ETag")}});
  EXPECT_EQ(again.status, 304);
  EXPECT_TRUE(again.body.empty());
  EXPECT_EQ(browser.get("/static/app.0000000000000000.css").status, 404);
}

TEST(SiteForMachines, ProgramsGetProblemsAsJson) {
  TestSite site;
  net::ServerRequest request;
  request.method = "GET";
  request.target = "/nowhere";
  request.remote_address = "203.0.113.7";
  const auto answer = site.ask(std::move(request));
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.content_type, "application/problem+json");
  const auto body = boost::json::parse(answer.body);
  EXPECT_EQ(body.at("code").as_string(), "not_found");
  EXPECT_EQ(body.at("status").as_int64(), 404);
  EXPECT_FALSE(body.at("id").as_string().empty());
}

}  // namespace
}  // namespace streaky::web

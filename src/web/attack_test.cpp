// What strangers try: on every route of the table, so that a new one cannot be forgotten.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "support/site.h"
#include "web/routes.h"

namespace streaky::web {
namespace {

using test::Browser;
using test::header_of;
using test::TestSite;
using Headers = std::vector<net::HttpHeader>;

/// An address of the route, with something in place of its parameters.
std::string address_of(const Route& route, const std::string& parameter = "1") {
  std::string path(route.pattern);
  while (path.contains('{')) {
    path.replace(path.find('{'), path.find('}') - path.find('{') + 1, parameter);
  }
  return path;
}

struct Visitors {
  Visitors() {
    site.settle_person("ada");
    site.settle_person("eve");
    ada.sign_in("ada");
    site.finish_looks();
    eve.sign_in("eve");
    site.finish_looks();
  }
  TestSite site{{.operators = {"ada"}}};
  Browser ada{site, "203.0.113.1"};
  Browser eve{site, "203.0.113.2"};
};

/// Time goes on, so that no limit stands in the way of what a test is about.
void rest(TestSite& site) { site.pass(std::chrono::minutes{3}); }

TEST(Attacks, StrangersSeeNothingOfWhatIsForUsers) {
  TestSite site{{.operators = {"ada"}}};
  int looked = 0;
  for (const Route& route : routes()) {
    if (route.who != Who::signed_in && route.who != Who::operators) continue;
    ++looked;
    Browser stranger(site, fmt::format("198.51.100.{}", looked));
    if (route.method == "GET") {
      const auto answer = stranger.get(address_of(route));
      EXPECT_EQ(answer.status, 303) << route.pattern;
      EXPECT_TRUE(header_of(answer, "Location").starts_with("/sign-in?next=")) << route.pattern;
    } else {
      const auto answer = stranger.submit("/sign-in", address_of(route), {});
      EXPECT_EQ(answer.status, 401) << route.pattern;
    }
  }
  EXPECT_GT(looked, 20);
}

TEST(Attacks, NoPostIsTakenWithoutTheProofOfOurOwnForm) {
  Visitors visitors;
  const std::string eves = Browser::csrf_of(visitors.eve.get("/settings").body);
  const std::string own = Browser::csrf_of(visitors.ada.get("/settings").body);
  ASSERT_FALSE(own.empty());
  ASSERT_NE(own, eves);
  store::Users users(visitors.site.database);
  const auto before = visitors.site.wait(users.list(0, 10));
  for (const Route& route : routes()) {
    if (route.method != "POST") continue;
    const std::string path = address_of(route);
    const auto status = [&visitors, &path](const Fields& fields, Headers headers = {}) {
      rest(visitors.site);
      return visitors.ada.post(path, fields, std::move(headers)).status;
    };
    EXPECT_EQ(status({}), 403) << path;
    EXPECT_EQ(status({{"csrf", ""}}), 403) << path;
    EXPECT_EQ(status({{"csrf", eves}}), 403) << path;
    const Fields good = {{"csrf", own}};
    EXPECT_EQ(status(good, {{"Origin", "https://evil.example"}}), 403) << path;
    EXPECT_EQ(status(good, {{"Origin", "null"}}), 403) << path;
    EXPECT_EQ(status(good, {{"Sec-Fetch-Site", "cross-site"}}), 403) << path;
  }
  const auto after = visitors.site.wait(users.list(0, 10));
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].settings_version, before[i].settings_version);
  }
  EXPECT_EQ(visitors.ada.get("/dashboard").status, 200) << "nobody was signed out";
}

TEST(Attacks, WhatBelongsToSomebodyElseIsNotThere) {
  Visitors visitors;
  store::Users users(visitors.site.database);
  store::Sessions sessions(visitors.site.database);
  const std::string webhook = sim::People::webhook_url(visitors.site.world.people().at(0));
  visitors.ada.submit("/settings", "/settings/discord", {{"webhook", webhook}});
  const auto ada = visitors.site.wait(users.list(0, 1)).front();
  ASSERT_EQ(ada.channels.size(), 1U);
  const auto adas_sessions = visitors.site.wait(sessions.list(ada.id, visitors.site.clock.now()));
  ASSERT_EQ(adas_sessions.size(), 1U);
  for (const Route& route : routes()) {
    if (!route.pattern.contains("{id}") || route.method != "POST") continue;
    rest(visitors.site);
    for (const std::string& id :
         {std::to_string(ada.channels[0].id), std::to_string(adas_sessions[0].id),
          std::string("-1"), std::string("999999999999999999999"), std::string("1'")}) {
      const auto answer = visitors.eve.submit("/settings", address_of(route, id), {});
      EXPECT_EQ(answer.status, 404) << route.pattern << " " << id;
    }
  }
  rest(visitors.site);
  const auto test = visitors.eve.submit("/settings", "/settings/test",
                                        {{"channel", std::to_string(ada.channels[0].id)}});
  EXPECT_EQ(test.status, 404);
  EXPECT_EQ(visitors.ada.get("/dashboard").status, 200);
  EXPECT_EQ(visitors.site.wait(users.get(ada.id))->channels.size(), 1U);
}

TEST(Attacks, EveryAnswerCarriesTheHeadersThatGuardIt) {
  Visitors visitors;
  for (const Route& route : routes()) {
    if (route.method != "GET") continue;
    rest(visitors.site);
    const auto answer = visitors.ada.get(address_of(route));
    const std::string policy = header_of(answer, "Content-Security-Policy");
    EXPECT_TRUE(policy.contains("default-src 'none'")) << route.pattern;
    EXPECT_FALSE(policy.contains("unsafe")) << route.pattern;
    EXPECT_EQ(header_of(answer, "X-Content-Type-Options"), "nosniff") << route.pattern;
    EXPECT_EQ(header_of(answer, "X-Frame-Options"), "DENY") << route.pattern;
    EXPECT_FALSE(header_of(answer, "Referrer-Policy").empty()) << route.pattern;
    EXPECT_EQ(header_of(answer, "Cache-Control"), "no-store") << route.pattern;
    EXPECT_FALSE(answer.body.contains(" style=")) << route.pattern << ": the policy forbids it";
    EXPECT_FALSE(answer.body.contains(" onclick=")) << route.pattern;
    EXPECT_LE(answer.body.size(), 60U << 10U) << route.pattern;
  }
}

TEST(Attacks, PathTricksLeadNowhere) {
  TestSite site{{.operators = {"ada"}}};
  for (const char* path : {"//", "/..", "/static/../health", "/static/..%2fhealth", "/%68ealth",
                           "/health/", "/static/", "/settings;x", "/static/app.css", "/.git/config",
                           "/sign-in//", "health", "", "/static/%00", "http://evil.example/"}) {
    Browser browser(site);
    EXPECT_EQ(browser.get(path).status, 404) << path;
  }
  EXPECT_EQ(Browser(site).get("/" + std::string(5'000, 'a')).status, 404);
}

TEST(Attacks, WrongMethodsAndTypesAreNamed) {
  Visitors visitors;
  const auto wrong = visitors.ada.send("DELETE", "/settings", "", {});
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(header_of(wrong, "Allow"), "GET, HEAD");
  EXPECT_EQ(visitors.ada.get("/settings/when").status, 405);
  const auto json =
      visitors.ada.send("POST", "/settings/when", "{}", {{"Content-Type", "application/json"}});
  EXPECT_EQ(json.status, 415);
  const Fields much = {{"csrf", std::string(kMostFormBytes, 'x')}};
  EXPECT_EQ(visitors.ada.post("/settings/when", much).status, 413);
  for (const char* body : {"a=%", "a=%zz", "a=%ff", "a=%00", "%c0%af=1"}) {
    const auto answer = visitors.ada.send("POST", "/settings/when", body,
                                          {{"Content-Type", "application/x-www-form-urlencoded"}});
    EXPECT_EQ(answer.status, 400) << body;
  }
}

TEST(Attacks, WhatPeopleTypeStaysText) {
  Visitors visitors;
  const std::string script = "<script>alert(1)</script>\"'>";
  const auto answer = visitors.ada.submit("/settings", "/settings/when",
                                          {{"time_zone", script}, {"remind_at", script}});
  EXPECT_EQ(answer.status, 422);
  EXPECT_FALSE(answer.body.contains("<script>alert"));
  EXPECT_TRUE(answer.body.contains("&lt;script&gt;alert"));
  EXPECT_FALSE(visitors.ada.get("/settings?said=" + percent_encode(script)).body.contains("alert"));
}

TEST(Attacks, ALimitSaysWhenToComeBackAndHoldsPerAddress) {
  TestSite site{{.operators = {"ada"}}};
  Browser busy(site, "198.51.100.7");
  int asked = 0;
  net::ServerResponse answer = busy.get("/");
  for (; answer.status == 200 && asked < 1'000; ++asked) answer = busy.get("/");
  ASSERT_EQ(answer.status, 429);
  EXPECT_GE(asked, 50);
  const int wait = std::stoi(header_of(answer, "Retry-After"));
  EXPECT_GE(wait, 1);
  EXPECT_EQ(Browser(site, "198.51.100.8").get("/").status, 200);
  site.pass(std::chrono::seconds{wait});
  EXPECT_EQ(busy.get("/").status, 200);
}

TEST(Attacks, NobodyHidesBehindAForwardedAddress) {
  TestSite site({.trusted_proxies = {"10.0.0.0/8"}});
  const auto last_status = [&site](const std::string& peer, bool varies) {
    int status = 0;
    for (int i = 0; i < 100; ++i) {
      Browser browser(site, peer);
      const std::string claimed = varies ? fmt::format("192.0.2.{}", i) : "192.0.2.250";
      status = browser.send("GET", "/", "", {{"X-Forwarded-For", claimed}}).status;
    }
    return status;
  };
  EXPECT_EQ(last_status("198.51.100.7", true), 429) << "a stranger's word is believed";
  EXPECT_EQ(last_status("10.1.1.1", true), 200) << "the proxy's clients share one limit";
  EXPECT_EQ(last_status("10.1.1.1", false), 429) << "the proxy's client has no limit";
}

}  // namespace
}  // namespace streaky::web

#include "web/sign_in.h"

#include <gtest/gtest.h>

#include "crypto/tokens.h"
#include "support/site.h"

namespace streaky::web {
namespace {

using test::Browser;
using test::header_of;
using test::TestSite;

bool is_signed_in(Browser& browser) { return browser.get("/dashboard").status == 200; }

TEST(SignIn, ANewcomerIsStoredUnderGithubsIdAndLedToTheSetUp) {
  TestSite site;
  site.settle_person("ada");
  Browser browser(site);
  const auto answer = browser.sign_in("ada");
  EXPECT_EQ(answer.status, 303);
  EXPECT_EQ(header_of(answer, "Location"), "/setup/when");
  EXPECT_TRUE(is_signed_in(browser));
  store::Users users(site.database);
  const auto stored = site.wait(users.list(0, 10));
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_EQ(stored[0].login, "ada");
  EXPECT_EQ(stored[0].database_id, sim::People::database_id(site.world.people().at(0)));
  EXPECT_FALSE(stored[0].node_id.empty());
}

TEST(SignIn, WhoComesBackFindsTheSameAccountAlsoUnderANewName) {
  TestSite site;
  site.settle_person("ada");
  store::Users users(site.database);
  Browser(site).sign_in("ada");
  auto stored = site.wait(users.list(0, 10)).front();
  // As it would be had GitHub renamed the account since.
  stored.login = "countess";
  site.wait(users.save({stored}, site.clock.now()));
  Browser again(site);
  EXPECT_EQ(header_of(again.sign_in("ada"), "Location"), "/dashboard") << "taken for a newcomer";
  const auto now = site.wait(users.list(0, 10));
  ASSERT_EQ(now.size(), 1U);
  EXPECT_EQ(now[0].login, "ada");
}

TEST(SignIn, WhoTakesAnOperatorsNameOverIsNone) {
  TestSite site({.operators = {"Ada"}});
  site.settle_person("ada");
  Browser ada(site);
  ada.sign_in("ada");
  EXPECT_EQ(ada.get("/operator").status, 200);
  // She is renamed, and somebody else takes her old name.
  site.world.people().at(0).login = "countess";
  site.settle_person("ada");
  Browser thief(site);
  thief.sign_in("ada");
  EXPECT_EQ(thief.get("/dashboard").status, 200);
  EXPECT_EQ(thief.get("/operator").status, 404);
}

TEST(SignIn, ANameAloneSignsNobodyIn) {
  TestSite site;
  site.settle_person("ada");
  store::Users users(site.database);
  // Somebody was added by hand under that name, without an id.
  store::User stranger;
  stranger.login = "ada";
  stranger.remind_at = {1200};
  stranger.id =
      site.wait(users.allot({{.login = "ada", .node_id = {}, .database_id = {}}})).front().user_id;
  site.wait(users.edit({{.before = std::nullopt, .after = stranger}}, site.clock.now()));
  Browser browser(site);
  EXPECT_EQ(browser.sign_in("ada").status, 303);
  const auto stored = site.wait(users.list(0, 10));
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_FALSE(stored[0].database_id.has_value()) << "the stored one was taken over by its name";
  EXPECT_TRUE(stored[1].database_id.has_value());
}

TEST(SignIn, AnotherStateIsRefused) {
  TestSite site;
  site.settle_person("ada");
  Browser browser(site);
  const auto going = browser.submit("/sign-in", "/sign-in/github", {});
  std::string back = browser.come_back(going, "ada");
  back.replace(back.find("state=") + 6, 43, std::string(crypto::make_token().reveal()));
  EXPECT_EQ(browser.get(back).status, 403);
  EXPECT_FALSE(is_signed_in(browser));
}

TEST(SignIn, ACodeThatWasStolenIsWorthNothingElsewhere) {
  TestSite site;
  site.settle_person("ada");
  Browser victim(site);
  const auto back = victim.come_back(victim.submit("/sign-in", "/sign-in/github", {}), "ada");
  Browser thief(site);
  EXPECT_EQ(thief.get(back).status, 403) << "without the victim's cookie";
  // With a journey of its own, the thief's verifier does not fit the victim's code.
  const auto own = thief.come_back(thief.submit("/sign-in", "/sign-in/github", {}), "ada");
  const auto code_of = [](const std::string& target) {
    const std::size_t at = target.find("code=") + 5;
    return target.substr(at, target.find('&', at) - at);
  };
  std::string mixed = own;
  mixed.replace(mixed.find(code_of(own)), code_of(own).size(), code_of(back));
  EXPECT_EQ(thief.get(mixed).status, 403);
  EXPECT_FALSE(is_signed_in(thief));
}

TEST(SignIn, ACallbackWorksOnce) {
  TestSite site;
  site.settle_person("ada");
  Browser browser(site);
  const auto going = browser.submit("/sign-in", "/sign-in/github", {});
  const auto cookies = browser.cookies();
  const auto back = browser.come_back(going, "ada");
  EXPECT_EQ(browser.get(back).status, 303);
  Browser again(site);
  again.cookies() = cookies;
  EXPECT_EQ(again.get(back).status, 403) << "the code was used";
  EXPECT_EQ(browser.get(back).status, 403) << "the journey is over";
}

TEST(SignIn, TheJourneyLastsTenMinutes) {
  TestSite site;
  site.settle_person("ada");
  Browser browser(site);
  const auto back = browser.come_back(browser.submit("/sign-in", "/sign-in/github", {}), "ada");
  site.pass(std::chrono::minutes{10});
  EXPECT_EQ(browser.get(back).status, 403);
}

TEST(SignIn, WhoSaysNoAtGithubIsNotStored) {
  TestSite site;
  site.settle_person("ada");
  Browser browser(site);
  const auto going = browser.submit("/sign-in", "/sign-in/github", {});
  const auto answer = browser.get(browser.come_back(going, "ada", "&deny=1"));
  EXPECT_EQ(answer.status, 403);
  EXPECT_TRUE(answer.body.contains("You did not let Streaky know who you are"));
  store::Users users(site.database);
  EXPECT_TRUE(site.wait(users.list(0, 10)).empty());
}

TEST(SignIn, GithubAwayIsSaidAndNothingIsLost) {
  TestSite site;
  site.settle_person("ada");
  Browser browser(site);
  const auto back = browser.come_back(browser.submit("/sign-in", "/sign-in/github", {}), "ada");
  site.world.down(sim::Service::oauth) = true;
  const auto answer = browser.get(back);
  EXPECT_EQ(answer.status, 502);
  EXPECT_TRUE(answer.body.contains("GitHub cannot be reached"));
  site.world.down(sim::Service::oauth) = false;
  EXPECT_EQ(browser.sign_in("ada").status, 303);
}

TEST(SignIn, ASessionThatSomebodyElsePlantedEnds) {
  TestSite site;
  site.settle_person("ada");
  site.settle_person("eve");
  Browser eve(site);
  eve.sign_in("eve");
  const std::string planted = eve.cookies().at("streaky");
  Browser ada(site);
  ada.cookies()["streaky"] = planted;
  // Ada signs in from a browser in which Eve's session lies.
  ada.get("/sign-in");
  const auto answer = ada.submit("/dashboard", "/sign-out", {});
  EXPECT_EQ(answer.status, 303);
  ada.sign_in("ada");
  EXPECT_NE(ada.cookies().at("streaky"), planted);
  EXPECT_FALSE(is_signed_in(eve));
}

TEST(SignIn, SigningOutEndsTheSessionAtTheServer) {
  TestSite site;
  site.settle_person("ada");
  Browser browser(site);
  browser.sign_in("ada");
  const auto stolen = browser.cookies();
  EXPECT_EQ(browser.submit("/dashboard", "/sign-out", {}).status, 303);
  EXPECT_FALSE(is_signed_in(browser));
  Browser thief(site);
  thief.cookies() = stolen;
  EXPECT_FALSE(is_signed_in(thief));
}

TEST(SignIn, TheWayOnLeadsToPagesOfOursAlone) {
  EXPECT_EQ(safe_next("/settings"), "/settings");
  for (const char* path :
       {"", "//evil.example", "https://evil.example", "/\\evil.example", "/settings/../x",
        "/sign-out", "/live", "/api/v1/profile", "/api/v1/channels/1\r\nX: 1", "/settings\r\n",
        "/settings?x=1", "/nowhere", "javascript:alert(1)", "/%2f/evil"}) {
    EXPECT_EQ(safe_next(path), "/dashboard") << path;
  }
}

TEST(SignIn, CookiesAreForThisSiteAndOutOfReachOfScripts) {
  TestSite site({.public_url = "https://streaky.example"});
  Browser browser(site);
  const std::string cookie = header_of(browser.get("/sign-in"), "Set-Cookie");
  EXPECT_TRUE(cookie.starts_with("__Host-streaky-visitor=")) << cookie;
  for (const char* part : {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"}) {
    EXPECT_TRUE(cookie.contains(part)) << part;
  }
}

TEST(SignIn, ADeviceIsNamedInAFewWords) {
  EXPECT_EQ(device_of("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko Firefox/140.0"),
            "Firefox on Linux");
  EXPECT_EQ(device_of("Mozilla/5.0 (iPhone; CPU iPhone OS 19 like Mac OS X) Version/19 Safari/604"),
            "Safari on iPhone");
  EXPECT_EQ(device_of("<script>"), "A browser");
}

TEST(SignInLink, SignsTheOnlyUserInOnce) {
  TestSite site({.github_app = false});
  store::Sessions sessions(site.database);
  const runtime::Secret token = crypto::make_token();
  site.wait(sessions.make_link(crypto::hash_token(token.reveal()), 0, site.clock.now()));
  const std::string path = "/sign-in/link/" + std::string(token.reveal());
  Browser browser(site);
  // A preview of the link uses nothing up.
  EXPECT_EQ(browser.get(path).status, 200);
  EXPECT_EQ(browser.get(path).status, 200);
  EXPECT_EQ(browser.submit(path, path, {{"login", "not a login"}}).status, 422);
  EXPECT_EQ(browser.submit(path, path, {{"login", "ada"}}).status, 303);
  EXPECT_TRUE(is_signed_in(browser));
  EXPECT_EQ(browser.get("/operator").status, 200) << "who is alone runs it";
  site.settle_person("eve");
  store::Users users(site.database);
  store::User eve;
  eve.login = "eve";
  eve.remind_at = {1200};
  eve.id =
      site.wait(users.allot({{.login = "eve", .node_id = {}, .database_id = {}}})).front().user_id;
  site.wait(users.edit({{.before = std::nullopt, .after = eve}}, site.clock.now()));
  EXPECT_EQ(browser.get("/operator").status, 404) << "with others there, admin.logins says who";
  Browser second(site);
  EXPECT_EQ(second.get(path).status, 404);
  EXPECT_EQ(second.get("/sign-in/link/" + std::string(crypto::make_token().reveal())).status, 404);
  EXPECT_EQ(second.get("/sign-in/link/x").status, 404);
}

TEST(SignInLink, WithoutAnAppNobodyIsSentToGithub) {
  TestSite site({.github_app = false});
  Browser browser(site);
  EXPECT_FALSE(browser.get("/sign-in").body.contains("Sign in with GitHub"));
  EXPECT_EQ(browser.submit("/delete", "/sign-in/github", {}).status, 403);
  EXPECT_EQ(browser.get("/sign-in/callback?code=x&state=y").status, 404);
}

}  // namespace
}  // namespace streaky::web

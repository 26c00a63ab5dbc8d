// Links from messages, as people and previews of links come by them.
#include <gtest/gtest.h>

#include "engine/action_links.h"
#include "support/site.h"

namespace streaky::web {
namespace {

using engine::DayAction;
using test::Browser;
using test::header_of;
using test::TestSite;

struct DayLinks : testing::Test {
  DayLinks() {
    site.settle_person("ada");
    ada.sign_in("ada");
    site.finish_looks();
  }

  store::User stored() { return site.wait(store::Users(site.database).list(0, 1)).front(); }

  std::string path_of(DayAction action, int stage = 1200) {
    const engine::ActionLinks links(*site.sealer, test::kOrigin);
    const engine::ActionLink link{
        .user_id = stored().id,
        .date = streak::parse_label("2026-08-06").value(),
        .stage = stage,
        .action = action,
        .ends_at = runtime::parse_rfc3339("2026-08-07T00:00:00Z").value()};
    return "/today/" + links.token_of(link);
  }

  TestSite site;
  Browser ada{site};
  Browser stranger{site, "198.51.100.9"};  // a phone on which nobody is signed in
};

TEST_F(DayLinks, LookingChangesNothingHoweverOften) {
  for (const DayAction action : {DayAction::snooze, DayAction::rest, DayAction::stop}) {
    const auto before = stored();
    const std::string path = path_of(action);
    EXPECT_EQ(stranger.get(path).status, 200);
    EXPECT_EQ(stranger.send("HEAD", path, "", {}).status, 200);
    EXPECT_EQ(stranger.get(path).status, 200);
    EXPECT_EQ(stored().settings_version, before.settings_version);
    EXPECT_TRUE(stranger.get(path).body.contains("<form method=\"post\"")) << "still unused";
  }
}

TEST_F(DayLinks, ASnoozeIsAskedForAndSaidAndWorksOnce) {
  const std::string path = path_of(DayAction::snooze);
  const runtime::TimePoint end =
      std::chrono::ceil<std::chrono::minutes>(site.clock.now() + std::chrono::hours{1});
  const std::string clock = streak::Zone::find("UTC")->clock_text(end);
  EXPECT_TRUE(stranger.get(path).body.contains("until " + clock));
  const auto done = stranger.submit(path, path, {});
  EXPECT_EQ(done.status, 303);
  EXPECT_EQ(header_of(done, "Location"), path);
  const auto user = stored();
  ASSERT_TRUE(user.day_word);
  EXPECT_EQ(user.day_word->snoozed_until, end);
  EXPECT_EQ(user.next_check_at, end);
  const auto after = stranger.get(path);
  EXPECT_TRUE(after.body.contains("You hear again at " + clock));
  EXPECT_FALSE(after.body.contains("action=\"/today/"));

  site.pass(std::chrono::minutes{5});
  EXPECT_EQ(stranger.submit("/sign-in", path, {}).status, 303);
  EXPECT_EQ(stored().day_word->snoozed_until, user.day_word->snoozed_until) << "used once";
}

TEST_F(DayLinks, RestAndStopDoWhatTheySay) {
  const std::string rest = path_of(DayAction::rest);
  stranger.submit(rest, rest, {});
  EXPECT_TRUE(stored().rules.skips(streak::parse_label("2026-08-06").value()));
  EXPECT_FALSE(stored().rules.skips(streak::parse_label("2026-08-07").value()));
  EXPECT_TRUE(stranger.get(rest).body.contains("day off"));
  EXPECT_TRUE(ada.get("/dashboard").body.contains("A day off"));
  ada.submit("/settings", "/settings/resume", {});
  const std::string stop = path_of(DayAction::stop);
  stranger.submit(stop, stop, {});
  EXPECT_TRUE(stored().day_word->stopped);
  EXPECT_TRUE(stranger.get(stop).body.contains("No more messages come today"));
}

TEST_F(DayLinks, ASnoozeBringsNothingBackThatWasEnded) {
  const std::string snooze = path_of(DayAction::snooze);
  const std::string stop = path_of(DayAction::stop);
  EXPECT_EQ(stranger.submit(stop, stop, {}).status, 303);
  const auto refused = stranger.submit(snooze, snooze, {});
  EXPECT_EQ(refused.status, 422);
  EXPECT_TRUE(refused.body.contains("nothing to snooze"));
  EXPECT_TRUE(stored().day_word->stopped);
}

TEST_F(DayLinks, TheDashboardSaysWhatHoldsAndTakesItBack) {
  const auto usual = stored().next_check_at;
  const std::string stop = path_of(DayAction::stop);
  stranger.submit(stop, stop, {});
  EXPECT_NE(stored().next_check_at, usual);
  EXPECT_TRUE(ada.get("/dashboard").body.contains("No more messages come today, as you asked."));
  const auto back = ada.submit("/dashboard", "/settings/today", {});
  EXPECT_EQ(header_of(back, "Location"), "/dashboard?said=today");
  EXPECT_FALSE(stored().day_word);
  EXPECT_EQ(stored().next_check_at, usual);
}

TEST_F(DayLinks, EndAtMidnightAndForOthersAreNone) {
  const std::string path = path_of(DayAction::stop);
  for (const std::string& wrong : {path + "A", path.substr(0, path.size() - 2),
                                   std::string("/today/x"), std::string("/today/v1.k1.AAAA")}) {
    EXPECT_EQ(stranger.get(wrong).status, 404) << wrong;
    EXPECT_EQ(stranger.submit("/sign-in", wrong, {}).status, 404) << wrong;
  }
  site.pass(std::chrono::hours{12});
  EXPECT_EQ(stranger.get(path).status, 404);
  EXPECT_EQ(stranger.submit("/sign-in", path, {}).status, 404);
  EXPECT_FALSE(stored().day_word);
}

TEST_F(DayLinks, WithoutTheProofOfOurFormNothingHappens) {
  const std::string path = path_of(DayAction::stop);
  EXPECT_EQ(stranger.post(path, {}).status, 403);
  EXPECT_FALSE(stored().day_word);
}

TEST_F(DayLinks, TooLateForASnoozeIsSaid) {
  site.pass(std::chrono::hours{11} + std::chrono::minutes{45});
  const std::string path = path_of(DayAction::snooze);
  const auto answer = stranger.submit(path, path, {});
  EXPECT_EQ(answer.status, 422);
  EXPECT_TRUE(answer.body.contains("Too late to snooze"));
  EXPECT_FALSE(stored().day_word);
}

TEST_F(DayLinks, OfSomebodyWhoIsGoneAreNone) {
  const std::string path = path_of(DayAction::stop);
  const auto id = stored().id;
  site.wait(store::Users(site.database).remove(id));
  EXPECT_EQ(stranger.get(path).status, 404);
}

}  // namespace
}  // namespace streaky::web

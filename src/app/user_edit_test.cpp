#include "account/user_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/user_import.h"
#include "streak/local_day.h"

namespace streaky::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const char* const kWebhook =
    "https://discord.com/api/v10/webhooks/123456789012345678/"
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdef";

runtime::TimePoint at(const char* text) { return *runtime::parse_rfc3339(text); }
streak::Label day(const char* text) { return *streak::parse_label(text); }

const runtime::TimePoint kNoon = at("2026-08-06T12:00:00Z");  // a Thursday

class UserEditTest : public testing::Test {
 protected:
  static account::UserDraft draft(const std::string& json) {
    const runtime::Secret none;
    auto parsed = parse_json_line(json, none);
    EXPECT_TRUE(parsed) << parsed.error().message;
    return parsed ? std::move(*parsed) : account::UserDraft{};
  }

  store::User edit(const std::string& json, std::optional<store::User> existing,
                   runtime::TimePoint now, std::vector<streak::Label> told_on = {}) const {
    return edit(draft(json), std::move(existing), now, std::move(told_on));
  }

  store::User edit(const account::UserDraft& draft, std::optional<store::User> existing,
                   runtime::TimePoint now, std::vector<streak::Label> told_on = {}) const {
    store::Allotted allotted;
    allotted.user_id = 7;
    allotted.existing = std::move(existing);
    allotted.discord_channel_id = 70;
    allotted.telegram_channel_id = 71;
    allotted.told_on = std::move(told_on);
    auto user = account::edit_user(draft, allotted, *sealer_, now);
    EXPECT_TRUE(user) << user.error().message;
    return user.value_or(store::User{});
  }

  std::unique_ptr<crypto::Sealer> sealer_ = crypto::make_ephemeral_sealer();
};

TEST_F(UserEditTest, ANewUserHasDefaultsAndIsCheckedInTheFuture) {
  const store::User user = edit(R"({"login":"octocat"})", std::nullopt, kNoon);
  EXPECT_EQ(user.id, 7);
  EXPECT_EQ(user.time_zone, "UTC");
  EXPECT_THAT(user.remind_at, ElementsAre(1200));
  EXPECT_EQ(user.next_check_at, at("2026-08-06T20:00:00Z"));
  EXPECT_EQ(user.status, store::UserStatus::active);
  EXPECT_EQ(user.created_at, kNoon);
}

TEST_F(UserEditTest, ANewUserWhoseHourHasPassedWaitsForTomorrow) {
  const store::User user = edit(R"({"login":"octocat"})", std::nullopt, at("2026-08-06T21:00:00Z"));
  EXPECT_EQ(user.next_check_at, at("2026-08-07T20:00:00Z"));
}

TEST_F(UserEditTest, AbsentKeepsNullClears) {
  const store::User before =
      edit(R"({"login":"octocat","time_zone":"Asia/Tokyo","remind_at":["09:00"],)"
           R"("daily_summary":true,"github_token":"ghp_abc","discord_webhook":")" +
               std::string(kWebhook) + R"("})",
           std::nullopt, kNoon);
  const store::User kept = edit(R"({"login":"octocat"})", before, kNoon);
  EXPECT_EQ(kept.time_zone, "Asia/Tokyo");
  EXPECT_THAT(kept.remind_at, ElementsAre(540));
  EXPECT_TRUE(kept.daily_summary);
  EXPECT_EQ(kept.sealed_token, before.sealed_token);
  ASSERT_EQ(kept.channels.size(), 1U);
  EXPECT_EQ(kept.channels[0].sealed, before.channels[0].sealed);

  const store::User cleared =
      edit(R"({"login":"octocat","time_zone":null,"remind_at":null,"daily_summary":null,)"
           R"("github_token":null,"discord_webhook":null})",
           before, kNoon);
  EXPECT_EQ(cleared.time_zone, "UTC");
  EXPECT_THAT(cleared.remind_at, ElementsAre(1200));
  EXPECT_FALSE(cleared.daily_summary);
  EXPECT_EQ(cleared.sealed_token, "");
  EXPECT_TRUE(cleared.channels.empty());
}

TEST_F(UserEditTest, CredentialsAreSealedToTheirOwner) {
  const store::User user = edit(
      R"({"login":"octocat","github_token":"ghp_abc","discord_webhook":")" + std::string(kWebhook) +
          R"(","telegram":{"token":"123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11","chat_id":42}})",
      std::nullopt, kNoon);
  const crypto::Binding token{.purpose = crypto::Purpose::github_token, .user_id = 7};
  EXPECT_EQ(sealer_->open(user.sealed_token, token)->reveal(), "ghp_abc");
  const crypto::Binding other{.purpose = crypto::Purpose::github_token, .user_id = 8};
  EXPECT_FALSE(sealer_->open(user.sealed_token, other));

  ASSERT_EQ(user.channels.size(), 2U);
  EXPECT_EQ(user.channels[0].id, 70);
  EXPECT_EQ(user.channels[0].kind, "discord");
  const crypto::Binding webhook{.user_id = 7, .channel_id = 70};
  EXPECT_THAT(std::string(sealer_->open(user.channels[0].sealed, webhook)->reveal()),
              HasSubstr("/webhooks/123456789012345678/abcdef"));
  EXPECT_EQ(user.channels[1].id, 71);
  for (const store::Channel& channel : user.channels) {
    EXPECT_THAT(channel.sealed, Not(HasSubstr("abcdef")));
    EXPECT_THAT(channel.hint, Not(HasSubstr("abcdef")));
    EXPECT_FALSE(channel.hint.empty());
  }
}

TEST_F(UserEditTest, ANewCredentialRevivesWhatWasDead) {
  const std::string webhook = R"({"login":"octocat","github_token":"ghp_abc","discord_webhook":")" +
                              std::string(kWebhook) + R"("})";
  store::User before = edit(webhook, std::nullopt, kNoon);
  before.token_dead = true;
  before.channels[0].on = false;
  before.channels[0].off_reason = "Unknown Webhook";
  const store::User untouched = edit(R"({"login":"octocat"})", before, kNoon);
  EXPECT_TRUE(untouched.token_dead);
  EXPECT_FALSE(untouched.channels[0].on);
  const store::User revived =
      edit(R"({"login":"octocat","github_token":"ghp_new","discord_webhook":")" +
               std::string(kWebhook) + R"(x"})",
           before, kNoon);
  EXPECT_FALSE(revived.token_dead);
  EXPECT_TRUE(revived.channels[0].on);
  EXPECT_EQ(revived.channels[0].off_reason, "");
  EXPECT_EQ(revived.channels[0].id, 70);
}

TEST_F(UserEditTest, TheSameCredentialRevivesOnlyWhereSomebodySaysItNow) {
  const std::string line = R"({"login":"octocat","github_token":"ghp_abc","discord_webhook":")" +
                           std::string(kWebhook) + R"("})";
  store::User before = edit(line, std::nullopt, kNoon);
  before.token_dead = true;
  before.channels[0].on = false;
  before.channels[0].off_reason = "Unknown Webhook";
  const store::User listed = edit(line, before, kNoon);
  EXPECT_TRUE(listed.token_dead) << "a list that comes each night revives nothing";
  EXPECT_EQ(listed.channels[0].off_reason, "Unknown Webhook");
  account::UserDraft said = draft(line);
  said.revive = true;
  const store::User revived = edit(said, before, kNoon);
  EXPECT_FALSE(revived.token_dead);
  EXPECT_TRUE(revived.channels[0].on);
}

TEST_F(UserEditTest, RestDaysOfANewUserHoldForTheHistory) {
  const store::User user = edit(R"({"login":"a","rest_days":["sat"]})", std::nullopt, kNoon);
  EXPECT_TRUE(user.rules.rests(day("2020-01-04")));
}

TEST_F(UserEditTest, ChangedRestDaysNeverRewriteThePast) {
  const store::User before = edit(R"({"login":"a","rest_days":["wed"]})", std::nullopt, kNoon);
  const store::User after = edit(R"({"login":"a","rest_days":["thu"]})", before, kNoon);
  EXPECT_TRUE(after.rules.rests(day("2026-08-05")));   // Wednesday, yesterday
  EXPECT_TRUE(after.rules.rests(day("2026-08-06")));   // Thursday, today
  EXPECT_FALSE(after.rules.rests(day("2026-08-12")));  // Wednesday, next week
  const store::User cleared = edit(R"({"login":"a","rest_days":null})", after, kNoon);
  EXPECT_FALSE(cleared.rules.rests(day("2026-08-13")));
  EXPECT_TRUE(cleared.rules.rests(day("2026-08-05")));
}

TEST_F(UserEditTest, TheUsersOwnTodayIsWhereAChangeBegins) {
  const store::User before =
      edit(R"({"login":"a","time_zone":"Pacific/Auckland"})", std::nullopt, kNoon);
  // 13:00 UTC on the 6th is 01:00 on the 7th there: the 6th is over.
  const store::User after =
      edit(R"({"login":"a","rest_days":["thu","fri"]})", before, at("2026-08-06T13:00:00Z"));
  EXPECT_FALSE(after.rules.rests(day("2026-08-06")));
  EXPECT_TRUE(after.rules.rests(day("2026-08-07")));
}

TEST_F(UserEditTest, SayingTheSameAgainAddsNoHistory) {
  store::User user = edit(R"({"login":"a","rest_days":["sat"]})", std::nullopt, kNoon);
  for (int i = 0; i < 3; ++i) {
    user = edit(R"({"login":"a","rest_days":["sat"]})", user, kNoon + std::chrono::days{i});
  }
  EXPECT_EQ(user.rules.rest_days.size(), 1U);
  user = edit(R"({"login":"a","rest_days":["sun"]})", user, kNoon);
  user = edit(R"({"login":"a","rest_days":["mon"]})", user, kNoon);
  EXPECT_EQ(user.rules.rest_days.size(), 2U);
}

TEST_F(UserEditTest, AnEditThatLeavesNoStageTodayChecksNowUnlessTold) {
  const store::User before = edit(R"({"login":"a","remind_at":["20:00"]})", std::nullopt, kNoon);
  const std::string earlier = R"({"login":"a","remind_at":["10:00"]})";
  EXPECT_EQ(edit(earlier, before, kNoon).next_check_at, kNoon);
  EXPECT_EQ(edit(earlier, before, kNoon, {day("2026-08-06")}).next_check_at,
            at("2026-08-07T10:00:00Z"));
  EXPECT_EQ(edit(earlier, before, kNoon, {day("2026-08-05")}).next_check_at, kNoon);
}

TEST_F(UserEditTest, ACheckThatIsDueAlreadyIsNotPostponedByAnotherEdit) {
  store::User before = edit(R"({"login":"a","remind_at":["11:00","20:00"]})", std::nullopt, kNoon);
  before.next_check_at = at("2026-08-06T11:00:00Z");
  EXPECT_EQ(edit(R"({"login":"a","daily_summary":true})", before, kNoon).next_check_at,
            at("2026-08-06T11:00:00Z"));
}

TEST_F(UserEditTest, FrozenIdsStay) {
  store::User before = edit(R"({"login":"old","github_id":"U_one"})", std::nullopt, kNoon);
  const store::User after = edit(R"({"login":"new","github_id":5})", before, kNoon);
  EXPECT_EQ(after.login, "new");
  EXPECT_EQ(after.node_id, "U_one");
  EXPECT_EQ(after.database_id, 5);
}

TEST_F(UserEditTest, APauseWithoutEndStopsChecksUntilResumed) {
  const store::User user = edit(R"({"login":"a"})", std::nullopt, kNoon);
  const auto paused = account::pause_user(user, std::nullopt, false, kNoon);
  ASSERT_TRUE(paused);
  EXPECT_EQ(paused->status, store::UserStatus::paused);
  EXPECT_FALSE(paused->next_check_at);
  EXPECT_TRUE(paused->rules.paused(day("2027-01-01")));

  const store::User edited = edit(R"({"login":"a","remind_at":["10:00"]})", *paused, kNoon);
  EXPECT_FALSE(edited.next_check_at) << "an edit must not wake a paused user";
  EXPECT_EQ(edited.status, store::UserStatus::paused);

  const auto resumed = account::resume_user(*paused, false, kNoon + std::chrono::days{3});
  ASSERT_TRUE(resumed);
  EXPECT_EQ(resumed->status, store::UserStatus::active);
  EXPECT_EQ(resumed->next_check_at, at("2026-08-09T20:00:00Z"));
  EXPECT_TRUE(resumed->rules.paused(day("2026-08-08")));
  EXPECT_FALSE(resumed->rules.paused(day("2026-08-09")));
  EXPECT_FALSE(resumed->rules.paused(day("2026-08-05")));
}

TEST_F(UserEditTest, APauseThatBeganTodayNeverWas) {
  const store::User user = edit(R"({"login":"a"})", std::nullopt, kNoon);
  const auto resumed =
      account::resume_user(*account::pause_user(user, std::nullopt, false, kNoon), false, kNoon);
  EXPECT_TRUE(resumed->rules.pauses.empty());
}

TEST_F(UserEditTest, APauseWithAnEndKeepsTheUserActive) {
  const store::User user = edit(R"({"login":"a"})", std::nullopt, kNoon);
  const auto paused = account::pause_user(user, day("2026-08-10"), false, kNoon);
  ASSERT_TRUE(paused);
  EXPECT_EQ(paused->status, store::UserStatus::active);
  EXPECT_EQ(paused->next_check_at, user.next_check_at);
  EXPECT_TRUE(paused->rules.paused(day("2026-08-06")));
  EXPECT_TRUE(paused->rules.paused(day("2026-08-10")));
  EXPECT_FALSE(paused->rules.paused(day("2026-08-11")));

  const auto longer = account::pause_user(*paused, day("2026-08-12"), false, kNoon);
  EXPECT_EQ(longer->rules.pauses.size(), 1U);
  EXPECT_TRUE(longer->rules.paused(day("2026-08-12")));
}

TEST_F(UserEditTest, GivingAnEndToAnOpenPauseWakesTheUser) {
  const store::User user = edit(R"({"login":"a"})", std::nullopt, kNoon);
  const auto open = account::pause_user(user, std::nullopt, false, kNoon);
  const auto ending = account::pause_user(*open, day("2026-08-08"), false, kNoon);
  EXPECT_EQ(ending->status, store::UserStatus::active);
  EXPECT_TRUE(ending->next_check_at);
  EXPECT_EQ(ending->rules.pauses.size(), 1U);
}

TEST_F(UserEditTest, APauseCannotEndBeforeToday) {
  const store::User user = edit(R"({"login":"a"})", std::nullopt, kNoon);
  const auto paused = account::pause_user(user, day("2026-08-05"), false, kNoon);
  ASSERT_FALSE(paused);
  EXPECT_THAT(paused.error().message, HasSubstr("2026-08-06"));
  EXPECT_FALSE(account::pause_user(user, day("9999-12-31"), false, kNoon));
}

}  // namespace
}  // namespace streaky::app

#include "app/original_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/original_form.h"

namespace streaky::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const char* const kKey = "0123456789abcdef0123456789abcdef and more";
const char* const kWebhook =
    "https://discord.com/api/webhooks/123456789012345678/"
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-abcd";

std::string sealed(const std::string& value) {
  return crypto::seal_original(runtime::Secret(kKey), runtime::Secret(value));
}

store::OriginalUser octocat() {
  store::OriginalUser original;
  original.id = "7";
  original.login = "octocat";
  original.github_id = "583231";
  original.token = sealed("ghp_0123456789abcdefghijklmnopqrstuvwxyz");
  original.discord_webhook = sealed(kWebhook);
  original.telegram_token = sealed("123456789:AAabcdefghijklmnopqrstuvwxyz012345678");
  original.telegram_chat_id = sealed("-1001234567890");
  original.reminder_utc_hour = "21";
  return original;
}

OriginalDraft draft(const store::OriginalUser& original) {
  return draft_of_original(original, runtime::Secret(kKey), runtime::Secret());
}

TEST(OriginalImport, ARowBecomesAUserWithEverything) {
  const OriginalDraft made = draft(octocat());
  EXPECT_TRUE(made.usable);
  EXPECT_THAT(made.missing, IsEmpty());
  EXPECT_EQ(made.user.login, "octocat");
  EXPECT_EQ(made.user.database_id, 583231);
  EXPECT_NE(made.user.github_token.value(), nullptr);
  EXPECT_NE(made.user.discord_webhook.value(), nullptr);
  EXPECT_NE(made.user.telegram.value(), nullptr);
  ASSERT_NE(made.user.remind_at.value(), nullptr);
  EXPECT_THAT(*made.user.remind_at.value(), ElementsAre(21 * 60));
  EXPECT_FALSE(made.user.pause);
}

TEST(OriginalImport, WhoIsSwitchedOffThereIsPausedFromTheStart) {
  store::OriginalUser original = octocat();
  original.is_active = "0";
  EXPECT_TRUE(draft(original).user.pause);
  EXPECT_THAT(draft(original).missing, IsEmpty());
}

// SQLite keeps a text in a column of numbers.
TEST(OriginalImport, WhatIsNeitherANumberNorAFlagIsSaidAndNotGuessed) {
  for (const char* text : {"true", "yes", "", "2"}) {
    store::OriginalUser original = octocat();
    original.is_active = text;
    EXPECT_FALSE(draft(original).user.pause) << text;
    EXPECT_THAT(draft(original).missing, ElementsAre(HasSubstr("is_active"))) << text;
  }
  for (const char* text : {"text", "", "24", "-1", "4611686018427387904", "1e3", "7 "}) {
    store::OriginalUser original = octocat();
    original.reminder_utc_hour = text;
    EXPECT_THAT(*draft(original).user.remind_at.value(), ElementsAre(12 * 60)) << text;
    EXPECT_THAT(draft(original).missing, ElementsAre(HasSubstr("12:00"))) << text;
  }
}

TEST(OriginalImport, HalfAChatIsSaid) {
  store::OriginalUser original = octocat();
  original.telegram_chat_id = "";
  EXPECT_THAT(draft(original).missing, ElementsAre(HasSubstr("Telegram")));
}

TEST(OriginalImport, OldRowsHoldOtherThingsInPlaceOfTheId) {
  for (const char* text : {"octocat", "7", "", "-4", "12x"}) {
    store::OriginalUser original = octocat();
    original.github_id = text;
    const OriginalDraft made = draft(original);
    EXPECT_TRUE(made.usable);
    EXPECT_FALSE(made.user.database_id.has_value()) << text;
  }
}

TEST(OriginalImport, WhatCannotBeTakenIsSaidWithoutItsValue) {
  store::OriginalUser original = octocat();
  original.discord_webhook = "c29tZXRoaW5nIGVsc2UgdGhhdCBpcyBsb25nIGVub3VnaCB0byBiZSBzZWFsZWQ=";
  original.token = sealed("not-a-token-hush");
  original.reminder_utc_hour = "77";
  const OriginalDraft made = draft(original);
  EXPECT_TRUE(made.usable);
  ASSERT_THAT(made.missing, SizeIs(3));
  EXPECT_THAT(made.missing[0], HasSubstr("12:00 UTC"));
  EXPECT_THAT(made.missing[1], HasSubstr("GitHub token"));
  EXPECT_THAT(made.missing[2], HasSubstr("Discord webhook"));
  for (const std::string& what : made.missing) EXPECT_THAT(what, Not(HasSubstr("hush")));
}

TEST(OriginalImport, WithoutALoginThereIsNobody) {
  store::OriginalUser original = octocat();
  original.login = "not a login";
  const OriginalDraft made = draft(original);
  EXPECT_FALSE(made.usable);
  EXPECT_THAT(made.missing, SizeIs(1));
}

}  // namespace
}  // namespace streaky::app

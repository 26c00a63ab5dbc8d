#include "store/telegram_links.h"

#include <gtest/gtest.h>

#include "store/sessions.h"
#include "store/store_testing.h"

namespace streaky::store {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t kBot = 7'000'000'001;

class TelegramLinksTest : public StoreTest {
 protected:
  TelegramLinks links() { return TelegramLinks(s_->database); }
  std::int64_t begin_session(std::int64_t user_id, const std::string& hash = "session") {
    Sessions sessions(s_->database);
    wait(sessions.begin(hash, user_id, SessionOrigin::github, "Firefox", kNow));
    return wait(sessions.find(hash, kNow))->session.id;
  }
  void add(const std::string& code, const User& user, std::int64_t session) {
    wait(links().add_code(code, user.id, session, kNow));
  }
  Users::Once link(const User& user, const std::string& code, runtime::TimePoint now = kNow) {
    User after = user;
    after.daily_summary = !after.daily_summary;
    return wait(s_->users.edit_by_code({user, after}, code, now));
  }
  std::optional<TelegramLinks::Bot> take(const std::string& owner, runtime::TimePoint now) {
    return wait(links().take_bot(kBot, owner, now, now + seconds(30)));
  }
};

TEST_P(TelegramLinksTest, TheNewestCodeOfAUserWorksForTenMinutes) {
  const auto users = sign_up(2);
  const auto first = begin_session(users[0].id, "one");
  add("old", users[0], first);
  add("new", users[0], first);
  add("other", users[1], begin_session(users[1].id, "two"));
  EXPECT_FALSE(wait(links().find_code("old", kNow)));
  EXPECT_EQ(wait(links().find_code("new", kNow)), users[0].id);
  EXPECT_EQ(wait(links().find_code("other", kNow)), users[1].id);
  const auto shown = wait(links().code_of(users[0].id, kNow));
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->hash, "new");
  EXPECT_EQ(shown->expires_at, kNow + kTelegramCodeLife);
  EXPECT_FALSE(wait(links().find_code("new", kNow + kTelegramCodeLife)));
  EXPECT_FALSE(wait(links().code_of(users[0].id, kNow + kTelegramCodeLife)));
}

TEST_P(TelegramLinksTest, ACodeIsUsedTogetherWithItsEditAndOnce) {
  const auto users = sign_up(2);
  add("code", users[0], begin_session(users[0].id));
  EXPECT_TRUE(link(users[1], "code").used_before) << "it is another user's";
  EXPECT_TRUE(link(users[0], "code", kNow + kTelegramCodeLife).used_before) << "it is too old";
  User outdated = users[0];
  --outdated.settings_version;
  const auto overtaken = link(outdated, "code");
  EXPECT_FALSE(overtaken.used_before);
  EXPECT_FALSE(overtaken.user);
  EXPECT_TRUE(wait(links().find_code("code", kNow))) << "nothing came of it";
  const auto used = link(users[0], "code");
  ASSERT_TRUE(used.user);
  EXPECT_FALSE(wait(links().find_code("code", kNow)));
  EXPECT_TRUE(link(*used.user, "code").used_before);
  EXPECT_EQ(wait(s_->users.get(users[0].id))->settings_version, used.user->settings_version);
}

TEST_P(TelegramLinksTest, ACodeEndsWithItsSessionOrItsUser) {
  const auto users = sign_up(2);
  const auto mine = begin_session(users[0].id, "mine");
  add("mine", users[0], mine);
  add("other", users[1], begin_session(users[1].id, "other"));
  ASSERT_TRUE(wait(Sessions(s_->database).end(users[0].id, mine)));
  EXPECT_FALSE(wait(links().find_code("mine", kNow)));
  EXPECT_TRUE(wait(links().find_code("other", kNow)));
  wait(s_->users.remove(users[1].id));
  EXPECT_FALSE(wait(links().find_code("other", kNow)));
}

TEST_P(TelegramLinksTest, OneProcessListensUntilItLeavesOrFallsSilent) {
  ASSERT_TRUE(take("a", kNow));
  EXPECT_FALSE(take("b", kNow + seconds(29)));
  EXPECT_TRUE(take("a", kNow + seconds(20))) << "it renews";
  EXPECT_FALSE(take("b", kNow + seconds(49)));
  EXPECT_TRUE(take("b", kNow + seconds(50)));
  EXPECT_FALSE(take("a", kNow + seconds(51)));
  wait(links().leave_bot(kBot, "a"));
  EXPECT_FALSE(take("a", kNow + seconds(51))) << "not a's to give away";
  wait(links().leave_bot(kBot, "b"));
  EXPECT_TRUE(take("a", kNow + seconds(51)));
}

TEST_P(TelegramLinksTest, WhoTakesOverGoesOnWhereTheOtherWas) {
  take("a", kNow);
  wait(links().advance(kBot, "a", 5'000'000'000, kNow));
  wait(links().advance(kBot, "b", 6'000'000'000, kNow));
  const auto bot = take("b", kNow + minutes(1));
  ASSERT_TRUE(bot);
  EXPECT_EQ(bot->next_update, 5'000'000'000) << "by its owner alone";
}

TEST_P(TelegramLinksTest, AfterSixDaysWithoutNewsTheNumberIsForgotten) {
  take("a", kNow);
  wait(links().advance(kBot, "a", 5'000'000'000, kNow));
  EXPECT_EQ(take("a", kNow + TelegramLinks::kOneSeries - seconds(1))->next_update, 5'000'000'000);
  const auto later = kNow + TelegramLinks::kOneSeries;
  EXPECT_EQ(take("a", later)->next_update, 0);
  wait(links().advance(kBot, "a", 7, later));
  EXPECT_EQ(take("a", later)->next_update, 7) << "the new series began lower";
}

TEST_P(TelegramLinksTest, TheNameIsToldWhileSomebodyHears) {
  const auto name = [this](runtime::TimePoint now) { return wait(links().username(kBot, now)); };
  EXPECT_EQ(name(kNow), "");
  take("a", kNow);
  wait(links().name_bot(kBot, "a", "streaky_bot"));
  EXPECT_EQ(name(kNow), "") << "a lease alone hears nothing";
  wait(links().hear(kBot, "b", kNow));
  EXPECT_EQ(name(kNow), "") << "not its owner";
  wait(links().hear(kBot, "a", kNow));
  EXPECT_EQ(name(kNow + minutes(1)), "streaky_bot");
  EXPECT_EQ(name(kNow + TelegramLinks::kSilence), "");
  wait(links().leave_bot(kBot, "a"));
  EXPECT_EQ(name(kNow), "");
}

STREAKY_STORE_SUITE(TelegramLinksTest);

}  // namespace
}  // namespace streaky::store

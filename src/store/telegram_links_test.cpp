#include "store/telegram_links.h"

#include <gtest/gtest.h>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t kBot = 7'000'000'001;

class TelegramLinksTest : public StoreTest {
 protected:
  TelegramLinks links() { return TelegramLinks(s_->database); }
  std::optional<TelegramLinks::Bot> take(const std::string& owner, runtime::TimePoint now) {
    return wait(links().take_bot(kBot, owner, now, now + seconds(30)));
  }
};

TEST_P(TelegramLinksTest, TheNewestCodeOfAUserWorksOnceAndForTenMinutes) {
  const auto users = sign_up(2);
  wait(links().add_code("old", users[0].id, kNow));
  wait(links().add_code("new", users[0].id, kNow));
  wait(links().add_code("other", users[1].id, kNow));
  EXPECT_FALSE(wait(links().find_code("old", kNow)));
  EXPECT_EQ(wait(links().find_code("new", kNow)), users[0].id);
  EXPECT_EQ(wait(links().find_code("other", kNow)), users[1].id);
  const auto shown = wait(links().code_of(users[0].id, kNow));
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->hash, "new");
  EXPECT_EQ(shown->expires_at, kNow + kTelegramCodeLife);
  EXPECT_FALSE(wait(links().find_code("new", kNow + kTelegramCodeLife)));
  EXPECT_FALSE(wait(links().code_of(users[0].id, kNow + kTelegramCodeLife)));
  wait(links().end_code("new"));
  EXPECT_FALSE(wait(links().find_code("new", kNow)));
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
  wait(links().name_bot(kBot, "a", "streaky_bot"));
  wait(links().advance(kBot, "a", 5'000'000'000));
  wait(links().advance(kBot, "a", 4));
  wait(links().advance(kBot, "b", 6'000'000'000));
  const auto bot = take("b", kNow + minutes(1));
  ASSERT_TRUE(bot);
  EXPECT_EQ(bot->username, "streaky_bot");
  EXPECT_EQ(bot->next_update, 5'000'000'000) << "never back, and by its owner alone";
}

TEST_P(TelegramLinksTest, TheNameIsToldWhileSomebodyListens) {
  EXPECT_EQ(wait(links().username(kBot, kNow)), "");
  take("a", kNow);
  wait(links().name_bot(kBot, "a", "streaky_bot"));
  EXPECT_EQ(wait(links().username(kBot, kNow + minutes(1))), "streaky_bot");
  EXPECT_EQ(wait(links().username(kBot, kNow + seconds(30) + TelegramLinks::kSilence)), "");
}

STREAKY_STORE_SUITE(TelegramLinksTest);

}  // namespace
}  // namespace streaky::store

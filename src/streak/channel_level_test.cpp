// Which channel hears what (channel_level.h).
#include "streak/channel_level.h"

#include <gtest/gtest.h>

namespace streaky::streak {
namespace {

TEST(ChannelLevels, HaveNamesThatAreReadAgain) {
  for (const ChannelLevel level : {ChannelLevel::normal, ChannelLevel::quiet, ChannelLevel::loud}) {
    EXPECT_EQ(parse_channel_level(to_text(level)), level);
  }
  EXPECT_FALSE(parse_channel_level(""));
  EXPECT_FALSE(parse_channel_level("LOUD"));
}

TEST(ChannelLevels, NobodyMissesTheLastReminderOrAnHonestWord) {
  for (const ChannelLevel level : {ChannelLevel::normal, ChannelLevel::quiet, ChannelLevel::loud}) {
    EXPECT_TRUE(hears(level, MessageKind::reminder, true));
    EXPECT_TRUE(hears(level, MessageKind::could_not_check, false));
    EXPECT_TRUE(hears(level, MessageKind::channel_off, false));
  }
}

TEST(ChannelLevels, LoudOnesAreSparedTheRest) {
  EXPECT_FALSE(hears(ChannelLevel::loud, MessageKind::reminder, false));
  EXPECT_FALSE(hears(ChannelLevel::loud, MessageKind::summary, true));
  EXPECT_TRUE(hears(ChannelLevel::quiet, MessageKind::reminder, false));
  EXPECT_TRUE(hears(ChannelLevel::quiet, MessageKind::summary, false));
}

}  // namespace
}  // namespace streaky::streak

// How loud a channel is, as its user sets it.
#include <gtest/gtest.h>

#include "support/site.h"

namespace streaky::web {
namespace {

using test::Browser;
using test::header_of;
using test::TestSite;

struct ChannelLevels : testing::Test {
  ChannelLevels() {
    const std::string webhook = site.settle_person("ada");
    ada.sign_in("ada");
    site.finish_looks();
    ada.submit("/settings", "/settings/discord", {{"webhook", webhook}});
  }
  store::Channel channel() {
    return site.wait(store::Users(site.database).list(0, 1)).front().channels.at(0);
  }
  net::ServerResponse choose(const std::string& level) {
    const std::string path = "/settings/channels/" + std::to_string(channel().id) + "/level";
    return ada.submit("/settings", path, {{"level", level}});
  }

  TestSite site;
  Browser ada{site};
};

TEST_F(ChannelLevels, AreChosenAndShown) {
  EXPECT_EQ(channel().level, streak::ChannelLevel::normal);
  EXPECT_EQ(header_of(choose("loud"), "Location"), "/settings?said=level");
  EXPECT_EQ(channel().level, streak::ChannelLevel::loud);
  EXPECT_TRUE(ada.get("/settings").body.contains("value=\"loud\" selected"));
  choose("quiet");
  EXPECT_EQ(channel().level, streak::ChannelLevel::quiet);
}

TEST_F(ChannelLevels, OtherWordsAreRefused) {
  choose("loud");
  for (const char* word : {"", "LOUD", "deafening"}) EXPECT_EQ(choose(word).status, 422) << word;
  EXPECT_EQ(channel().level, streak::ChannelLevel::loud);
}

TEST_F(ChannelLevels, StayWhenTheCredentialIsReplaced) {
  choose("loud");
  const std::string webhook = sim::People::webhook_url(site.world.people().at(0));
  ada.submit("/settings", "/settings/discord", {{"webhook", webhook + "?thread_id=77"}});
  EXPECT_EQ(channel().level, streak::ChannelLevel::loud);
}

}  // namespace
}  // namespace streaky::web

#include <gtest/gtest.h>

#include "support/site.h"

namespace streaky::web {
namespace {

using test::Browser;
using test::header_of;
using test::TestSite;

struct Shown {
  Shown() {
    site.settle_person("ada");
    ada.sign_in("ada");
    site.finish_looks();
  }
  void publish() { ada.submit("/settings", "/settings/card", {{"public", "on"}}); }

  TestSite site;
  Browser ada{site};
  Browser anybody{site, "198.51.100.1"};
};

TEST(Card, IsThereForWhoAllowsItAlone) {
  Shown shown;
  EXPECT_EQ(shown.anybody.get("/u/ada/streak.svg").status, 404);
  EXPECT_EQ(shown.anybody.get("/u/nobody/streak.svg").status, 404);
  shown.publish();
  const auto answer = shown.anybody.get("/u/Ada/streak.svg");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "image/svg+xml");
  EXPECT_TRUE(answer.body.contains(">41</text>"));
  EXPECT_EQ(shown.anybody.get("/u/ada/heatmap.svg").status, 200);
  EXPECT_EQ(shown.anybody.get("/u/ada/other.svg").status, 404);
  shown.ada.submit("/settings", "/settings/card", {});
  EXPECT_EQ(shown.anybody.get("/u/ada/streak.svg").status, 404);
}

TEST(Card, MayBeKeptForAWhileAndSaysWhenNothingChanged) {
  Shown shown;
  shown.publish();
  const auto first = shown.anybody.get("/u/ada/heatmap.svg");
  EXPECT_TRUE(header_of(first, "Cache-Control").starts_with("public"));
  const auto again = shown.anybody.send("GET", "/u/ada/heatmap.svg", "",
                                        {{"If-None-Match", header_of(first, "ETag")}});
  EXPECT_EQ(again.status, 304);
  EXPECT_NE(shown.anybody.get("/u/ada/heatmap.svg?theme=dark").body, first.body);
}

TEST(Card, WhatIsNotKnownOfTodayIsNotShownAsToday) {
  Shown shown;
  shown.publish();
  shown.site.pass(std::chrono::hours{24});
  const std::string svg = shown.anybody.get("/u/ada/streak.svg").body;
  EXPECT_TRUE(svg.contains("days, as of Thu 6 Aug")) << svg;
}

}  // namespace
}  // namespace streaky::web

#include "streak/calendar.h"

#include <gtest/gtest.h>

namespace streaky::streak {
namespace {

Label label(const char* text) { return parse_label(text).value(); }

TEST(Label, IsReadAndWrittenAsGitHubPrintsIt) {
  for (const char* text : {"1970-01-01", "2000-02-29", "2024-02-29", "2025-12-31", "2026-01-01",
                           "2026-08-06", "9999-12-31"}) {
    const auto read = parse_label(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(to_text(*read), text);
  }
  EXPECT_EQ(label("2024-03-01") - label("2024-02-28"), std::chrono::days(2));
  EXPECT_EQ(label("2026-01-01") - label("2025-12-31"), std::chrono::days(1));
}

TEST(Label, IsNothingUnlessItIsADate) {
  for (const char* text : {"",
                           "2026-8-06",
                           "2026-08-6",
                           "2026-08-06 ",
                           " 2026-08-06",
                           "2026-08-06T00:00:00Z",
                           "2026/08/06",
                           "2026-13-01",
                           "2026-00-10",
                           "2026-04-31",
                           "2025-02-29",
                           "1900-02-29",
                           "2100-02-29",
                           "2026-02-00",
                           "1969-12-31",
                           "0000-01-01",
                           "-026-08-06",
                           "2026-+8-06",
                           "2026-08-0x",
                           "20260-8-06",
                           "2026-08--6",
                           "２026-08-0"}) {
    EXPECT_FALSE(parse_label(text)) << text;
  }
}

TEST(Calendar, TellsZeroFromUnknown) {
  Calendar calendar;
  EXPECT_TRUE(calendar.empty());
  calendar.set(label("2026-08-06"), 0);
  EXPECT_EQ(calendar.count(label("2026-08-06")), 0);
  EXPECT_EQ(calendar.count(label("2026-08-07")), std::nullopt);
  EXPECT_EQ(calendar.count(label("2026-08-05")), std::nullopt);
}

TEST(Calendar, CoversARangeOnlyWithoutHoles) {
  Calendar calendar;
  for (const char* day : {"2025-12-30", "2025-12-31", "2026-01-01", "2026-01-03"}) {
    calendar.set(label(day), 0);
  }
  EXPECT_TRUE(calendar.covers({label("2025-12-30"), label("2026-01-01")}));
  EXPECT_TRUE(calendar.covers({label("2026-01-03"), label("2026-01-03")}));
  EXPECT_FALSE(calendar.covers({label("2025-12-30"), label("2026-01-03")}));
  EXPECT_FALSE(calendar.covers({label("2025-12-29"), label("2026-01-01")}));
  EXPECT_FALSE(calendar.covers({label("2026-01-03"), label("2026-01-04")}));
  EXPECT_TRUE(calendar.covers({label("2026-01-03"), label("2026-01-02")})) << "holds no day";
}

TEST(Calendar, OfTwoViewsEachDayCountsTheLarger) {
  Calendar seen_by_service;
  seen_by_service.set(label("2026-08-04"), 3);
  seen_by_service.set(label("2026-08-05"), 0);
  Calendar seen_by_user;
  seen_by_user.set(label("2026-08-04"), 1);
  seen_by_user.set(label("2026-08-05"), 7);
  seen_by_user.set(label("2026-08-06"), 0);

  seen_by_service.merge_larger(seen_by_user);

  EXPECT_EQ(seen_by_service.count(label("2026-08-04")), 3);
  EXPECT_EQ(seen_by_service.count(label("2026-08-05")), 7);
  EXPECT_EQ(seen_by_service.count(label("2026-08-06")), 0);
  EXPECT_EQ(seen_by_service.size(), 3U);
}

}  // namespace
}  // namespace streaky::streak

#include "net/retry_after.h"

#include <gtest/gtest.h>

namespace streaky::net {
namespace {

using runtime::Millis;

const runtime::TimePoint kNow = *runtime::parse_rfc3339("2026-08-06T12:00:00Z");

std::optional<Millis> wait_of(std::string value, std::string date = {}) {
  HttpResponse response;
  response.headers.push_back({"retry-after", std::move(value)});
  if (!date.empty()) response.headers.push_back({"date", std::move(date)});
  return retry_after(response, kNow);
}

TEST(RetryAfter, SecondsWithOrWithoutDecimals) {
  EXPECT_EQ(wait_of("120"), Millis{120'000});
  EXPECT_EQ(wait_of(" 1.2345 "), Millis{1'235});
  EXPECT_EQ(wait_of("0"), Millis{0});
}

TEST(RetryAfter, DatesOfAllThreeForms) {
  EXPECT_EQ(wait_of("Thu, 06 Aug 2026 12:00:35 GMT"), Millis{35'000});
  EXPECT_EQ(wait_of("Thursday, 06-Aug-26 12:00:35 GMT"), Millis{35'000});
  EXPECT_EQ(wait_of("Thu Aug  6 12:00:35 2026"), Millis{35'000});
  EXPECT_EQ(wait_of("Thu, 06 Aug 2026 11:00:00 GMT"), Millis{0});
}

TEST(RetryAfter, ADateCountsFromTheAnswersOwn) {
  EXPECT_EQ(wait_of("Thu, 06 Aug 2026 13:00:35 GMT", "Thu, 06 Aug 2026 13:00:00 GMT"),
            Millis{35'000});
  EXPECT_EQ(wait_of("Thu, 06 Aug 2026 12:00:35 GMT", "soon"), Millis{35'000});
}

TEST(RetryAfter, AnythingElseIsNothing) {
  for (const char* odd : {"", "soon", "-5", "nan", "inf", "5 s", "1e3", "0x10", "Thu",
                          "Thu, 99 Aug 2026 12:00:35 GMT"}) {
    EXPECT_EQ(wait_of(odd), std::nullopt) << odd;
  }
  EXPECT_EQ(wait_of("Thu, " + std::string(10'000, ' ') + "06 Aug 2026 12:00:35 GMT"), std::nullopt);
  EXPECT_EQ(retry_after({}, kNow), std::nullopt);
  EXPECT_LE(wait_of(std::string(300, '9')).value_or(Millis{0}), Millis{316'224'000'000});
}

}  // namespace
}  // namespace streaky::net

#include "streak/local_day.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace streaky::streak {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Label label(const char* text) { return parse_label(text).value(); }

/// `at("2026-08-06", 20, 5)`: that time of day in UTC.
Instant at(const char* date, int hour, int minute = 0, int second = 0) {
  return label(date) + hours(hour) + minutes(minute) + seconds(second);
}

Zone zone(const char* name) { return Zone::find(name).value(); }

constexpr int clock(int hour, int minute) { return hour * 60 + minute; }

TEST(ZoneNames, AreThoseOfTzdata) {
  for (const char* name : {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Kolkata",
                           "Pacific/Kiritimati", "Etc/GMT+12", "EST5EDT"}) {
    ASSERT_TRUE(Zone::find(name)) << name;
    EXPECT_EQ(zone(name).name(), name);
  }
  const auto names = Zone::names();
  EXPECT_GT(names.size(), 400U);
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
  for (const auto& name : names) EXPECT_TRUE(Zone::find(name)) << name;
  EXPECT_THAT(names, testing::AllOf(testing::Contains("UTC"), testing::Contains("Asia/Tokyo"),
                                    testing::Not(testing::Contains("localtime"))));
}

TEST(ZoneNames, NothingElseIsAZone) {
  for (const char* name :
       {"", "utc", "europe/berlin", "Europe/Berlin ", "Europe", "Europe/", "Mars/Olympus", "+02:00",
        "localtime", "posixrules", "Factory", "posix/Europe/Berlin", "right/Europe/Berlin",
        "zone.tab", "tzdata.zi", "leap-seconds.list", "../../../etc/passwd", "/etc/localtime"}) {
    EXPECT_FALSE(Zone::find(name)) << name;
  }
  EXPECT_FALSE(Zone::find(std::string_view("UTC\0", 4)));
  EXPECT_FALSE(Zone::find(std::string(100'000, 'x')));
}

TEST(ZoneNames, TheNearestOneIsOffered) {
  EXPECT_EQ(Zone::nearest_name("Europe/Berln"), "Europe/Berlin");
  EXPECT_EQ(Zone::nearest_name("europe/berlin"), "Europe/Berlin");
  EXPECT_EQ(Zone::nearest_name("Berlin"), "Europe/Berlin");
  EXPECT_EQ(Zone::nearest_name("new york"), "America/New_York");
  EXPECT_EQ(Zone::nearest_name("utc"), "UTC");
  EXPECT_EQ(Zone::nearest_name("Asia/Calcuta"), "Asia/Calcutta");
  EXPECT_TRUE(Zone::find(Zone::nearest_name("")));
  EXPECT_TRUE(Zone::find(Zone::nearest_name(std::string(1'000'000, 'x'))));
}

TEST(LocalDay, IsTheUsersAndNotUtcs) {
  EXPECT_EQ(zone("UTC").local_date(at("2026-08-06", 23, 59, 59)), label("2026-08-06"));
  EXPECT_EQ(zone("Asia/Tokyo").local_date(at("2026-08-06", 14, 59, 59)), label("2026-08-06"));
  EXPECT_EQ(zone("Asia/Tokyo").local_date(at("2026-08-06", 15)), label("2026-08-07"));
  EXPECT_EQ(zone("America/Los_Angeles").local_date(at("2026-08-06", 6, 59)), label("2026-08-05"));
  EXPECT_EQ(zone("Pacific/Kiritimati").local_date(at("2026-08-06", 10)), label("2026-08-07"));
  EXPECT_EQ(zone("Etc/GMT+12").local_date(at("2026-08-06", 11, 59)), label("2026-08-05"));
  const Instant last_moment = at("2026-12-31", 23) - milliseconds(1);
  EXPECT_EQ(zone("Europe/Berlin").local_date(last_moment), label("2026-12-31"));
  EXPECT_EQ(zone("Europe/Berlin").local_date(last_moment + milliseconds(1)), label("2027-01-01"));
}

TEST(LocalDay, TellsTheTimeOfDay) {
  EXPECT_EQ(zone("UTC").local_minute(at("2026-08-06", 20, 5, 59)), clock(20, 5));
  EXPECT_EQ(zone("Asia/Kathmandu").local_minute(at("2026-08-06", 18, 14, 59)), clock(23, 59));
  EXPECT_EQ(zone("Asia/Kathmandu").local_minute(at("2026-08-06", 18, 15)), 0);
  EXPECT_EQ(zone("America/St_Johns").clock_text(at("2026-01-15", 12)), "08:30");
  EXPECT_EQ(zone("Europe/Berlin").clock_text(at("2026-07-01", 21, 10)), "23:10");
  EXPECT_EQ(zone("Europe/Berlin").clock_text(at("1970-01-01", 0) - minutes(55)), "00:05");
}

struct Time {
  const char* why;
  const char* zone;
  const char* date;
  int minute;
  Instant expected;
};

class TimeOfDay : public testing::TestWithParam<Time> {};

TEST_P(TimeOfDay, BecomesAnInstant) {
  const Time& time = GetParam();
  EXPECT_EQ(zone(time.zone).instant_of(label(time.date), time.minute), time.expected) << time.why;
}

INSTANTIATE_TEST_SUITE_P(
    Zones, TimeOfDay,
    testing::Values(
        Time{"plain", "Europe/Berlin", "2026-08-06", clock(20, 0), at("2026-08-06", 18)},
        Time{"plain, in winter", "Europe/Berlin", "2026-01-06", clock(20, 0), at("2026-01-06", 19)},
        Time{"gap 02:00-03:00", "Europe/Berlin", "2026-03-29", clock(2, 30), at("2026-03-29", 1)},
        Time{"gap's first minute", "Europe/Berlin", "2026-03-29", clock(2, 0), at("2026-03-29", 1)},
        Time{"before the gap", "Europe/Berlin", "2026-03-29", clock(1, 59),
             at("2026-03-29", 0, 59)},
        Time{"after the gap", "Europe/Berlin", "2026-03-29", clock(3, 1), at("2026-03-29", 1, 1)},
        Time{"overlap: the first", "Europe/Berlin", "2026-10-25", clock(2, 30),
             at("2026-10-25", 0, 30)},
        Time{"after the overlap", "Europe/Berlin", "2026-10-25", clock(3, 0), at("2026-10-25", 2)},
        Time{"gap at midnight", "Asia/Beirut", "2026-03-29", 0, at("2026-03-28", 22)},
        Time{"gap at midnight", "America/Santiago", "2026-09-06", 30, at("2026-09-06", 4)},
        Time{"overlap up to midnight", "America/Santiago", "2026-04-04", clock(23, 30),
             at("2026-04-05", 2, 30)},
        Time{"overlap behind midnight", "America/Havana", "2026-11-01", 30,
             at("2026-11-01", 4, 30)},
        Time{"half an hour's gap", "Australia/Lord_Howe", "2026-10-04", clock(2, 15),
             at("2026-10-03", 15, 30)},
        Time{"half an hour's overlap", "Australia/Lord_Howe", "2026-04-05", clock(1, 45),
             at("2026-04-04", 14, 45)},
        Time{"Ireland's winter is its daylight saving", "Europe/Dublin", "2026-10-25", clock(1, 30),
             at("2026-10-25", 0, 30)},
        Time{"a date that Samoa left out", "Pacific/Apia", "2011-12-30", clock(20, 0),
             at("2011-12-30", 10)},
        Time{"the day after it", "Pacific/Apia", "2011-12-31", 0, at("2011-12-30", 10)},
        Time{"the day before it", "Pacific/Apia", "2011-12-29", clock(20, 0), at("2011-12-30", 6)},
        Time{"a date that Kwajalein left out", "Pacific/Kwajalein", "1993-08-21", clock(9, 0),
             at("1993-08-21", 12)},
        Time{"midnight passed twice", "America/St_Johns", "2010-11-07", 0, at("2010-11-07", 2, 30)},
        Time{"near the end of the table", "America/New_York", "2037-07-01", 0,
             at("2037-07-01", 4)}));

TEST(WallClock, OfADateThatCameTwiceIsTheFirst) {
  const Label september_30 = label("1970-01-01") - days(93);  // of 1969, in Kwajalein
  EXPECT_EQ(zone("Pacific/Kwajalein").instant_of(september_30, clock(14, 0)),
            september_30 + hours(3));
  EXPECT_EQ(zone("Pacific/Kwajalein").local_date(september_30 + hours(20)), september_30);
}

TEST(EndOfDay, IsTheUsersMidnight) {
  EXPECT_EQ(zone("UTC").end_of(label("2026-08-06")), at("2026-08-07", 0));
  EXPECT_EQ(zone("Europe/Berlin").end_of(label("2026-08-06")), at("2026-08-06", 22));
  EXPECT_EQ(zone("Asia/Beirut").end_of(label("2026-03-28")), at("2026-03-28", 22))
      << "the next day begins at 01:00";
  EXPECT_EQ(zone("Pacific/Apia").end_of(label("2011-12-29")), at("2011-12-30", 10))
      << "the next day is the 31st";
  EXPECT_EQ(zone("America/Santiago").end_of(label("2026-04-04")), at("2026-04-05", 4))
      << "the last hour comes twice";
  EXPECT_EQ(zone("America/Nuuk").end_of(label("2026-03-28")), at("2026-03-29", 1))
      << "the last hour is left out";
}

}  // namespace
}  // namespace streaky::streak

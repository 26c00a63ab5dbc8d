// Time, bytes, secrets, log lines, metrics: the small tools.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "runtime/bytes.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/random.h"
#include "runtime/secret.h"
#include "runtime/time.h"

namespace streaky::runtime {
namespace {

TEST(Rfc3339, RoundTrips) {
  for (const std::int64_t ms : {0LL, 1'785'000'000'123LL, 951'782'400'000LL, -1LL}) {
    EXPECT_EQ(parse_rfc3339(to_rfc3339(from_unix_ms(ms))), from_unix_ms(ms));
  }
  EXPECT_EQ(to_rfc3339(from_unix_ms(951'782'400'000)), "2000-02-29T00:00:00.000Z");
}

TEST(Rfc3339, ReadsOffsetsAndFractions) {
  EXPECT_EQ(parse_rfc3339("2026-08-06T13:00:00+02:00"), parse_rfc3339("2026-08-06T11:00:00Z"));
  EXPECT_EQ(parse_rfc3339("2026-08-06T11:00:00.1239Z"),
            parse_rfc3339("2026-08-06T11:00:00Z").value() + Millis{123});
}

TEST(Rfc3339, RefusesWhatIsNone) {
  for (const char* text :
       {"", "2026-08-06", "2026-02-29T00:00:00Z", "2026-08-06T24:00:00Z", "2026-08-06T11:00:00",
        "2026-08-06T11:00:00.Z", "2026-08-06T11:00:00Zx", "2026-08-06T11:00:00+2:00"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Human, Durations) {
  EXPECT_EQ(to_human(Millis{120}), "120 ms");
  EXPECT_EQ(to_human(Millis{3'400}), "3.4 s");
  EXPECT_EQ(to_human(Millis{125'000}), "2 min 5 s");
  EXPECT_EQ(to_human(Millis{7'500'000}), "2 h 5 min");
}

TEST(Base64Url, KnownAnswersAndNothingElse) {  // RFC 4648, section 10
  EXPECT_EQ(base64url_encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64url_encode("foob"), "Zm9vYg");
  EXPECT_EQ(base64url_decode("Zm9vYg"), "foob");
  EXPECT_EQ(base64url_decode(base64url_encode(std::string("\xFF\xFE\0\x01", 4))),
            std::string("\xFF\xFE\0\x01", 4));
  for (const char* text : {"Z", "Zm9vYg==", "Zm9v Yg", "Zm9vYh", "Zm9+"}) {
    EXPECT_FALSE(base64url_decode(text)) << text;
  }
}

TEST(Utf8, RefusesOverlongFormsAndSurrogates) {
  EXPECT_TRUE(is_utf8("grüße 🔥"));
  for (const char* text : {"\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\x80"}) {
    EXPECT_FALSE(is_utf8(text));
  }
}

TEST(EditDistance, CountsChanges) {
  EXPECT_EQ(edit_distance("time_zone", "time_zone"), 0U);
  EXPECT_EQ(edit_distance("timezone", "time_zone"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
}

TEST(Random, TheSameSeedGivesTheSameNumbers) {
  SeededRandom one(7);
  SeededRandom two(7);
  SeededRandom other(8);
  const auto first = one.uuid();
  EXPECT_EQ(first, two.uuid());
  EXPECT_NE(first, other.uuid());
  EXPECT_EQ(first.size(), 36U);
  EXPECT_EQ(first[14], '4');
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(one.below(5));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4}));
  for (int i = 0; i < 1'000; ++i) {
    const Millis jittered = one.jitter(Millis{1'000});
    EXPECT_GE(jittered, Millis{750});
    EXPECT_LE(jittered, Millis{1'250});
  }
}

TEST(Secret, IsGoneAfterAMove) {
  Secret secret("ghp_0123456789");
  const Secret other = std::move(secret);
  EXPECT_EQ(other.reveal(), "ghp_0123456789");
  EXPECT_TRUE(secret.empty());  // NOLINT(bugprone-use-after-move): the point of the test
  EXPECT_EQ(other.clone().reveal(), other.reveal());
}

TEST(Secret, WipingClearsTheBytesThemselves) {
  std::string text = "a rather long credential that lives on the heap";
  const char* bytes = text.data();
  wipe(text);
  EXPECT_TRUE(text.empty());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(bytes[i], '\0');
}

TEST(Log, ALineStaysALineAndJsonStaysJson) {
  testing::internal::CaptureStderr();
  make_stderr_log(LogLevel::info, LogFormat::text)
      ->warn("odd\ninput", {{"value", "a\"b\nc"}, {"count", 3}, {"ok", true}});
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_NE(text.find(R"(value="a\"b\u000ac" count=3 ok=true)"), std::string::npos) << text;

  testing::internal::CaptureStderr();
  const auto log = make_stderr_log(LogLevel::info, LogFormat::json);
  log->info("done", {{"batch", "b-1"}});
  log->debug("not shown");
  const std::string json = testing::internal::GetCapturedStderr();
  EXPECT_NE(json.find(R"("level":"info","event":"done","batch":"b-1"})"), std::string::npos);
  EXPECT_EQ(json.find("not shown"), std::string::npos);
}

TEST(Metrics, CountsPerLabelAndSpeaksPrometheus) {
  Metrics metrics;
  metrics.count("streaky_x_total", {{"code", "a"}});
  metrics.count("streaky_x_total", {{"code", "a"}}, 2);
  metrics.count("streaky_x_total", {{"code", "b"}});
  metrics.gauge("streaky_y", 4.5);
  EXPECT_EQ(metrics.value("streaky_x_total", {{"code", "a"}}), 3);
  EXPECT_EQ(metrics.value("streaky_x_total", {{"code", "none"}}), 0);
  EXPECT_NE(metrics.text().find("streaky_x_total{code=\"a\"} 3"), std::string::npos);
  EXPECT_NE(metrics.text().find("streaky_y 4.5"), std::string::npos);
}

}  // namespace
}  // namespace streaky::runtime

#include "store/batches.h"

#include <gtest/gtest.h>

#include "store/health.h"
#include "store/store_testing.h"

namespace streaky::store {
namespace {

class BatchesTest : public StoreTest {
 protected:
  /// Sends the day's reminder of a stage and ends it like that.
  void remind(const std::string& batch_id, int stage, DeliveryEnd end) {
    sql("UPDATE users SET next_check_at = 0");
    take_due(batch_id, stage);
    const std::string id = remind_once("w1", true);
    ASSERT_FALSE(id.empty());
    wait(s_->deliveries.record("w1", {result_of(id, end)}, kNow));
  }
  std::int64_t sent_or_waiting() {
    return number("SELECT COUNT(*) FROM deliveries WHERE state IN ('sent', 'pending', 'sending')");
  }
};

TEST_P(BatchesTest, ADeadReminderIsRetried) {
  sign_up(1);
  remind("b1", 600, DeliveryEnd::refused);
  EXPECT_EQ(wait(s_->batches.retry_failed("b1", kNow)), 1);
  EXPECT_EQ(sent_or_waiting(), 1);
  EXPECT_EQ(counters(), recount());
}

TEST_P(BatchesTest, ADeadReminderIsNotRetriedOnceALaterStageHasSpoken) {
  sign_up(1);
  remind("b1", 600, DeliveryEnd::refused);
  remind("b2", 900, DeliveryEnd::sent);
  EXPECT_EQ(wait(s_->batches.retry_failed("b1", kNow)), 0);
  EXPECT_EQ(sent_or_waiting(), 1);
  EXPECT_EQ(counters(), recount());
}

TEST_P(BatchesTest, ALaterStageThatDiedTooHoldsNothingBack) {
  sign_up(1);
  remind("b1", 600, DeliveryEnd::refused);
  remind("b2", 900, DeliveryEnd::refused);
  EXPECT_EQ(wait(s_->batches.retry_failed("b2", kNow)), 1);
  EXPECT_EQ(wait(s_->batches.retry_failed("b1", kNow)), 0) << "the later one waits to be sent";
  EXPECT_EQ(sent_or_waiting(), 1);
}

TEST_P(BatchesTest, JobsAreFoundByStateAndBeginningOfTheLogin) {
  sign_up(2);
  trigger("b1");
  EXPECT_EQ(wait(s_->batches.jobs("b1", {}, 10)).size(), 2U);
  EXPECT_EQ(wait(s_->batches.jobs("b1", {}, 1)).size(), 1U);
  EXPECT_EQ(wait(s_->batches.jobs("b1", {.state = "", .login = "USER1"}, 10)).size(), 1U);
  EXPECT_EQ(wait(s_->batches.jobs("b1", {.state = "pending", .login = "user"}, 10)).size(), 2U);
  EXPECT_TRUE(wait(s_->batches.jobs("b1", {.state = "failed", .login = ""}, 10)).empty());
  EXPECT_TRUE(wait(s_->batches.jobs("b1", {.state = "", .login = "%"}, 10)).empty());
  EXPECT_TRUE(wait(s_->batches.jobs("b2", {}, 10)).empty());
}

TEST_P(BatchesTest, ChannelsAreCountedWithWhatBecameOfTheirMessages) {
  sign_up(1);
  remind("b1", 600, DeliveryEnd::sent);
  const auto report = wait(read_channel_report(&s_->database, kNow));
  ASSERT_TRUE(report.kinds.contains("discord"));
  EXPECT_EQ(report.kinds.at("discord").on, 1);
  EXPECT_EQ(report.kinds.at("discord").count("sent"), 1);
  EXPECT_EQ(report.kinds.at("discord").count("dead"), 0);
  const auto later = wait(read_channel_report(&s_->database, kNow + std::chrono::hours(25)));
  EXPECT_EQ(later.kinds.at("discord").count("sent"), 0) << "the last day alone";
}

TEST_P(BatchesTest, RoundsArePagedTheNewestFirst) {
  sql("INSERT INTO batches (id, origin, created_at) VALUES ('b1', 'manual', 2), "
      "('b2', 'manual', 2), ('b3', 'manual', 1)");
  std::vector<std::string> seen;
  runtime::TimePoint at = kNow;
  std::string id;
  for (int pages = 0; pages < 4; ++pages) {
    for (const Batch& one : wait(s_->batches.page(at, id, 1))) {
      seen.push_back(one.id);
      at = one.created_at;
      id = one.id;
    }
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"b2", "b1", "b3"}));
}

STREAKY_STORE_SUITE(BatchesTest);

}  // namespace
}  // namespace streaky::store

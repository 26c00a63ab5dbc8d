#include "store/batches.h"

#include <gtest/gtest.h>

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

STREAKY_STORE_SUITE(BatchesTest);

}  // namespace
}  // namespace streaky::store

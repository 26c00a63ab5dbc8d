#include "store/job_search.h"

#include <gtest/gtest.h>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

using std::chrono::minutes;

class JobSearchTest : public StoreTest {
 protected:
  JobSearch search() { return JobSearch(s_->database); }
  static JobSearch::Wanted of_batch(const std::string& id, const std::string& state = "") {
    return {.batch_id = id, .user_id = std::nullopt, .state = state, .after_id = 0};
  }
  static JobSearch::Wanted of_user(const User& user, const std::string& batch_id = "") {
    return {.batch_id = batch_id, .user_id = user.id, .state = "", .after_id = 0};
  }
  std::size_t found(JobSearch::Wanted wanted) {
    return wait(search().page(std::move(wanted), 100)).size();
  }
  /// Claims the only job and ends it like that.
  std::int64_t end_job(JobEnd end) {
    const ClaimedJob job = claim("w").at(0);
    finish("w", {outcome_of(job, end)});
    return job.id;
  }
};

TEST_P(JobSearchTest, JobsAreFoundByBatchUserAndState) {
  const auto users = sign_up(3);
  trigger("b1");
  ASSERT_EQ(claim("w", 1).size(), 1U);
  EXPECT_EQ(found(of_batch("b1")), 3U);
  EXPECT_EQ(found(of_batch("b1", "pending")), 2U);
  EXPECT_EQ(found(of_batch("b1", "failed")), 0U);
  EXPECT_EQ(found(of_batch("b2")), 0U);
  EXPECT_EQ(found(of_user(users[1])), 1U);
  EXPECT_EQ(found(of_user(users[1], "b1")), 1U);
  EXPECT_EQ(found(of_user(users[1], "b2")), 0U);
  const auto first = wait(search().page(of_batch("b1"), 2));
  ASSERT_EQ(first.size(), 2U);
  JobSearch::Wanted after = of_batch("b1");
  after.after_id = first.back().id;
  EXPECT_EQ(found(after), 1U);
  const auto one = wait(search().find(first.front().id));
  ASSERT_TRUE(one);
  EXPECT_EQ(one->login, "user0");
  EXPECT_EQ(one->date, kToday);
  EXPECT_EQ(one->stage, kManualStage);
  EXPECT_EQ(one->expires_at, kMidnight);
  EXPECT_FALSE(one->ended_at);
  EXPECT_FALSE(wait(search().find(first.front().id + 100)));
}

TEST_P(JobSearchTest, AFailedJobIsTriedAgainUntilItsDayEndsOrALaterOneHasFollowed) {
  sign_up(1);
  take_due("b1", 600);
  const std::int64_t id = end_job(JobEnd::failed);
  EXPECT_FALSE(wait(search().retry(id, kMidnight)));
  EXPECT_TRUE(wait(search().retry(id, kNow)));
  EXPECT_FALSE(wait(search().retry(id, kNow))) << "it waits already";
  EXPECT_EQ(counters(), recount());
  EXPECT_EQ(end_job(JobEnd::failed), id);
  sql("UPDATE users SET next_check_at = 0");
  take_due("b2", 900);
  EXPECT_FALSE(wait(search().retry(id, kNow)));
  EXPECT_EQ(counters(), recount());
}

TEST_P(JobSearchTest, AJobThatWaitsForItsNextTryCanBeHurried) {
  sign_up(1);
  take_due("b1", 600);
  const std::int64_t id = end_job(JobEnd::retry);
  EXPECT_FALSE(something_due(kNow));
  EXPECT_TRUE(wait(search().hurry(id, kNow)));
  EXPECT_TRUE(something_due(kNow));
  end_job(JobEnd::completed);
  EXPECT_FALSE(wait(search().hurry(id, kNow)));
}

STREAKY_STORE_SUITE(JobSearchTest);

}  // namespace
}  // namespace streaky::store

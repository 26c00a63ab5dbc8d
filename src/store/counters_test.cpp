// Whatever happens, in whatever order, the counters of every batch say what its tables say.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

/// Deliveries that wait for a channel which takes none would wait for ever.
const char* const kStranded =
    "SELECT COUNT(*) FROM deliveries d WHERE d.state = 'pending' AND NOT EXISTS "
    "(SELECT 1 FROM channels c WHERE c.id = d.channel_id AND c.is_on = 1)";

class CountersTest : public StoreTest {
 protected:
  static constexpr int kSteps = 250;

  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  /// One of the newest: old ones would nearly always be stale.
  template <typename T>
  T& any(std::vector<T>& values) {
    const int newest = std::min(static_cast<int>(values.size()), 6);
    return values[values.size() - 1 - static_cast<std::size_t>(pick(newest))];
  }
  std::string owner() { return pick(2) == 0 ? "w1" : "w2"; }
  std::string new_batch() { return "batch-" + std::to_string(++batches_); }

  void step();
  void schedule();
  void make_jobs(const std::function<void()>& make);
  void trigger_all();
  void claim_some();
  void finish_some();
  void send_some();
  void edit();

  std::mt19937 random_;
  runtime::TimePoint now_ = kNow;
  int batches_ = 0;
  int prefixes_ = 0;
  std::vector<std::pair<std::string, ClaimedJob>> jobs_;        // some of them stale
  std::vector<std::pair<std::string, ClaimedDelivery>> sends_;  // likewise
  CountsByBatch kept_;  // by batches that a job has moved away from
};

void CountersTest::schedule() {
  sql("UPDATE users SET next_check_at = 0 WHERE id % 2 = " + std::to_string(pick(2)));
  const auto date = kToday + std::chrono::days(pick(2));
  make_jobs([&] {
    wait(s_->schedule.take_due(now_, 1 + pick(10), new_batch(), plan(600 + pick(3), date)));
  });
}

/// Ended jobs that are opened again move to the new batch; the old one keeps what it counted.
void CountersTest::make_jobs(const std::function<void()>& make) {
  struct Row {
    std::string batch;
    std::string verdict;
    std::string state;
  };
  const auto read = [&] {
    std::map<long long, Row> rows;
    Database::Work work = [&](Session& session) {
      long long id = 0;
      Row row;
      soci::statement all =
          (session.connection().prepare << "SELECT id, batch_id, verdict, state FROM jobs",
           soci::into(id), soci::into(row.batch), soci::into(row.verdict), soci::into(row.state));
      all.execute();
      while (all.fetch()) rows[id] = row;
    };
    wait(s_->database.read(work));
    return rows;
  };
  const auto before = read();
  make();
  auto after = read();
  for (const auto& [id, row] : before) {
    if (after[id].batch == row.batch) continue;
    ++kept_[{row.batch, row.state}];
    if (row.state != "completed") continue;
    const bool judged = row.verdict != "superseded" && row.verdict != "inactive";
    ++kept_[{row.batch, judged ? "verdict:" + row.verdict : row.verdict}];
  }
}

void CountersTest::trigger_all() {
  make_jobs(
      [&] { wait(s_->schedule.trigger(now_, 100, pick(5), new_batch(), plan(kManualStage))); });
}

void CountersTest::claim_some() {
  const std::string who = owner();
  const auto lease = now_ + std::chrono::seconds(30);
  for (auto& job : wait(s_->jobs.claim(who, 1 + pick(6), pick(2) == 0, now_, lease))) {
    jobs_.emplace_back(who, job);
  }
  for (auto& send : wait(s_->deliveries.claim(who, 1 + pick(6), now_, lease))) {
    sends_.emplace_back(who, send);
  }
}

void CountersTest::finish_some() {
  if (jobs_.empty()) return;
  const auto [who, job] = any(jobs_);
  const JobEnd ends[] = {JobEnd::completed, JobEnd::completed, JobEnd::retry, JobEnd::failed};
  JobOutcome outcome = outcome_of(job, ends[pick(4)]);
  outcome.verdict = pick(2) == 0 ? streak::Verdict::safe : streak::Verdict::at_risk;
  outcome.retry_at = now_ + std::chrono::minutes(pick(600));
  const char* const kinds[] = {"reminder", "reminder", "could_not_check", "summary"};
  for (const Channel& channel : job.user.channels) {
    if (pick(4) == 0) continue;
    outcome.deliveries.push_back(delivery_to(channel, kinds[pick(4)], pick(2) == 0));
  }
  const auto lease = now_ + std::chrono::seconds(30);
  const auto results = wait(s_->jobs.finish(who, {outcome}, now_, lease));
  for (const NewDelivery& one : results[0].written) {
    const std::string& id = one.id;
    ClaimedDelivery send;
    send.id = id;
    sends_.emplace_back(who, send);
  }
}

void CountersTest::send_some() {
  if (sends_.empty()) return;
  const auto [who, send] = any(sends_);
  const DeliveryEnd ends[] = {DeliveryEnd::sent,     DeliveryEnd::sent,    DeliveryEnd::retry,
                              DeliveryEnd::dead,     DeliveryEnd::refused, DeliveryEnd::expired,
                              DeliveryEnd::cancelled};
  DeliveryOutcome outcome = result_of(send.id, ends[pick(7)], send.attempt);
  outcome.at = now_ + std::chrono::minutes(pick(600));
  wait(s_->deliveries.record(who, {outcome}, now_));
}

void CountersTest::edit() {
  auto users = wait(s_->users.list(0, 100));
  if (users.empty()) return;
  User& user = any(users);
  switch (pick(6)) {
    case 0:
      wait(s_->users.remove(user.id));
      return;
    case 1:
      user.status = UserStatus::paused;
      break;
    case 2:
      if (!user.channels.empty()) user.channels.pop_back();
      break;
    case 3:
      if (!user.channels.empty()) {
        wait(s_->users.switch_channel_off(user.channels[0].id, "gone", now_));
      }
      return;
    default:
      user.status = UserStatus::active;
      for (Channel& channel : user.channels) channel.on = true;
  }
  wait(s_->users.save({user}, now_));
}

void CountersTest::step() {
  switch (pick(16)) {
    case 0:
      add_telegram(sign_up(1, "walker" + std::to_string(++prefixes_) + "-")[0]);
      break;
    case 1:
    case 2:
      schedule();
      break;
    case 3:
      trigger_all();
      break;
    case 4:
    case 5:
    case 6:
      claim_some();
      break;
    case 7:
    case 8:
    case 9:
      finish_some();
      break;
    case 10:
    case 11:
      send_some();
      break;
    case 12:
      edit();
      break;
    case 13:
      now_ += std::chrono::seconds(pick(40));
      wait(s_->upkeep.reap(now_));
      break;
    case 14:
      wait(s_->batches.retry_failed("batch-" + std::to_string(1 + pick(batches_ + 1)), now_));
      break;
    default:
      if (!jobs_.empty()) {
        const auto& [who, job] = any(jobs_);
        wait(s_->jobs.release(who, {job.id}));
      }
      InHand in_hand;
      for (const auto& [who, job] : jobs_) in_hand.jobs.push_back(job.id);
      wait(s_->jobs.extend(owner(), in_hand, now_ + std::chrono::seconds(30)));
  }
}

TEST_P(CountersTest, AddUpAfterARandomWalk) {
  for (const unsigned seed : {1U, 2U, 3U, 4U}) {
    random_.seed(seed);
    now_ = kNow;
    for (User& user : sign_up(4, "seed" + std::to_string(seed) + "-")) add_telegram(user);
    for (int i = 0; i < kSteps; ++i) {
      step();
      CountsByBatch expected = recount();
      for (const auto& [key, value] : kept_) expected[key] += value;
      ASSERT_EQ(counters(), expected) << "seed " << seed << ", step " << i;
      ASSERT_EQ(number(kStranded), 0) << "seed " << seed << ", step " << i;
    }
    // Midnight settles everything, whatever state it was in.
    wait(s_->upkeep.reap(kMidnight + std::chrono::hours(24)));
    for (const Batch& one : wait(s_->batches.newest(1'000))) EXPECT_TRUE(one.settled()) << one.id;
  }
  // The walk must have been through everything that is counted.
  for (const char* state : {"sent", "dead", "expired", "cancelled"}) {
    EXPECT_GT(number(std::string("SELECT COUNT(*) FROM deliveries WHERE state = '") + state + "'"),
              0)
        << state;
  }
  EXPECT_GT(number("SELECT COUNT(*) FROM jobs WHERE verdict = 'superseded'"), 0);
  EXPECT_GT(number("SELECT COUNT(*) FROM jobs WHERE crashes > 0"), 0);
  EXPECT_FALSE(kept_.empty());
}

STREAKY_STORE_SUITE(CountersTest);

}  // namespace
}  // namespace streaky::store

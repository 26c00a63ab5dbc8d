// Several programs want the same thing of one PostgreSQL at the same instant: one gets it.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "store/api_tokens.h"
#include "store/kept_answers.h"
#include "store/sessions.h"
#include "store/store_testing.h"
#include "store/telegram_links.h"

namespace streaky::store {
namespace {

constexpr int kPrograms = 4;
constexpr int kRounds = 12;

class AtOnceTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    // As long as programs wait: all of them queue for one user's row here.
    Database::Options options;
    options.url = url();
    for (int i = 0; i < kPrograms; ++i) {
      programs_.push_back(std::make_unique<Stores>(io_, options));
    }
  }
  void begin(runtime::Task<void> task) {
    boost::asio::co_spawn(io_, std::move(task), [](const std::exception_ptr& error) {
      EXPECT_FALSE(error) << "a program failed";
    });
  }
  void run() {
    io_.restart();
    io_.run();
  }

  std::vector<std::unique_ptr<Stores>> programs_;
};

runtime::Task<void> make_token(Database& database, std::string hash, std::int64_t user, int& made) {
  ApiTokens tokens(database);
  const auto id = co_await tokens.make(std::move(hash), user, SessionOrigin::link, "ci", kNow);
  if (id) ++made;
}

TEST_P(AtOnceTest, NobodyGetsMoreTokensThanTheLimit) {
  const std::int64_t user = sign_up(1).at(0).id;
  int made = 0;
  for (int i = 0; i < kMostApiTokens * 2; ++i) {
    Stores& program = *programs_[static_cast<std::size_t>(i % kPrograms)];
    begin(make_token(program.database, "token-" + std::to_string(i), user, made));
  }
  run();
  EXPECT_EQ(made, kMostApiTokens);
  EXPECT_EQ(number("SELECT COUNT(*) FROM api_tokens"), kMostApiTokens);
}

runtime::Task<void> begin_answer(Database& database, AnswerKey key, int& fresh, int& under_way) {
  KeptAnswers answers(database);
  const auto start = co_await answers.begin(std::move(key), kNow);
  if (start.begun == KeptAnswers::Begun::fresh) ++fresh;
  if (start.begun == KeptAnswers::Begun::under_way) ++under_way;
}

TEST_P(AtOnceTest, ARequestThatComesTwiceIsWorkedOnOnce) {
  const std::int64_t user = sign_up(1).at(0).id;
  int fresh = 0;
  int under_way = 0;
  for (int round = 0; round < kRounds; ++round) {
    const AnswerKey key{user, "key-" + std::to_string(round), "hash"};
    for (auto& one : programs_) begin(begin_answer(one->database, key, fresh, under_way));
  }
  run();
  EXPECT_EQ(fresh, kRounds);
  EXPECT_EQ(under_way, kRounds * (kPrograms - 1));
}

runtime::Task<void> press(Users& users, User user, int stage, int& worked) {
  User after = user;
  after.day_word = streak::DayWord{
      .date = kToday, .stopped = false, .snoozed_until = kNow + std::chrono::minutes(stage)};
  LinkUse link{.date = kToday, .stage = stage, .action = "snooze"};
  UserEdit edit{std::move(user), std::move(after)};
  const auto once = co_await users.edit_once(std::move(edit), std::move(link), kNow);
  if (!once.used_before && once.user) ++worked;
}

TEST_P(AtOnceTest, ALinkThatIsPressedTwiceWorksOnce) {
  const auto users = sign_up(kRounds);
  int worked = 0;
  for (const User& user : users) {
    for (auto& one : programs_) begin(press(one->users, user, 1200, worked));
  }
  run();
  EXPECT_EQ(worked, kRounds);
  EXPECT_EQ(number("SELECT COUNT(*) FROM used_links"), kRounds);
}

runtime::Task<void> send_code(Users& users, User user, std::string code, int& worked) {
  UserEdit edit{user, user};
  const auto once = co_await users.edit_by_code(std::move(edit), std::move(code), kNow);
  if (!once.used_before && once.user) ++worked;
}

TEST_P(AtOnceTest, ACodeThatReachesTwoListenersLinksOnce) {
  const auto users = sign_up(kRounds);
  Sessions sessions(s_->database);
  TelegramLinks links(s_->database);
  int worked = 0;
  for (const User& user : users) {
    const std::string code = "code-" + std::to_string(user.id);
    wait(sessions.begin(code, user.id, SessionOrigin::github, "Firefox", kNow));
    const auto session = wait(sessions.find(code, kNow))->session.id;
    wait(links.add_code(code, user.id, session, kNow));
    for (auto& one : programs_) begin(send_code(one->users, user, code, worked));
  }
  run();
  EXPECT_EQ(worked, kRounds);
  EXPECT_EQ(number("SELECT COUNT(*) FROM telegram_codes"), 0);
}

runtime::Task<void> listen(Database& database, std::int64_t bot, std::string owner, int& taken) {
  TelegramLinks links(database);
  const auto got = co_await links.take_bot(bot, std::move(owner), kNow, kLease);
  if (got) ++taken;
}

TEST_P(AtOnceTest, OneListensToABot) {
  int taken = 0;
  for (int bot = 1; bot <= kRounds; ++bot) {
    for (std::size_t i = 0; i < programs_.size(); ++i) {
      begin(listen(programs_[i]->database, bot, "owner-" + std::to_string(i), taken));
    }
  }
  run();
  EXPECT_EQ(taken, kRounds);
}

runtime::Task<void> claim_one(Deliveries& deliveries, std::string owner) {
  co_await deliveries.claim(std::move(owner), 1, kNow, kLease);
}

TEST_P(AtOnceTest, AChannelIsInOneProgramsHands) {
  sign_up(kRounds);
  trigger("b1");
  std::vector<JobOutcome> outcomes;
  for (const ClaimedJob& job : claim("w1")) {
    outcomes.push_back(outcome_of(job));
    outcomes.back().deliveries = {delivery_to(job.user.channels.at(0), "reminder")};
  }
  finish("w1", outcomes);
  // Four messages to each channel; whoever has one of them has the channel.
  for (int copy = 1; copy < kPrograms; ++copy) {
    sql("INSERT INTO deliveries SELECT id || '-" + std::to_string(copy) +
        "', batch_id, job_id, user_id, channel_id, channel_kind, kind || '-" +
        std::to_string(copy) +
        "', date, zone, stage, subject, body, urgency, state, created_at, checked_at, due_at, "
        "expires_at, owner, lease_until, started_at, attempt, tries, remote_id, code, reason, "
        "maybe_seen, ended_at FROM deliveries WHERE kind = 'reminder'");
  }
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < programs_.size(); ++i) {
      begin(claim_one(programs_[i]->deliveries, "owner-" + std::to_string(i)));
    }
  }
  run();
  EXPECT_GT(number("SELECT COUNT(*) FROM deliveries WHERE state = 'sending'"), 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM (SELECT channel_id FROM deliveries "
                   "WHERE state = 'sending' GROUP BY channel_id "
                   "HAVING COUNT(DISTINCT owner) > 1) crowded"),
            0);
}

STREAKY_STORE_SUITE_ON(AtOnceTest, Dialect::postgres);

}  // namespace
}  // namespace streaky::store

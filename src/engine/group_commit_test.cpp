#include "engine/group_commit.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <sstream>

namespace streaky::engine {
namespace {

using Kind = store::DatabaseError::Kind;

/// Items are numbers; the answer to one is its double.
class GroupCommitTest : public testing::Test {
 protected:
  using Commit = GroupCommit<int, int>;

  runtime::Task<std::vector<int>> write(const std::vector<int>* items) {
    sizes_.push_back(items->size());
    if (fail_with_ && failures_-- > 0) throw store::DatabaseError(*fail_with_, "no");
    std::vector<int> answers;
    for (const int item : *items) {
      if (item == kPoison) throw store::DatabaseError(Kind::rejected, "CHECK constraint failed");
      if (item == kHeld && held_) throw store::DatabaseError(Kind::locked, "held");
      answers.push_back(2 * item);
    }
    co_return answers;
  }

  runtime::Task<void> add(int item) {
    try {
      answers_[item] = co_await commit_.add(item);
    } catch (const NotRecorded&) {
      errors_[item] = "not recorded";
    } catch (const store::DatabaseError& error) {
      errors_[item] = error.what();
    }
  }

  void add_all(int first, int last) {
    for (int item = first; item <= last; ++item) {
      boost::asio::co_spawn(io_, add(item), boost::asio::detached);
    }
  }

  void run() {
    do {
      io_.restart();
      io_.poll();
    } while (clock_.advance_to_next());
    io_.restart();
    io_.poll();
  }

  static constexpr int kPoison = 13;
  static constexpr int kHeld = 150;

  boost::asio::io_context io_;
  runtime::VirtualClock clock_{runtime::from_unix_ms(1'800'000'000'000)};
  std::unique_ptr<runtime::Log> log_ = runtime::make_null_log();
  std::optional<Kind> fail_with_;
  int failures_ = 0;
  bool held_ = false;
  std::vector<std::size_t> sizes_;
  std::map<int, int> answers_;
  std::map<int, std::string> errors_;
  Commit commit_{clock_, *log_, io_.get_executor(), [](const std::exception_ptr& /*bug*/) {},
                 [this](const std::vector<int>* items) { return write(items); }};
};

TEST_F(GroupCommitTest, WhatArrivesTogetherIsWrittenTogether) {
  add_all(1, 10);
  run();
  EXPECT_EQ(sizes_, std::vector<std::size_t>{10});
  EXPECT_EQ(answers_.size(), 10U);
  EXPECT_EQ(answers_[7], 14);
}

TEST_F(GroupCommitTest, ADatabaseThatIsAwayIsWaitedForAndNothingIsLost) {
  fail_with_ = Kind::other;
  failures_ = 3;
  add_all(1, 10);
  run();
  EXPECT_EQ(sizes_, (std::vector<std::size_t>{10, 10, 10, 10}));
  EXPECT_EQ(answers_.size(), 10U);
  EXPECT_TRUE(errors_.empty());
}

TEST_F(GroupCommitTest, AnItemThatIsRefusedSpoilsItselfAlone) {
  add_all(1, 100);
  run();
  EXPECT_EQ(answers_.size(), 99U);
  EXPECT_EQ(answers_[12], 24);
  EXPECT_EQ(answers_[14], 28);
  EXPECT_EQ(answers_[100], 200);
  ASSERT_EQ(errors_.size(), 1U);
  EXPECT_EQ(errors_[kPoison], "CHECK constraint failed");
  EXPECT_LE(sizes_.size(), 2U * 8U) << "halving, not one by one";
}

TEST_F(GroupCommitTest, AnItemWhoseRowsAreHeldKeepsNobodyElseWaiting) {
  held_ = true;
  add_all(101, 200);
  for (int step = 0; step < 20; ++step) {
    io_.restart();
    io_.poll();
    clock_.advance_to_next();
  }
  EXPECT_EQ(answers_.size(), 99U);
  held_ = false;
  run();
  EXPECT_EQ(answers_.size(), 100U);
  EXPECT_TRUE(errors_.empty());
}

TEST_F(GroupCommitTest, GivingUpSaysSoToEverybody) {
  fail_with_ = Kind::full;
  failures_ = 1'000'000;
  add_all(1, 3);
  io_.poll();
  clock_.advance_to_next();
  io_.restart();
  io_.poll();
  commit_.give_up();
  run();
  EXPECT_EQ(errors_.size(), 3U);
  EXPECT_EQ(errors_[2], "not recorded");
}

TEST_F(GroupCommitTest, GivingUpOnAnItemWhoseRowsAreHeldLosesNoOther) {
  held_ = true;
  add_all(101, 200);
  io_.poll();
  commit_.give_up();
  run();
  EXPECT_EQ(answers_.size(), 99U);
  EXPECT_EQ(errors_.size(), 1U);
  EXPECT_EQ(errors_[kHeld], "not recorded");
}

}  // namespace
}  // namespace streaky::engine

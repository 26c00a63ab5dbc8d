// Several processes, one token: what they spend together is what GitHub gives.
#include "engine/point_dealer.h"

#include <algorithm>
#include <boost/asio/detached.hpp>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "github/token_budget.h"
#include "runtime/clock.h"
#include "store/store_testing.h"

namespace streaky::engine {
namespace {

using github::Portion;
using github::TokenBudget;
using runtime::Millis;
using store::Dialect;
using store::dialect_name;
using Leased = std::expected<TokenBudget::Lease, TokenBudget::Refusal>;

/// GitHub's side: an hour's points, of which each request costs one.
struct Hour {
  std::int64_t limit = 0;
  std::int64_t spent = 0;
  int over = 0;  // requests beyond it
  runtime::TimePoint ends_at{};

  net::HttpResponse answer() {
    if (spent >= limit) ++over;
    ++spent;
    net::HttpResponse response;
    response.status = 200;
    response.headers.push_back(
        {"x-ratelimit-remaining", std::to_string(std::max<std::int64_t>(limit - spent, 0))});
    response.headers.push_back(
        {"x-ratelimit-reset", std::to_string(runtime::to_unix_ms(ends_at) / 1'000)});
    return response;
  }
};

runtime::Task<void> keep(TokenBudget* budget, runtime::TimePoint give_up_at,
                         std::optional<Leased>* out) {
  *out = co_await budget->lease_service(give_up_at);
}

class PointDealerTest : public store::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    log_ = runtime::make_null_log();
    dealer_.emplace(s_->database, *log_);
    hour_.ends_at = clock_.now() + std::chrono::hours(1);
  }
  TokenBudget& start(Portion portion) {
    auto& budget = budgets_.emplace_back(std::make_unique<TokenBudget>(clock_));
    budget->add_service_token(runtime::Secret("ghp_shared"));
    budget->set_dealer(*dealer_);
    budget->set_portion(portion);
    return *budget;
  }
  Leased lease(TokenBudget& budget) {
    std::optional<Leased> out;
    boost::asio::co_spawn(io_, keep(&budget, clock_.now(), &out), boost::asio::detached);
    io_.restart();
    io_.poll();
    return std::move(out.value());
  }
  /// One request from begin to end; false when the budget refuses it.
  bool ask(TokenBudget& budget) {
    Leased leased = lease(budget);
    if (!leased) return false;
    leased->succeeded(hour_.answer(), std::nullopt);
    leased->give_back();
    return true;
  }
  /// All ask as long as they may, `together` requests each at a time.
  void spend_all(int together) {
    for (bool any = true; any;) {
      any = false;
      clock_.advance_to(clock_.now() + Millis{1'000});  // the minute's share fills up
      std::vector<Leased> under_way;
      for (auto& budget : budgets_) {
        for (int i = 0; i < together; ++i) {
          Leased leased = lease(*budget);
          if (leased) under_way.push_back(std::move(leased));
        }
      }
      for (Leased& leased : under_way) {
        any = true;
        leased->succeeded(hour_.answer(), std::nullopt);
      }
    }
  }
  std::int64_t transactions() const {
    return static_cast<std::int64_t>(
        s_->metrics.value("streaky_db_transactions_total", {{"kind", "write"}}));
  }

  runtime::VirtualClock clock_{store::kNow};
  std::unique_ptr<runtime::Log> log_;
  std::optional<StorePointDealer> dealer_;
  std::vector<std::unique_ptr<TokenBudget>> budgets_;
  Hour hour_;
};

TEST_P(PointDealerTest, TwoNeverSpendMoreThanTheHourHas) {
  hour_.limit = 1'500;
  for (int i = 0; i < 2; ++i) start(Portion::of_fleet(2, 0, false));
  spend_all(20);
  EXPECT_EQ(hour_.over, 0);
  EXPECT_GE(hour_.spent, 1'350) << "little of it is left to nobody";
  // The next hour is theirs again.
  clock_.advance_to(hour_.ends_at);
  hour_ = {.limit = 300, .ends_at = clock_.now() + std::chrono::hours(1)};
  spend_all(20);
  EXPECT_EQ(hour_.over, 0);
  EXPECT_GE(hour_.spent, 200);
}

TEST_P(PointDealerTest, WhoComesLaterTakesNothingThatOthersHold) {
  hour_.limit = 600;
  TokenBudget& first = start(Portion::of_fleet(1, 0, false));
  const std::int64_t before = transactions();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(ask(first));
  EXPECT_EQ(transactions(), before) << "who is alone asks nobody";
  start(Portion::of_fleet(2, 0, false));
  first.set_portion(Portion::of_fleet(2, 0, false));
  spend_all(10);
  EXPECT_EQ(hour_.over, 0);
  EXPECT_GE(hour_.spent, 450);
}

TEST_P(PointDealerTest, PointsAreTakenByTheSlice) {
  hour_.limit = 5'000;
  TokenBudget& budget = start(Portion::of_fleet(2, 0, false));
  start(Portion::of_fleet(2, 0, false));
  const std::int64_t before = transactions();
  for (int i = 0; i < 350; ++i) ASSERT_TRUE(ask(budget));
  EXPECT_EQ(transactions() - before, 4);
  EXPECT_EQ(number("SELECT COUNT(*) FROM token_slices WHERE token LIKE '%ghp%'"), 0);
}

TEST_P(PointDealerTest, WithoutTheStoreNoMoreThanASliceIsSpent) {
  hour_.limit = 5'000;
  TokenBudget& budget = start(Portion::of_fleet(2, 0, false));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(ask(budget));
  sql("ALTER TABLE token_slices RENAME TO away");
  int asked = 0;
  while (asked < 1'000 && ask(budget)) ++asked;
  EXPECT_EQ(asked, store::TokenSlices::kSlice - 1);
  sql("ALTER TABLE away RENAME TO token_slices");
  clock_.advance_to(clock_.now() + Millis{1'000});
  EXPECT_TRUE(ask(budget)) << "it goes on when the store is back";
}

// Who is dealt points in a new hour forgets tokens that nobody has used for a day. One of them is
// used again in that moment.
class ForgottenTokenTest : public PointDealerTest {};

TEST_P(ForgottenTokenTest, IsDealtAllTheSame) {
  store::TokenSlices::Ask ask{.token = "a", .window_ends_at = store::kMidnight, .left = 1'000};
  const std::string url = this->url();
  std::int64_t points = 0;
  const auto take = [url, ask, &points] {
    boost::asio::io_context io;
    store::Stores stores(io, {.url = url, .mode = store::Database::Mode::inline_calls, .wall = {}});
    store::TokenSlices slices(stores.database);
    boost::asio::co_spawn(io, slices.take(ask),
                          [&](const std::exception_ptr& error, std::int64_t dealt) {
                            EXPECT_FALSE(error);
                            points = dealt;
                          });
    io.run();
  };
  take();
  ASSERT_GT(std::exchange(points, 0), 0);
  // The row is held, waited for, and only then gone.
  std::thread forgetter([&] {
    store::TestSchema::execute(
        "DO $$ BEGIN SET LOCAL search_path = " + schema_->name() +
        "; PERFORM 1 FROM token_slices FOR UPDATE; "
        "WHILE NOT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted) LOOP END LOOP; "
        "DELETE FROM token_slices; END $$");
  });
  while (number("SELECT COUNT(*) FROM pg_locks WHERE mode = 'RowShareLock' AND relation = "
                "CAST('token_slices' AS regclass)") == 0) {
    std::this_thread::yield();
  }
  take();
  forgetter.join();
  EXPECT_GT(points, 0);
}

TEST_P(PointDealerTest, RequestsUnderWayAreDivided) {
  hour_.limit = 5'000;
  const auto under_way = [this](Portion portion) {
    TokenBudget& budget = start(portion);
    for (int i = 0; i < 150; ++i) EXPECT_TRUE(ask(budget));  // it grows with success
    clock_.advance_to(clock_.now() + std::chrono::minutes(1));
    std::vector<Leased> leases;
    for (Leased one = lease(budget); one; one = lease(budget)) leases.push_back(std::move(one));
    return leases.size();
  };
  EXPECT_EQ(under_way(Portion{}), 100U);
  EXPECT_EQ(under_way(Portion::of_fleet(2, 0, false)), 47U);
  EXPECT_EQ(under_way(Portion::of_fleet(2, 0, true)), 1U);
  EXPECT_EQ(Portion::of_fleet(500, 0, false).in_flight, 1);
}

// docs/remote-apis.md §1.7: 100 requests under way, 2,000 in a minute.
TEST(PortionTest, AFleetStaysBelowGitHubsLimitsTogether) {
  for (int workers = 1; workers <= 20; ++workers) {
    for (int visitors = 0; visitors <= 20; ++visitors) {
      const Portion worker = Portion::of_fleet(workers, visitors, false);
      const Portion visitor = Portion::of_visitor(workers, visitors);
      EXPECT_LE(workers * worker.in_flight + visitors * visitor.in_flight, 100)
          << workers << " workers, " << visitors << " visitors";
      // A full bucket, and what comes in meanwhile.
      EXPECT_LE(2 * (workers * worker.per_minute + visitors * visitor.per_minute), 2'000);
      EXPECT_GE(visitor.in_flight, 1);
    }
  }
}

STREAKY_STORE_SUITE(PointDealerTest);
STREAKY_STORE_SUITE_ON(ForgottenTokenTest, Dialect::postgres);

}  // namespace
}  // namespace streaky::engine

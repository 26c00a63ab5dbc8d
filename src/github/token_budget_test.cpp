#include "github/token_budget.h"

#include "github/fake_github.h"

namespace streaky::github {
namespace {

using runtime::Millis;

net::HttpResponse with_points(int remaining, const char* reset_unix) {
  return reply(
      200, "",
      {{"X-RateLimit-Remaining", std::to_string(remaining)}, {"X-RateLimit-Reset", reset_unix}});
}
constexpr const char* kOneOClock = "1786021200";  // 2026-08-06T13:00:00Z

class TokenBudgetTest : public GithubTest {
 protected:
  using Leased = std::expected<TokenBudget::Lease, TokenBudget::Refusal>;

  runtime::Task<void> keep(runtime::TimePoint give_up_at, std::optional<Leased>* out) {
    *out = co_await budget.lease_service(give_up_at);
  }
  void poll() {
    io.restart();
    io.poll();
  }
  Leased lease(Millis patience = Millis{0}) {
    std::optional<Leased> out;
    boost::asio::co_spawn(io, keep(in(patience), &out), boost::asio::detached);
    poll();
    while (!out && clock.advance_to_next()) poll();
    return std::move(*out);
  }
  void add(int tokens) {
    for (int i = 0; i < tokens; ++i) budget.add_service_token(runtime::Secret("t"));
  }
};

TEST_F(TokenBudgetTest, WithoutTokensTheAnswerIsDead) {
  const Leased leased = lease();
  ASSERT_FALSE(leased.has_value());
  EXPECT_TRUE(leased.error().dead);
}

TEST_F(TokenBudgetTest, TheLeastUsedTokenGoesFirst) {
  add(3);
  std::vector<Leased> leases;
  std::map<TokenBudget::TokenId, int> used;
  for (int i = 0; i < 9; ++i) {
    leases.push_back(lease());
    ASSERT_TRUE(leases.back().has_value());
    ++used[leases.back()->id()];
  }
  for (TokenBudget::TokenId id = 0; id < 3; ++id) EXPECT_EQ(used[id], 3);
}

TEST_F(TokenBudgetTest, NewTokensTakeOverWhileOldOnesAreInUse) {
  const auto set = [this](std::initializer_list<const char*> texts) {
    std::vector<runtime::Secret> tokens;
    for (const char* text : texts) tokens.emplace_back(text);
    budget.set_service_tokens(std::move(tokens));
  };
  set({"old", "stays"});
  Leased old = lease();
  Leased stays = lease();
  stays->succeeded(with_points(0, kOneOClock), std::nullopt);
  set({"stays", "new"});
  EXPECT_EQ(budget.service_tokens(), 2U);
  const Leased next = lease();
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->id(), 2) << "the old one is not asked any more, the other has no points left";
  old->succeeded(with_points(100, kOneOClock), std::nullopt);
  set({});
  EXPECT_EQ(budget.living_service_tokens(), 0U);
  EXPECT_TRUE(lease().error().dead);
  set({"stays"});
  EXPECT_FALSE(lease().has_value()) << "what was known of it is known still";
}

TEST_F(TokenBudgetTest, NoPointsLeftWaitsForTheReset) {
  add(1);
  Leased first = lease();
  first->succeeded(with_points(0, kOneOClock), std::nullopt);
  first->give_back();
  const Leased refused = lease();
  ASSERT_FALSE(refused.has_value());
  EXPECT_FALSE(refused.error().dead);
  EXPECT_EQ(refused.error().retry_at, *runtime::parse_rfc3339("2026-08-06T13:00:00Z"));
  clock.advance_to(refused.error().retry_at);
  EXPECT_TRUE(lease().has_value());
}

TEST_F(TokenBudgetTest, AnAnswerThatWasOvertakenDoesNotGivePointsBack) {
  add(1);
  Leased first = lease();
  first->succeeded(with_points(0, kOneOClock), std::nullopt);
  first->succeeded(with_points(3'000, kOneOClock), std::nullopt);
  first->give_back();
  EXPECT_FALSE(lease().has_value());
}

TEST_F(TokenBudgetTest, AWallClockThatJumpsDoesNotFreeALimitedToken) {
  add(1);
  Leased first = lease();
  first->primary_limit(with_points(4, kOneOClock));
  first->give_back();
  clock.step_wall(Millis{2 * 3'600'000});
  EXPECT_FALSE(lease().has_value());
}

TEST_F(TokenBudgetTest, ADamagedResetIsBounded) {
  add(1);
  Leased first = lease();
  first->primary_limit(with_points(0, "32000000000"));
  first->give_back();
  const Leased refused = lease();
  ASSERT_FALSE(refused.has_value());
  EXPECT_LE(refused.error().retry_at - clock.now(), TokenState::kLongestBlock);
}

TEST_F(TokenBudgetTest, PointsOfAnHourThatGitHubDoesNotHaveAreNotLearnt) {
  add(1);
  lease()->succeeded(with_points(0, "32000000000"), std::nullopt);
  auto of_rest = with_points(0, kOneOClock);
  of_rest.headers.emplace_back("X-RateLimit-Resource", "core");
  lease()->succeeded(of_rest, std::nullopt);
  EXPECT_FALSE(budget.standings().front().points_left);
  EXPECT_TRUE(lease().has_value());
}

TEST_F(TokenBudgetTest, LimitsAreReadFromWhateverHeaderThereIs) {
  const auto until = [this](const char* name, const char* value, bool primary) {
    TokenState state;
    const Moment now{clock.now(), clock.monotonic()};
    const auto response = reply(403, "", {{name, value}});
    if (primary) state.primary_limit(now, response);
    if (!primary) state.secondary_limit(now, now.monotonic, response);
    return state.blocked_until(now.monotonic) - now.monotonic;
  };
  const Millis hour{3'600'000};
  EXPECT_EQ(until("X-RateLimit-Reset", kOneOClock, true), hour);
  EXPECT_EQ(until("Retry-After", "90", true), Millis{90'000});
  EXPECT_EQ(until("Retry-After", "Thu, 06 Aug 2026 12:02:00 GMT", true), Millis{120'000});
  EXPECT_EQ(until("Retry-After", "Thu, 06 Aug 2026 12:02:00 GMT", false), Millis{120'000});
  EXPECT_EQ(until("Retry-After", "soon", true), Millis{60'000});
  EXPECT_EQ(until("X-RateLimit-Remaining", "0", true), Millis{60'000});
}

TEST_F(TokenBudgetTest, SecondaryLimitsGrowLonger) {
  add(1);
  Millis before{0};
  for (int i = 0; i < 4; ++i) {
    Leased one = lease();
    ASSERT_TRUE(one.has_value());
    one->secondary_limit(reply(403, ""));
    one->give_back();
    const Leased refused = lease();
    ASSERT_FALSE(refused.has_value());
    const Millis wait = refused.error().retry_at - clock.now();
    EXPECT_GE(wait, Millis{60'000});
    EXPECT_GT(wait, before);
    before = wait;
    clock.advance_to(refused.error().retry_at);
  }
}

TEST_F(TokenBudgetTest, RequestsRefusedTogetherAreOneStrike) {
  add(1);
  std::vector<Leased> leases;
  for (int i = 0; i < 10; ++i) leases.push_back(lease());
  for (Leased& one : leases) {
    clock.advance_to(in(Millis{5}));
    one->secondary_limit(reply(403, ""));
    one->give_back();
  }
  const Leased refused = lease();
  ASSERT_FALSE(refused.has_value());
  EXPECT_LE(refused.error().retry_at - clock.now(), Millis{61'000});
}

TEST_F(TokenBudgetTest, NeverMoreThanAHundredInFlight) {
  add(1);
  for (int i = 0; i < 300; ++i) {
    Leased one = lease();
    ASSERT_TRUE(one.has_value());
    one->succeeded(reply(200, ""), std::nullopt);
  }
  clock.advance_to(in(Millis{60'000}));
  std::vector<Leased> leases;
  for (;;) {
    Leased one = lease();
    if (!one) break;
    leases.push_back(std::move(one));
  }
  EXPECT_EQ(leases.size(), 100U);
}

TEST_F(TokenBudgetTest, SeveralWorkersWaitForRoomAndShareIt) {
  add(1);
  std::vector<Leased> leases;
  for (int i = 0; i < TokenState::kFirstInFlight; ++i) leases.push_back(lease());
  std::vector<std::optional<Leased>> waiting(3);
  for (auto& out : waiting) {
    boost::asio::co_spawn(io, keep(in(Millis{10'000}), &out), boost::asio::detached);
  }
  poll();
  for (const auto& out : waiting) EXPECT_FALSE(out.has_value());
  leases.pop_back();
  leases.pop_back();
  clock.advance_to_next();
  poll();
  const auto served = std::ranges::count_if(
      waiting, [](const auto& out) { return out.has_value() && out->has_value(); });
  EXPECT_EQ(served, 2);
  run();
  for (const auto& out : waiting) EXPECT_TRUE(out.has_value());
}

TEST_F(TokenBudgetTest, ADeadTokenIsTriedAgainMuchLater) {
  add(1);
  Leased one = lease();
  one->died();
  one->give_back();
  EXPECT_TRUE(lease().error().dead);
  EXPECT_EQ(budget.living_service_tokens(), 0U);
  clock.advance_to(in(TokenState::kDeadFor));
  EXPECT_EQ(budget.living_service_tokens(), 1U);
}

TEST_F(TokenBudgetTest, OwnTokensAreForgottenWhenIdle) {
  start(1);
  for (int i = 1; i <= 50; ++i) {
    add_user(i, streak_between("2026-08-03", "2026-08-06"));
    Subject who = warm_subject(i, 0);
    who.own_token = runtime::Secret("mine" + std::to_string(i));
    EXPECT_TRUE(see(std::move(who)).has_value());
  }
  EXPECT_EQ(budget.own_tokens(), 0U);
}

TEST_F(TokenBudgetTest, OneTokenIsNeverUsedByMoreThanItMayBe) {
  start(2);
  std::vector<std::optional<SeeResult>> results(5'000);
  for (std::size_t i = 0; i < results.size(); ++i) {
    add_user(static_cast<int>(i) + 1, streak_between("2026-08-03", "2026-08-06"));
  }
  ContributionsOptions options;
  options.most_per_batch = 5;
  contributions = std::make_unique<Contributions>(http, budget, clock, random, *log, metrics,
                                                  io.get_executor(), options);
  for (std::size_t i = 0; i < results.size(); ++i) {
    begin(warm_subject(static_cast<int>(i) + 1, 0), in(Millis{60'000}), results[i]);
  }
  run();
  for (const auto& result : results) ASSERT_TRUE(result && result->has_value());
  for (const auto& [token, most] : http.most_in_flight) EXPECT_LE(most, 100) << token;
}

// A large round lives on what comes in by the minute, and looks for it at odd moments.
TEST_F(TokenBudgetTest, AMinutesRequestsAreAllUsedHoweverOftenItIsAsked) {
  const auto ask = [](TokenState& state, Millis now) {
    int asked = 0;
    for (; state.has_room(now); ++asked) {
      state.begin(now);
      state.end();
    }
    return asked;
  };
  for (const int workers : {1, 3}) {
    const Portion portion = Portion::of_fleet(workers, 0, false);
    for (const Millis between : {Millis{7}, Millis{110}, Millis{290}}) {
      TokenState state;
      state.set_portion(portion);
      ask(state, Millis{0});
      int asked = 0;
      for (Millis now{0}; now <= Millis{60'000}; now += between) asked += ask(state, now);
      EXPECT_LE(asked, portion.per_minute);
      EXPECT_GE(asked, portion.per_minute - 5) << between.count() << " ms, " << workers;
    }
  }
}

TEST_F(TokenBudgetTest, StandingsTellWhatEachTokenMayStill) {
  add(3);
  Leased first = lease();
  Leased second = lease();
  Leased third = lease();
  first->succeeded(with_points(1'234, kOneOClock), std::nullopt);
  first->give_back();
  second->died();
  second->give_back();
  const auto standings = budget.standings();
  ASSERT_EQ(standings.size(), 3U);
  EXPECT_EQ(standings[0].points_left, 1'234);
  EXPECT_EQ(standings[0].points_until, runtime::parse_rfc3339("2026-08-06T13:00:00Z"));
  EXPECT_FALSE(standings[0].dead);
  EXPECT_TRUE(standings[1].dead);
  EXPECT_EQ(standings[2].in_flight, 1);
  EXPECT_FALSE(standings[2].points_left) << "not known is not 0";
}

}  // namespace
}  // namespace streaky::github

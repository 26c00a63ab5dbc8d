// The promises, kept through a proxy that goes and comes back: the whole engine, a real proxy and
// the simulated world on one virtual clock.
#include <gtest/gtest.h>

#include "notify/proxy_courier.h"
#include "proxy/test_network.h"
#include "support/town.h"

namespace streaky::testing_support {
namespace {

using namespace std::chrono_literals;

constexpr const char* kUrl = "http://one:1";

/// The worker's courier with its network and its proxy, as one thing that a process owns.
class Road final : public notify::Courier {
 public:
  Road(CourierParts parts, bool* up)
      : up_(up),
        network_(parts.clock),
        process_(parts.executor, parts.clock, parts.log, parts.sealer, parts.http, false, 1'000,
                 50),
        courier_(network_, parts.clock, parts.random, parts.log, parts.metrics, parts.executor,
                 options()) {}

  runtime::Task<notify::Carried> carry(notify::SealedOutgoing outgoing) override {
    network_.hosts[kUrl].process = *up_ ? &process_ : nullptr;
    return courier_.carry(std::move(outgoing));
  }
  runtime::Task<void> wait_idle() override { return courier_.wait_idle(); }

 private:
  static notify::ProxyOptions options() {
    notify::ProxyOptions options;
    options.urls = {kUrl};
    options.secret = runtime::Secret(proxy::test::kSecret);
    return options;
  }

  bool* up_;  // borrowed
  proxy::test::Network network_;
  proxy::test::ProxyProcess process_;
  notify::ProxyCourier courier_;
};

struct ThroughAProxy : testing::Test {
  House::Settings settings() {
    House::Settings settings;
    settings.tokens = {"ghp_sim0", "ghp_sim1"};
    settings.public_url = "https://streaky.example";
    settings.make_courier = [this](CourierParts parts) {
      return std::make_unique<Road>(std::move(parts), &up);
    };
    return settings;
  }
  static runtime::TimePoint at(const char* text) { return runtime::parse_rfc3339(text).value(); }
  void open() {
    town.start_process();
    town.move_in();
    town.world.reset_ledger(town.clock.now());
  }

  bool up = true;
  Town town{Town::default_start(), settings()};  // 2026-07-01 12:00 UTC
};

TEST_F(ThroughAProxy, EverybodyAtRiskHearsOnceAndNobodyElse) {
  town.world.seed({.users = 300, .seed = 11}, town.clock.now());
  town.world.lift_limits(true);
  open();
  const std::string batch = town.house.trigger();
  EXPECT_TRUE(town.house.settle(batch, 10min));
  const sim::Audit audit = town.world.audit(town.clock.now());
  EXPECT_TRUE(audit.ok()) << sim::to_json(audit, town.world.people());
  EXPECT_GT(audit.should_hear, 100U);
  EXPECT_EQ(audit.heard, audit.should_hear);
}

TEST_F(ThroughAProxy, ARoundThroughAStormEndsWellAllTheSame) {
  town.world.seed({.users = 300, .seed = 12}, town.clock.now());
  ASSERT_TRUE(town.world.faults().use("storm"));
  open();
  const std::string batch = town.house.trigger();
  EXPECT_TRUE(town.house.settle(batch, 2h));
  const sim::Audit audit = town.world.audit(town.clock.now());
  EXPECT_TRUE(audit.ok()) << sim::to_json(audit, town.world.people());
  EXPECT_EQ(audit.heard, audit.should_hear);
}

TEST_F(ThroughAProxy, WhileItIsAwayDeliveriesWaitAndThenComeOnce) {
  const auto anna = town.settle("UTC", 12);
  open();
  up = false;
  town.house.run_until(at("2026-07-01T23:00:00Z"));  // three hours after her 20:00
  EXPECT_TRUE(town.heard(anna).empty());
  up = true;
  town.house.run_until(at("2026-07-01T23:30:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U);
  town.house.run_until(at("2026-07-02T12:00:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U);
}

TEST_F(ThroughAProxy, OneThatIsBackInTheLastMinuteIsInTime) {
  const auto anna = town.settle("UTC", 12);
  open();
  up = false;
  town.house.run_until(at("2026-07-01T23:59:00Z"));
  up = true;
  town.house.run_until(at("2026-07-02T00:00:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U) << "a last try stands before midnight";
}

TEST_F(ThroughAProxy, LinksArriveInMessages) {
  const auto anna = town.settle("UTC", 12);
  anna->telegram = sim::TelegramState::living;
  open();
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  ASSERT_EQ(town.heard(anna).size(), 2U);
  for (const sim::Entry& entry : town.world.ledger().entries()) {
    ASSERT_EQ(entry.links.size(), 3U);
    EXPECT_EQ(entry.links[1].label, "Rest today");
    EXPECT_TRUE(entry.links[1].url.starts_with("https://streaky.example/today/v1."));
  }
}

TEST_F(ThroughAProxy, NobodyHearsOfYesterday) {
  const auto anna = town.settle("UTC", 12);
  open();
  up = false;
  town.house.run_until(at("2026-07-02T00:30:00Z"));
  up = true;
  town.house.run_until(at("2026-07-02T19:00:00Z"));
  EXPECT_TRUE(town.heard(anna).empty());
}

}  // namespace
}  // namespace streaky::testing_support

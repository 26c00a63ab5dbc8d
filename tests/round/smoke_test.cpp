#include <gtest/gtest.h>

#include "support/town.h"

namespace streaky::testing_support {
namespace {

using namespace std::chrono_literals;

TEST(Round, EverybodyWhoShouldHearHearsOnce) {
  House::Settings settings;
  settings.tokens = {"ghp_sim0", "ghp_sim1"};
  Town town(Town::default_start(), settings);
  town.world.seed({.users = 200, .seed = 3}, town.clock.now());
  town.world.lift_limits(true);
  town.start_process();
  ASSERT_EQ(town.move_in(), 200U);
  town.world.reset_ledger(town.clock.now());
  const std::string batch = town.house.trigger();
  EXPECT_TRUE(town.house.settle(batch, 10min));
  for (const auto& [name, value] : town.house.batch(batch).counts) {
    std::printf("%s = %lld\n", name.c_str(), static_cast<long long>(value));
  }
  std::printf("%s\n", sim::to_json(town.world.audit(town.clock.now()), town.world.people()).c_str());
}

}  // namespace
}  // namespace streaky::testing_support

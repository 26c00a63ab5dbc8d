#include "account/change.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <set>
#include <vector>

#include "store/database.h"

namespace streaky::account {
namespace {

TEST(WelcomeAccount, WhoComesForTheFirstTimeFromSixBrowsersAtOnceIsStoredOnce) {
  boost::asio::io_context io{1};
  runtime::Metrics metrics;
  store::Database::Options options;
  options.url = "sqlite::memory:";
  options.mode = store::Database::Mode::thread;
  store::Database database(io.get_executor(), options, metrics);
  store::Users users(database);
  const auto sealer = crypto::make_ephemeral_sealer();
  const runtime::TimePoint now = runtime::from_unix_ms(1'786'039'200'000);
  std::vector<std::future<runtime::Result<Welcome>>> comings;
  for (int i = 0; i < 6; ++i) {
    auto coming = welcome_account(&users, sealer.get(), "ada", "U_kgDOAAjmTw", 583'231, now);
    comings.push_back(boost::asio::co_spawn(io, std::move(coming), boost::asio::use_future));
  }
  io.run();
  std::set<std::int64_t> ids;
  int made = 0;
  for (auto& coming : comings) {
    const auto welcome = coming.get();
    ASSERT_TRUE(welcome.has_value()) << welcome.error().message;
    ids.insert(welcome->user.id);
    made += welcome->is_new ? 1 : 0;
  }
  EXPECT_EQ(ids.size(), 1U);
  EXPECT_EQ(made, 1);
  database.stop();
}

}  // namespace
}  // namespace streaky::account

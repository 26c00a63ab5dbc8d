// The world as an HTTP client on a virtual clock: latency, hangs, lost answers.
#include "sim/world_client.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "sim/test_support.h"

namespace streaky::sim {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): helpers of this room's tests
using runtime::Millis;
using Outcome = runtime::Result<net::HttpResponse>;

runtime::Task<void> keep(WorldClient& client, net::HttpRequest request,
                         std::optional<Outcome>& out) {
  out = co_await client.send(std::move(request));
}

class WorldClientTest : public ::testing::Test {
 protected:
  WorldClientTest() : world_(WorldOptions{}), clock_(kNow), client_(world_, clock_) {
    Person alice = with_streak("alice", 3);
    alice.discord = DiscordState::living;
    world_.people().add(alice);
    world_.reset_ledger(kNow);
  }

  net::HttpRequest message() {
    net::HttpRequest request;
    request.url = "https://discord.com" + webhook_path(world_.people().at(0)) + "?wait=true";
    request.headers = {{"User-Agent", "test"}, {"Content-Type", "application/json"}};
    request.body = R"({"content":"x"})";
    request.timeout = Millis{10'000};
    return request;
  }

  Outcome send(net::HttpRequest request) {
    std::optional<Outcome> out;
    boost::asio::co_spawn(io_, keep(client_, std::move(request), out), boost::asio::detached);
    io_.restart();
    io_.poll();
    while (!out && clock_.advance_to_next()) {
      io_.restart();
      io_.poll();
    }
    return out.value();
  }

  boost::asio::io_context io_;
  World world_;
  runtime::VirtualClock clock_;
  WorldClient client_;
};

TEST_F(WorldClientTest, TheOriginDecidesTheService) {
  EXPECT_EQ(send(message())->status, 200);
  net::HttpRequest elsewhere = message();
  elsewhere.url = "https://api.telegram.org" + webhook_path(world_.people().at(0));
  EXPECT_EQ(send(elsewhere)->status, 404);
  for (const char* url : {"https://discord.com.evil.example/api/webhooks/1/x", "ftp://x/", ""}) {
    net::HttpRequest unknown = message();
    unknown.url = url;
    EXPECT_EQ(send(unknown).error().code, "connect") << url;
  }
}

TEST_F(WorldClientTest, LatencyTakesTheClocksTime) {
  world_.latency(Service::discord).median = Millis{1'500};
  EXPECT_EQ(send(message())->status, 200);
  EXPECT_EQ(clock_.monotonic(), Millis{1'500});
}

TEST_F(WorldClientTest, AHangEndsAtTheDeadline) {
  ASSERT_TRUE(world_.faults().add(FaultRule{Service::discord, Fault::hang, 1.0}));
  EXPECT_EQ(send(message()).error().code, "timeout");
  EXPECT_EQ(clock_.monotonic(), Millis{10'000});
  EXPECT_TRUE(world_.ledger().entries().empty());
}

TEST_F(WorldClientTest, AnAnswerMayBeLostAfterTheDelivery) {
  ASSERT_TRUE(world_.faults().add(FaultRule{Service::discord, Fault::reset_after, 1.0}));
  EXPECT_EQ(send(message()).error().code, "reset");
  EXPECT_EQ(world_.ledger().entries().size(), 1U);
  ASSERT_TRUE(world_.faults().use("none"));
  ASSERT_TRUE(world_.faults().add(FaultRule{Service::discord, Fault::reset_before, 1.0}));
  EXPECT_EQ(send(message()).error().code, "reset");
  EXPECT_EQ(world_.ledger().entries().size(), 1U);
}

TEST_F(WorldClientTest, AnOutageRefusesConnections) {
  world_.down(Service::discord) = true;
  EXPECT_EQ(send(message()).error().code, "connect");
  EXPECT_TRUE(world_.ledger().entries().empty());
}

TEST_F(WorldClientTest, AnswersMayBeTooLarge) {
  net::HttpRequest request = message();
  request.max_body_bytes = 10;
  EXPECT_EQ(send(request).error().code, "too_large");
}

TEST_F(WorldClientTest, SteppingTheWallClockDoesNotMoveTheWorld) {
  clock_.step_wall(std::chrono::hours{48});
  EXPECT_EQ(send(message())->status, 200);
  EXPECT_EQ(world_.ledger().entries()[0].at, kNow);
}

}  // namespace
}  // namespace streaky::sim

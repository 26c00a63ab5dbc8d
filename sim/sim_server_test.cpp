// The world on sockets, asked by the real client: paths, control, and answers that break.
#include "sim/sim_server.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "net/curl_client.h"
#include "sim/test_support.h"

namespace streaky::sim {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): helpers of this room's tests
using Outcome = runtime::Result<net::HttpResponse>;

runtime::Task<void> keep(net::HttpClient& client, net::HttpRequest request,
                         boost::asio::io_context& io, std::optional<Outcome>& out) {
  out = co_await client.send(std::move(request));
  io.stop();
}

class SimServerTest : public ::testing::Test {
 protected:
  SimServerTest()
      : world_(WorldOptions{}),
        log_(runtime::make_null_log()),
        clock_(runtime::make_system_clock(io_.get_executor())),
        server_(io_.get_executor(), "127.0.0.1:0", world_, *clock_, *log_),
        client_(io_.get_executor(), client_options()) {
    server_.start();
    Person alice = with_streak("alice", 3);
    alice.discord = DiscordState::living;
    world_.people().add(alice);
  }
  ~SimServerTest() override {
    client_.stop();
    server_.stop();
  }

  static net::CurlOptions client_options() {
    net::CurlOptions options;
    options.user_agent = "streaky-test";
    return options;
  }

  Outcome send(const std::string& method, const std::string& target, const std::string& body = "") {
    net::HttpRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(server_.port()) + target;
    request.headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer ghp_sim0"}};
    request.body = body;
    std::optional<Outcome> out;
    boost::asio::co_spawn(io_, keep(client_, std::move(request), io_, out), boost::asio::detached);
    io_.restart();
    io_.run();
    return std::move(out).value();
  }

  void control(const std::string& what, const std::string& body) {
    const Outcome done = send("POST", "/control/" + what, body);
    ASSERT_TRUE(done.has_value());
    EXPECT_EQ(done->status, 200);
  }

  boost::asio::io_context io_;
  World world_;
  std::unique_ptr<runtime::Log> log_;
  std::unique_ptr<runtime::Clock> clock_;
  SimServer server_;
  net::CurlClient client_;
};

TEST_F(SimServerTest, PathsDecideTheService) {
  const Outcome github = send("POST", "/graphql", R"({"query":"{viewer{login}}"})");
  ASSERT_TRUE(github.has_value());
  EXPECT_EQ(github->body, R"({"data":{"viewer":{"login":"sim-bot-0"}}})");
  EXPECT_EQ(github->header("x-ratelimit-remaining"), "4999");
  const Outcome discord = send("POST", webhook_path(world_.people().at(0)), R"({"content":"x"})");
  ASSERT_TRUE(discord.has_value());
  EXPECT_EQ(discord->status, 204);
  EXPECT_EQ(send("POST", "/bot1:x/getMe")->status, 401);
  EXPECT_EQ(send("GET", "/login/oauth/authorize?client_id=sim-client-id")->status, 200);
  EXPECT_EQ(send("GET", "/elsewhere")->status, 404);
  const Outcome audit = send("GET", "/control/audit");
  ASSERT_TRUE(audit.has_value());
  EXPECT_EQ(at(boost::json::parse(audit->body), "/messages"), "1");
}

TEST_F(SimServerTest, AnswersBreakOnDemand) {
  for (const char* fault : {"reset_before", "reset_after", "cut"}) {
    control("faults", R"({"set":"none"})");
    control("faults",
            R"({"service":"github","probability":1,"fault":")" + std::string(fault) + "\"}");
    const Outcome broken = send(
        "POST", "/graphql",
        R"({"query":"{viewer{contributionsCollection{contributionCalendar{weeks{firstDay}}}}}"})");
    ASSERT_FALSE(broken.has_value()) << fault;
    EXPECT_EQ(broken.error().code, "reset") << fault;
  }
  control("faults", R"({"set":"none"})");
  EXPECT_TRUE(send("POST", "/graphql", R"({"query":"{viewer{login}}"})").has_value());
}

}  // namespace
}  // namespace streaky::sim

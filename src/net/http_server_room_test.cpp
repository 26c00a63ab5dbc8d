// Strangers who hold connections or bodies never keep a client out that shows who it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "net/http_server.h"
#include "net/socket_test_support.h"

namespace streaky::net {
namespace {

using runtime::Task;
using test::run;
using test::run_until;
using test::tcp;
using testing::StartsWith;

constexpr std::size_t kMost = 8;

Task<ServerResponse> answer(ServerRequest request) {
  ServerResponse response;
  response.body = "ok";
  response.known = request.header("X-Secret") == "right";
  co_return response;
}

std::string request_of(const std::string& headers, const std::string& body = "") {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
constexpr const char* kSecret = "X-Secret: right\r\n";
constexpr const char* kClose = "Connection: close\r\n";

class StrangersTest : public testing::Test {
 protected:
  static HttpServerOptions options() {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    options.max_connections = kMost;
    options.max_body_bytes = 1'000;
    options.max_body_bytes_together = 2'500;
    options.strangers_make_room = true;
    return options;
  }
  explicit StrangersTest(HttpServerOptions with = options())
      : server(io.get_executor(), std::move(with), &answer, *log) {
    server.start();
  }
  ~StrangersTest() override {
    server.stop();
    sockets.clear();
    run_until(io, [this] { return server.connections() == 0; });
  }

  /// Connects, sends, and keeps the connection open.
  tcp::socket& hold(const std::string& bytes) {
    tcp::socket& socket = *sockets.emplace_back(std::make_unique<tcp::socket>(io));
    socket.connect(test::loopback(server.port()));
    boost::asio::write(socket, boost::asio::buffer(bytes));
    return socket;
  }
  /// Waits for an answer on a connection that stays open.
  std::string answer_on(tcp::socket& socket) { return run(io, read_answer(&socket)); }
  static Task<std::string> read_answer(tcp::socket* socket) {
    std::string text(4'096, '\0');
    const auto into = boost::asio::buffer(text);
    const auto [error, got] = co_await socket->async_read_some(into, kAwait);
    text.resize(got);
    co_return text;
  }
  std::string talk(const std::string& bytes) {
    return run(io, test::talk_raw(server.port(), bytes));
  }

  boost::asio::io_context io{1};
  std::unique_ptr<runtime::Log> log = runtime::make_null_log();
  HttpServer server;
  std::vector<std::unique_ptr<tcp::socket>> sockets;
};

TEST_F(StrangersTest, IdleConnectionsMakeRoomAndTheKnownOneStays) {
  tcp::socket& worker = hold(request_of(kSecret));
  EXPECT_THAT(answer_on(worker), StartsWith("HTTP/1.1 200"));
  for (std::size_t i = 0; i < 3 * kMost; ++i) {
    EXPECT_THAT(answer_on(hold(request_of(""))), StartsWith("HTTP/1.1 200")) << i;
    EXPECT_LE(server.connections(), kMost + 1);
  }
  boost::asio::write(worker, boost::asio::buffer(request_of(kSecret)));
  EXPECT_THAT(answer_on(worker), StartsWith("HTTP/1.1 200")) << "it was not closed for a stranger";
  EXPECT_THAT(talk(request_of(std::string(kSecret) + kClose)), StartsWith("HTTP/1.1 200"));
}

TEST_F(StrangersTest, HalfAHeadHoldsNoPlace) {
  for (std::size_t i = 0; i < kMost; ++i) hold("POST / HTTP/1.1\r\nHost:");
  run_until(io, [this] { return server.connections() == kMost; });
  EXPECT_THAT(talk(request_of(std::string(kSecret) + kClose)), StartsWith("HTTP/1.1 200"));
}

TEST_F(StrangersTest, BodiesThatNeverEndMakeRoom) {
  const std::string whole = request_of("", std::string(1'000, 'x'));
  for (int i = 0; i < 3; ++i) hold(whole.substr(0, whole.size() - 10));
  run_until(io, [this] { return server.connections() == 3; });
  const std::string body(1'000, 'y');
  EXPECT_THAT(talk(request_of(std::string(kSecret) + kClose, body)), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(talk(request_of(kClose, body)), StartsWith("HTTP/1.1 200"));
}

TEST_F(StrangersTest, KnownOnesAreNotClosedForEachOther) {
  for (std::size_t i = 0; i < kMost; ++i) {
    EXPECT_THAT(answer_on(hold(request_of(kSecret))), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_THAT(talk(""), StartsWith("HTTP/1.1 503"));
}

class FewPerAddressTest : public StrangersTest {
 protected:
  static HttpServerOptions few() {
    HttpServerOptions with = options();
    with.max_connections_per_address = 3;
    return with;
  }
  FewPerAddressTest() : StrangersTest(few()) {}
};

TEST_F(FewPerAddressTest, WhoSharesAnAddressWithAStrangerComesInAndIsNotCounted) {
  for (int i = 0; i < 3; ++i) hold("");
  run_until(io, [this] { return server.connections() == 3; });
  EXPECT_THAT(answer_on(hold(request_of(kSecret))), StartsWith("HTTP/1.1 200"));
  for (int i = 0; i < 4; ++i) {
    EXPECT_THAT(answer_on(hold(request_of(kSecret))), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_GT(server.connections(), 3U);
}

// The process stood still, and the client has given up meanwhile.
TEST(AbandonedRequests, AreHandledOnlyWhereTheyDoNoHarm) {
  for (const bool drop : {true, false}) {
    boost::asio::io_context io{1};
    const auto log = runtime::make_null_log();
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    options.drop_abandoned = drop;
    std::vector<std::string> handled;
    HttpServer server(
        io.get_executor(), options,
        [&handled](ServerRequest request) {
          handled.push_back(request.body);
          return answer(std::move(request));
        },
        *log);
    server.start();
    {
      tcp::socket gone(io);
      gone.connect(test::loopback(server.port()));
      boost::asio::write(gone, boost::asio::buffer(request_of("", "abandoned")));
    }
    const std::string stays = run(io, test::talk_raw(server.port(), request_of(kClose, "awaited")));
    EXPECT_THAT(stays, StartsWith("HTTP/1.1 200"));
    run_until(io, [&server] { return server.connections() == 0; });
    EXPECT_THAT(handled, testing::Contains("awaited"));
    EXPECT_EQ(std::ranges::count(handled, "abandoned"), drop ? 0 : 1);
    server.stop();
  }
}

}  // namespace
}  // namespace streaky::net

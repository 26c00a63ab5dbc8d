#include "net/http_server.h"

#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <stdexcept>
#include <system_error>

#include "net/socket_test_support.h"
#include "runtime/clock.h"

namespace streaky::net {
namespace {

using runtime::Millis;
using runtime::Task;
using test::run;
using test::run_until;
using test::talk_raw;
using ::testing::Test;

Task<ServerResponse> answer(ServerRequest request) {
  ServerResponse response;
  response.content_type = "text/plain";
  response.body = request.method + " " + request.target + " [" + request.body + "]";
  const std::string_view path = request.path();
  if (path == "/throw") throw std::runtime_error("internal detail");
  if (path == "/inject") response.headers.push_back({"X-A", "1\r\nX-Evil: 1"});
  if (path == "/empty") response.status = 204;
  if (path == "/trailer") response.body = std::string(request.header("x-late"));
  if (path == "/reset") response.reset = true;
  if (path == "/cut") response.cut_after = 20;
  if (path == "/close") response.headers.push_back({"Connection", "close"});
  if (path == "/remote") response.body = request.remote_address;
  co_return response;
}

HttpServerOptions small_options() {
  HttpServerOptions options;
  options.listen = "127.0.0.1:0";
  options.max_header_bytes = 2'048;
  options.max_body_bytes = 1'000;
  options.max_connections = 8;
  options.header_timeout = Millis{60};
  options.body_timeout = Millis{60};
  options.idle_timeout = Millis{60};
  return options;
}

/// Answers only once told to.
struct SlowHandler {
  Task<ServerResponse> handle(ServerRequest request) {
    waiting += request.body.size();
    while (!go_on) co_await wake.wait();
    ServerResponse response;
    response.body = "done";
    co_return response;
  }
  boost::asio::io_context& io;
  std::unique_ptr<runtime::Clock> clock = runtime::make_system_clock(io.get_executor());
  runtime::Wake wake{*clock};
  std::size_t waiting = 0;
  bool go_on = false;
};

class HttpServerTest : public Test {
 protected:
  HttpServerTest() : server(io.get_executor(), small_options(), &answer, *log) { server.start(); }

  std::string talk(std::string bytes) { return run(io, talk_raw(server.port(), std::move(bytes))); }
  /// The status of the only answer, 0 when there is none.
  int status_of(std::string bytes) {
    const std::string text = talk(std::move(bytes));
    EXPECT_EQ(text.find("HTTP/1.1 ", 1), std::string::npos) << "a second answer: " << text;
    return text.starts_with("HTTP/1.1 ") ? std::stoi(text.substr(9, 3)) : 0;
  }

  std::unique_ptr<runtime::Log> log = runtime::make_null_log();
  boost::asio::io_context io{1};
  HttpServer server;
};

std::string get(std::string_view path, std::string_view more = "Connection: close\r\n") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(more) + "\r\n";
}
std::string post(std::string_view fields, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + std::string(fields) + "\r\n" +
         std::string(body);
}

TEST_F(HttpServerTest, Answers) {
  const std::string text = talk(get("/a?b=c"));
  EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\n")) << text;
  EXPECT_NE(text.find("Content-Length: 13\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Content-Type: text/plain\r\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("\r\n\r\nGET /a?b=c []")) << text;
  EXPECT_TRUE(talk(get("/remote")).ends_with("127.0.0.1"));
}

TEST_F(HttpServerTest, ReadsBodies) {
  EXPECT_TRUE(talk(post("Content-Length: 5\r\n", "hello")).ends_with("[hello]"));
  EXPECT_TRUE(talk(post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"))
                  .ends_with("[abcde]"));
  EXPECT_TRUE(talk(post("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n")).ends_with("[]"));
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  const std::string text =
      talk(get("/1", "") + "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + "\r\n" +
           get("/3"));
  const std::size_t one = text.find("GET /1 []");
  const std::size_t two = text.find("POST /2 [abc]");
  const std::size_t three = text.find("GET /3 []");
  ASSERT_NE(three, std::string::npos) << text;
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
}

TEST_F(HttpServerTest, HeadHasTheLengthButNoBody) {
  const std::string text = talk("HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_NE(text.find("Content-Length: 10\r\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("\r\n\r\n")) << text;
}

TEST_F(HttpServerTest, NoContentHasNeitherLengthNorBody) {
  const std::string text = talk(get("/empty"));
  EXPECT_TRUE(text.starts_with("HTTP/1.1 204 No Content\r\n"));
  EXPECT_EQ(text.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n")) << text;
}

TEST_F(HttpServerTest, Http10ClosesUnlessAskedToStay) {
  const std::string once = talk("GET / HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\n\r\n");
  EXPECT_NE(once.find("Connection: close\r\n"), std::string::npos) << once;
  EXPECT_EQ(once.find("/2"), std::string::npos);
  const std::string both =
      talk("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n");
  EXPECT_NE(both.find("Connection: keep-alive\r\n"), std::string::npos) << both;
  EXPECT_NE(both.find("GET /2 []"), std::string::npos);
}

TEST_F(HttpServerTest, TheHandlerMayCloseTheConnection) {
  const std::string text = talk(get("/close", "") + get("/2"));
  EXPECT_NE(text.find("Connection: close\r\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("/2"), std::string::npos);
}

TEST_F(HttpServerTest, RefusesWhatSmuggles) {
  const std::vector<std::string> attempts = {
      post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: identity\r\n", ""),
      post("Transfer-Encoding:\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding:\x0b"
           "chunked\r\n",
           "0\r\n\r\n"),
      post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"),
      post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"),
      post("Content-Length: 1\r\nContent-Length: 1\r\n", "a"),
      post("Content-Length: 1, 1\r\n", "a"),
      post("Content-Length: +1\r\n", "a"),
      post("Content-Length: 0x1\r\n", "a"),
      post("Content-Length: -1\r\n", "a"),
      post("Content-Length:\r\n", "a"),
      "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
      get("/", "Host: other\r\n"),
      get("/", "X-A: 1\r\n folded\r\n"),
      get("/", "X-A: 1\r\n\tfolded\r\n"),
      "GET / HTTP/1.1\r\n Host: h\r\n\r\n",
      get("/", "X-A: 1\nX-B: 2\r\n"),
      get("/", "X-A: 1\rX-B: 2\r\n"),
      get("/", std::string("X-A: \0\r\n", 8)),
      get("/", "no colon\r\n"),
      get("/", ": no name\r\n"),
      get("/", "X A: 1\r\n"),
      "G(T / HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET / x HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /\r\n\r\n",
      "\x16\x03\x01\x02\r\n\r\n",
      post("Transfer-Encoding: chunked\r\n", "zz\r\n\r\n"),
      post("Transfer-Encoding: chunked\r\n", "1\r\nabc\r\n0\r\n\r\n"),
  };
  for (const std::string& attempt : attempts) {
    EXPECT_EQ(status_of(attempt + get("/smuggled")), 400) << attempt;
  }
}

TEST_F(HttpServerTest, RefusesByItsLimits) {
  EXPECT_EQ(status_of(get("/", "X-Big: " + std::string(4'000, 'x') + "\r\n")), 431);
  EXPECT_EQ(status_of("GET /" + std::string(20'000, 'x')), 431);
  EXPECT_EQ(status_of(post("Content-Length: 1001\r\n", std::string(1'001, 'x'))), 413);
  EXPECT_TRUE(talk(post("Content-Length: 1001\r\n", "x"))
                  .ends_with(R"({"error":"Request too large","maxSizeBytes":1000})"));
  EXPECT_EQ(status_of(post("Content-Length: 99999999999999999999999\r\n", "x")), 413);
  EXPECT_EQ(status_of(post("Transfer-Encoding: chunked\r\n", "3e9\r\n" + std::string(1'001, 'x'))),
            413);
  EXPECT_EQ(status_of("BREW / HTTP/1.1\r\nHost: h\r\n\r\n"), 501);
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505);
  EXPECT_EQ(status_of(post("Content-Length: 1\r\nExpect: magic\r\n", "x")), 417);
  EXPECT_EQ(status_of(post("Content-Length: 1000\r\n", std::string(1'000, 'x'))), 200);
}

TEST_F(HttpServerTest, SlowClientsAreToldAndClosed) {
  EXPECT_EQ(status_of("GET / HT"), 408);
  EXPECT_EQ(status_of(post("Content-Length: 10\r\n", "half")), 408);
  EXPECT_EQ(status_of(post("Transfer-Encoding: chunked\r\n", "5\r\nhal")), 408);
  EXPECT_EQ(talk(""), "");  // said nothing: closed without a word
  const std::string idle = talk(get("/", ""));
  EXPECT_TRUE(idle.ends_with("GET / []")) << idle;  // and nothing after it
}

TEST_F(HttpServerTest, AnExpectedContinueIsSent) {
  const std::string text = talk(post("Content-Length: 4\r\nExpect: 100-continue\r\n", ""));
  EXPECT_TRUE(text.starts_with("HTTP/1.1 100 Continue\r\n\r\n")) << text;
}

TEST_F(HttpServerTest, TrailersAreNotHeaders) {
  const std::string text = talk(
      "POST /trailer HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\nX-Late: smuggled\r\n\r\n");
  EXPECT_TRUE(text.starts_with("HTTP/1.1 200")) << text;
  EXPECT_EQ(text.find("smuggled"), std::string::npos) << text;
}

TEST_F(HttpServerTest, AHandlersFailureIsAPlain500) {
  const std::string text = talk(get("/throw"));
  EXPECT_TRUE(text.starts_with("HTTP/1.1 500 ")) << text;
  EXPECT_EQ(text.find("detail"), std::string::npos) << text;
}

TEST_F(HttpServerTest, AnAnswerCannotBeInjectedInto) {
  const std::string text = talk(get("/inject"));
  EXPECT_TRUE(text.starts_with("HTTP/1.1 500 ")) << text;
  EXPECT_EQ(text.find("Evil"), std::string::npos) << text;
}

TEST_F(HttpServerTest, CutsAndResetsForTestWorlds) {
  EXPECT_EQ(talk(get("/cut")).size(), 20U);
  EXPECT_EQ(talk(get("/reset")), "");
}

TEST_F(HttpServerTest, TooManyConnectionsAreTurnedAway) {
  std::vector<boost::asio::ip::tcp::socket> sockets;
  for (int i = 0; i < 8; ++i) {
    sockets.emplace_back(io);
    sockets.back().connect(test::loopback(server.port()));
  }
  run_until(io, [&] { return server.connections() == 8; });
  EXPECT_EQ(status_of(""), 503);
  sockets.clear();
  run_until(io, [&] { return server.connections() == 0; });
  EXPECT_EQ(status_of(get("/")), 200);
}

TEST(HttpServerAddresses, OneAddressHasSoManyConnectionsAndOurProxiesAnyNumber) {
  boost::asio::io_context io;
  const auto log = runtime::make_null_log();
  for (const bool trusted : {false, true}) {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    options.max_connections_per_address = 3;
    if (trusted) options.uncounted.push_back(Network::parse("127.0.0.0/8").value());
    HttpServer server(io.get_executor(), options, &answer, *log);
    server.start();
    std::vector<boost::asio::ip::tcp::socket> sockets;
    for (int i = 0; i < 3; ++i) {
      sockets.emplace_back(io);
      sockets.back().connect(test::loopback(server.port()));
    }
    run_until(io, [&] { return server.connections() == 3; });
    const std::string fourth = run(io, talk_raw(server.port(), trusted ? get("/") : ""));
    EXPECT_TRUE(fourth.starts_with(trusted ? "HTTP/1.1 200" : "HTTP/1.1 503")) << fourth;
    sockets.clear();
    run_until(io, [&] { return server.connections() == 0; });
    const std::string later = run(io, talk_raw(server.port(), get("/")));
    EXPECT_TRUE(later.starts_with("HTTP/1.1 200")) << later;
    server.stop();
  }
}

// Answers when the test says so.
struct Gate {
  boost::asio::steady_timer opened;
  int entered = 0;
};
Task<ServerResponse> wait_at(Gate* gate) {
  ++gate->entered;
  co_await gate->opened.async_wait(kAwait);
  co_return ServerResponse{};
}

TEST(HttpServerStop, FinishesWhatIsAnsweringAndClosesTheRest) {
  const auto log = runtime::make_null_log();
  boost::asio::io_context io(1);
  Gate gate{.opened = boost::asio::steady_timer(io, std::chrono::hours(1))};
  HttpServerOptions options;
  options.listen = "127.0.0.1:0";
  HttpServer server(
      io.get_executor(), options, [&gate](ServerRequest) { return wait_at(&gate); }, *log);
  server.start();
  server.start();
  std::optional<std::string> answered;
  boost::asio::co_spawn(io, talk_raw(server.port(), get("/", "")),
                        [&](std::exception_ptr, std::string text) { answered = std::move(text); });
  boost::asio::ip::tcp::socket idle(io);
  idle.connect(test::loopback(server.port()));
  run_until(io, [&] { return gate.entered == 1 && server.connections() == 2; });
  server.stop();
  server.stop();
  run_until(io, [&] { return server.connections() == 1; });
  EXPECT_FALSE(answered);
  gate.opened.cancel();
  run_until(io, [&] { return server.connections() == 0 && answered; });
  EXPECT_TRUE(answered->starts_with("HTTP/1.1 200 ")) << *answered;
  EXPECT_NE(answered->find("Connection: close\r\n"), std::string::npos) << *answered;
  boost::asio::ip::tcp::socket late(io);
  boost::system::error_code refused;
  late.connect(test::loopback(server.port()), refused);
  EXPECT_TRUE(refused);
}

TEST(HttpServerListen, SaysPlainlyWhyItCannot) {
  const auto log = runtime::make_null_log();
  boost::asio::io_context io(1);
  HttpServerOptions options;
  options.listen = "127.0.0.1:0";
  const HttpServer first(io.get_executor(), options, &answer, *log);
  for (const std::string& listen :
       {"127.0.0.1:" + std::to_string(first.port()), std::string("nonsense"), std::string("::1:80"),
        std::string("127.0.0.1:70000")}) {
    options.listen = listen;
    try {
      const HttpServer second(io.get_executor(), options, &answer, *log);
      ADD_FAILURE() << listen;
    } catch (const std::system_error& error) {
      EXPECT_NE(std::string(error.what()).find(listen), std::string::npos) << error.what();
    }
  }
}

TEST(HttpServerListen, TakesBracketedIpv6) {
  const auto log = runtime::make_null_log();
  boost::asio::io_context io(1);
  boost::system::error_code error;
  boost::asio::ip::tcp::acceptor probe(io);
  probe.open(boost::asio::ip::tcp::v6(), error);
  if (!error) probe.bind({boost::asio::ip::address_v6::loopback(), 0}, error);
  if (error) GTEST_SKIP() << "this machine has no IPv6";
  HttpServerOptions options;
  options.listen = "[::1]:0";
  const HttpServer server(io.get_executor(), options, &answer, *log);
  EXPECT_GT(server.port(), 0);
}

TEST(HttpServerBodies, AllTogetherAreBounded) {
  const auto log = runtime::make_null_log();
  boost::asio::io_context io{1};
  SlowHandler slow{.io = io};
  HttpServerOptions options = small_options();
  options.max_body_bytes_together = 1'500;
  HttpServer server(
      io.get_executor(), options,
      [&slow](ServerRequest request) { return slow.handle(std::move(request)); }, *log);
  server.start();
  const std::string thousand = post("Content-Length: 1000\r\n", std::string(1'000, 'x'));
  std::vector<std::string> answers;
  const auto send = [&] {
    boost::asio::co_spawn(io, talk_raw(server.port(), thousand),
                          [&answers](std::exception_ptr error, std::string answer) {
                            EXPECT_FALSE(error);
                            answers.push_back(std::move(answer));
                          });
  };
  send();
  run_until(io, [&slow] { return slow.waiting == 1'000; });
  send();
  run_until(io, [&answers] { return !answers.empty(); });
  EXPECT_TRUE(answers.front().starts_with("HTTP/1.1 503")) << answers.front();
  slow.go_on = true;
  slow.wake.notify();
  run_until(io, [&answers] { return answers.size() == 2; });
  EXPECT_TRUE(answers.back().starts_with("HTTP/1.1 200"));
  send();
  run_until(io, [&answers] { return answers.size() == 3; });
  EXPECT_TRUE(answers.back().starts_with("HTTP/1.1 200")) << "what was answered is free again";
}

}  // namespace
}  // namespace streaky::net

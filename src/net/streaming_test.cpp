// Answers that come in pieces, from the server's stream to the client's `on_body`; and where a
// client with an egress policy goes.
#include <chrono>
#include <stdexcept>

#include "net/egress.h"
#include "net/socket_test_support.h"
#include "runtime/clock.h"

namespace streaky::net {
namespace {

using runtime::Millis;
using runtime::Result;
using runtime::Task;
using test::run;
using test::run_until;
using test::talk_raw;

/// A stream that the test feeds, piece by piece.
struct Faucet {
  explicit Faucet(boost::asio::io_context& io)
      : clock(runtime::make_system_clock(io.get_executor())) {}

  void say(std::string piece) {
    pieces.push_back(std::move(piece));
    changed.notify();
  }
  Task<std::string> next() {
    while (pieces.empty()) co_await changed.wait();
    std::string piece = pieces.front();
    pieces.erase(pieces.begin());
    if (piece == "throw") throw std::runtime_error("internal detail");
    co_return piece;
  }

  std::unique_ptr<runtime::Clock> clock;
  runtime::Wake changed{*clock};
  std::vector<std::string> pieces;
};

class StreamingTest : public ::testing::Test {
 protected:
  StreamingTest() : StreamingTest(CurlOptions{.user_agent = "t"}) {}
  explicit StreamingTest(CurlOptions options)
      : client(io.get_executor(), std::move(options)),
        server(
            io.get_executor(), HttpServerOptions{.listen = "127.0.0.1:0"},
            [this](ServerRequest request) { return answer(this, std::move(request)); }, *log) {
    server.start();
  }

  static Task<ServerResponse> answer(StreamingTest* self, ServerRequest request) {
    ++self->asked;
    ServerResponse response;
    if (request.path() == "/refused") {
      response.status = 503;
      response.body = "no";
      co_return response;
    }
    if (request.path() == "/from") {
      response.body = request.remote_address;
      co_return response;
    }
    response.content_type = "application/x-ndjson";
    response.stream = [self] { return self->faucet.next(); };
    co_return response;
  }

  [[nodiscard]] HttpRequest request(std::string_view path = "/") {
    HttpRequest out;
    out.url = "http://127.0.0.1:" + std::to_string(server.port()) + std::string(path);
    out.on_body = [this](std::string_view piece) { heard += piece; };
    return out;
  }
  void spawn(HttpRequest out) {
    boost::asio::co_spawn(io, client.send(std::move(out)),
                          [this](std::exception_ptr error, Result<HttpResponse> result) {
                            EXPECT_FALSE(error);
                            ended = std::move(result);
                          });
  }
  std::string talk(std::string_view version, std::string_view method = "GET") {
    const std::string text = std::string(method) + " / " + std::string(version) +
                             "\r\nHost: h\r\nConnection: close\r\n\r\n";
    return run(io, talk_raw(server.port(), text));
  }

  std::unique_ptr<runtime::Log> log = runtime::make_null_log();
  boost::asio::io_context io{1};
  Faucet faucet{io};
  CurlClient client;
  HttpServer server;
  std::string heard;
  std::optional<Result<HttpResponse>> ended;
  int asked = 0;
};

TEST_F(StreamingTest, PiecesArriveWhileTheAnswerIsStillOpen) {
  spawn(request());
  faucet.say("one\n");
  run_until(io, [this] { return heard == "one\n"; });
  EXPECT_FALSE(ended) << "the first piece did not wait for the second";
  faucet.say("two\n");
  run_until(io, [this] { return heard == "one\ntwo\n"; });
  faucet.say("");
  run_until(io, [this] { return ended.has_value(); });
  ASSERT_TRUE(*ended) << ended->error().message;
  EXPECT_EQ((*ended)->status, 200);
  EXPECT_EQ((*ended)->body, "") << "it was handed over already";
}

TEST_F(StreamingTest, ARefusalKeepsItsBody) {
  spawn(request("/refused"));
  run_until(io, [this] { return ended.has_value(); });
  EXPECT_EQ((*ended)->status, 503);
  EXPECT_EQ((*ended)->body, "no");
  EXPECT_EQ(heard, "");
}

TEST_F(StreamingTest, AStreamThatBreaksOffIsNoWholeAnswer) {
  spawn(request());
  faucet.say("one\n");
  faucet.say("throw");
  run_until(io, [this] { return ended.has_value(); });
  EXPECT_EQ(heard, "one\n") << "what came before counts";
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().code, "reset");
  EXPECT_TRUE(may_have_been_seen(ended->error()));
}

TEST_F(StreamingTest, TheBodyLimitHoldsForPieces) {
  HttpRequest small = request();
  small.max_body_bytes = 6;
  spawn(std::move(small));
  faucet.say("123\n");
  faucet.say("456\n");
  run_until(io, [this] { return ended.has_value(); });
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().code, "too_large");
}

TEST_F(StreamingTest, SilenceIsNoticedBeforeTheDeadline) {
  HttpRequest impatient = request();
  impatient.timeout = Millis{60'000};
  impatient.idle_timeout = Millis{1'000};
  const auto began = std::chrono::steady_clock::now();
  spawn(std::move(impatient));
  run_until(io, [this] { return ended.has_value(); });
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().code, "timeout");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{20});
}

TEST_F(StreamingTest, ChunksOnTheWireAndAConnectionThatGoesOn) {
  faucet.pieces = {"hello", "0123456789abcdef!", "", "again", ""};
  const std::string text =
      run(io, talk_raw(server.port(),
                       "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
                       "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  EXPECT_NE(text.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("Content-Length"), std::string::npos) << text;
  EXPECT_NE(text.find("\r\n\r\n5\r\nhello\r\n11\r\n0123456789abcdef!\r\n0\r\n\r\nHTTP/1.1 200"),
            std::string::npos)
      << text;
  EXPECT_TRUE(text.ends_with("5\r\nagain\r\n0\r\n\r\n")) << text;
}

TEST_F(StreamingTest, ToAnOldClientUntilTheConnectionCloses) {
  faucet.pieces = {"hello", " world", ""};
  const std::string text = talk("HTTP/1.0");
  EXPECT_EQ(text.find("chunked"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("\r\n\r\nhello world")) << text;
}

TEST_F(StreamingTest, HeadGetsTheHeadAlone) {
  const std::string text = talk("HTTP/1.1", "HEAD");
  EXPECT_TRUE(text.ends_with("\r\n\r\n")) << text;
}

class EgressTest : public StreamingTest {
 protected:
  EgressTest()
      : StreamingTest(
            CurlOptions{.user_agent = "t", .egress = {{.origin = "https://discord.com"}}}) {}
  std::string code_of(CurlClient& through, HttpRequest out) {
    const auto answer = run(io, through.send(std::move(out)));
    return answer ? "answered" : answer.error().code;
  }
  [[nodiscard]] std::string here() const {
    return "http://127.0.0.1:" + std::to_string(server.port());
  }
};

TEST_F(EgressTest, OnlyTheConfiguredOrigins) {
  for (const char* url :
       {"http://discord.com/api", "https://discord.com:8443/api",
        "https://discord.com.evil.example/", "https://evil.example/https://discord.com/",
        "https://user@discord.com/api", "http://169.254.169.254/latest/meta-data",
        "https://discord.com@127.0.0.1/", "https://api.telegram.org/bot1:a/sendMessage"}) {
    HttpRequest out;
    out.url = url;
    const std::string code = code_of(client, std::move(out));
    EXPECT_TRUE(code == "egress" || code == "bad_request") << url << ": " << code;
  }
}

TEST_F(EgressTest, APrivateAddressIsRefusedWhenTheSocketOpens) {
  for (const std::string& origin : {here(), "http://localhost:" + std::to_string(server.port()),
                                    "http://[::1]:" + std::to_string(server.port())}) {
    CurlClient careful(io.get_executor(),
                       CurlOptions{.user_agent = "t", .egress = {{.origin = origin}}});
    HttpRequest out;
    out.url = origin + "/refused";
    const auto answer = run(io, careful.send(std::move(out)));
    ASSERT_FALSE(answer) << origin;
    EXPECT_EQ(answer.error().code, "egress") << answer.error().message;
    EXPECT_FALSE(may_have_been_seen(answer.error()));
  }
  EXPECT_EQ(asked, 0);
}

TEST_F(EgressTest, AHostThatTheOperatorNamedMayBeAnywhere) {
  CurlClient trusting(
      io.get_executor(),
      CurlOptions{.user_agent = "t", .egress = {{.origin = here(), .any_address = true}}});
  EXPECT_EQ(code_of(trusting, request("/refused")), "answered");
  EXPECT_EQ(asked, 1);
}

TEST_F(EgressTest, RequestsLeaveFromTheAddressThatIsNamed) {
  CurlClient other(io.get_executor(),
                   CurlOptions{.user_agent = "t", .source_address = "127.0.0.9"});
  const auto answer = run(io, other.send(request("/from")));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(heard, "127.0.0.9");
  CurlClient strange(io.get_executor(),
                     CurlOptions{.user_agent = "t", .source_address = "192.0.2.77"});
  EXPECT_EQ(code_of(strange, request("/from")), "connect");
  EXPECT_EQ(asked, 1);
}

bool is_public_text(const char* text) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(text, error);
  EXPECT_FALSE(error) << text;
  const test::tcp::endpoint endpoint(address, 443);
  return is_public_address(*endpoint.data());
}

TEST(PublicAddresses, AreToldFromTheRest) {
  for (const char* text : {"1.1.1.1", "162.159.128.233", "149.154.167.220", "100.63.255.255",
                           "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
                           "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1",
                           "2001:67c:4e8:f004::9", "::ffff:1.1.1.1", "64:ff9b::101:101"}) {
    EXPECT_TRUE(is_public_text(text)) << text;
  }
  for (const char* text : {"0.0.0.0",
                           "10.1.2.3",
                           "100.64.0.0",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.169.254",
                           "172.16.0.0",
                           "172.31.255.255",
                           "192.0.0.8",
                           "192.0.2.1",
                           "192.168.1.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.1",
                           "224.0.0.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::127.0.0.1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "64:ff9b::a00:1",
                           "64:ff9b:1::1",
                           "fc00::1",
                           "fd12::1",
                           "fe80::1",
                           "fec0::1",
                           "ff02::1",
                           "2001:db8::1",
                           "2001::1",
                           "2002:a00:1::1",
                           "2002:7f00:1::",
                           "3fff::1",
                           "100::1"}) {
    EXPECT_FALSE(is_public_text(text)) << text;
  }
  sockaddr other{};
  other.sa_family = AF_UNIX;
  EXPECT_FALSE(is_public_address(other));
}

}  // namespace
}  // namespace streaky::net

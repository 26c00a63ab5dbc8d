#include "net/curl_client.h"

#include <boost/asio/detached.hpp>
#include <chrono>

#include "net/socket_test_support.h"

namespace streaky::net {
namespace {

using runtime::Millis;
using runtime::Result;
using runtime::Task;
using test::RawServer;
using test::run;
using test::run_until;

constexpr std::string_view kSecret = "bot123456:very-secret";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Task<ServerResponse> echo(ServerRequest request) {
  ServerResponse response;
  response.content_type = "text/plain";
  response.headers.push_back({"X-Method", request.method});
  response.headers.push_back({"X-Agent", std::string(request.header("user-agent"))});
  response.headers.push_back({"X-Expect", std::string(request.header("expect"))});
  response.body = request.body;
  if (request.path() == "/cut") response.cut_after = 90;
  if (request.path() == "/reset") response.reset = true;
  if (request.path() == "/redirect") {
    response.status = 302;
    response.headers.push_back({"Location", "/elsewhere"});
  }
  co_return response;
}

class CurlClientTest : public ::testing::Test {
 protected:
  CurlClientTest() : CurlClientTest(CurlOptions{.user_agent = "streaky-test/1"}) {}
  explicit CurlClientTest(CurlOptions options)
      : server(io.get_executor(), {.listen = "127.0.0.1:0"}, &echo, *log),
        client(io.get_executor(), std::move(options)) {
    server.start();
  }

  [[nodiscard]] HttpRequest post(std::string_view path, std::string body) const {
    HttpRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(server.port()) + std::string(path);
    request.body = std::move(body);
    return request;
  }
  Result<HttpResponse> send(HttpRequest request) {
    return run(io, client.send(std::move(request)));
  }
  /// Starts requests that the test does not wait for one by one.
  void spawn(HttpRequest request) {
    boost::asio::co_spawn(io, client.send(std::move(request)),
                          [this](std::exception_ptr error, Result<HttpResponse> result) {
                            EXPECT_FALSE(error);
                            results.push_back(std::move(result));
                          });
  }

  std::unique_ptr<runtime::Log> log = runtime::make_null_log();
  boost::asio::io_context io{1};
  HttpServer server;
  CurlClient client;
  std::vector<Result<HttpResponse>> results;
};

HttpRequest request_to(std::string url, std::string method = "POST") {
  HttpRequest request;
  request.url = std::move(url);
  request.method = std::move(method);
  request.body = request.method == "POST" ? "{}" : "";
  return request;
}

TEST_F(CurlClientTest, SendsAndReceives) {
  HttpRequest request = post("/x?y=1", "hello");
  request.headers.push_back({"X-Any", "1"});
  const auto answer = send(std::move(request));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->header("content-TYPE"), "text/plain");
  EXPECT_EQ(answer->header("X-Agent"), "streaky-test/1");
  EXPECT_EQ(answer->header("absent"), "");
}

TEST_F(CurlClientTest, UsesTheMethodThatIsAskedFor) {
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"}) {
    HttpRequest request = post("/", std::string_view(method) == "POST" ? "b" : "");
    request.method = method;
    const auto answer = send(std::move(request));
    ASSERT_TRUE(answer) << method << answer.error().message;
    EXPECT_EQ(answer->header("X-Method"), method);
  }
}

TEST_F(CurlClientTest, ALargeBodyIsSentWithoutWaitingForAContinue) {
  const std::string large((1U << 20U) - 1, 'x');
  const auto answer = send(post("/", large));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, large);
  EXPECT_EQ(answer->header("X-Expect"), "");
}

TEST_F(CurlClientTest, ReusesItsConnection) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(send(post("/", "a")));
  EXPECT_EQ(server.connections(), 1U);
}

TEST_F(CurlClientTest, AThousandInParallelAllGetTheirOwnAnswer) {
  for (int i = 0; i < 1'000; ++i) spawn(post("/", std::to_string(i)));
  run_until(io, [&] { return results.size() == 1'000; });
  std::vector<bool> seen(1'000);
  for (const auto& result : results) {
    ASSERT_TRUE(result) << result.error().message;
    seen[std::stoul(result->body)] = true;
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 1'000);
}

std::string gzipped_answer(const std::string& bytes) {
  return "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
         std::to_string(bytes.size()) + "\r\n\r\n" + bytes;
}

/// A little deflate: one letter, repeated. 26 KB of this make 4 MiB (RFC 1951, section 3.2.6).
std::string bomb(std::size_t runs) {
  std::string bytes("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  unsigned bits = 0;
  int count = 0;
  const auto put = [&](unsigned code, int length) {  // the first bit of a code comes first
    for (int i = length - 1; i >= 0; --i) {
      bits |= (code >> static_cast<unsigned>(i) & 1U) << static_cast<unsigned>(count);
      if (++count < 8) continue;
      bytes.push_back(static_cast<char>(bits));
      bits = 0;
      count = 0;
    }
  };
  put(0b110, 3);       // the last block, with fixed codes
  put(0b01110001, 8);  // an 'A'
  for (std::size_t i = 0; i < runs; ++i) put(0b11000101'00000, 13);  // 258 more of it
  put(0, 7);                                                         // the end of the block
  put(0, 7);
  return bytes + std::string(8, '\0');
}

TEST_F(CurlClientTest, ACompressedAnswerIsUnderstood) {
  // "a compressed answer", as gzip writes it.
  const std::string bytes(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\x54\x48\xce\xcf\x2d\x28\x4a\x2d"
      "\x2e\x4e\x4d\x51\x48\xcc\x2b\x2e\x4f\x2d\x02\x00\xa8\x69\xbb\x0e\x13\x00\x00\x00",
      39);
  RawServer server(io, {gzipped_answer(bytes)}, RawServer::Then::keep);
  const auto answer = send(request_to(server.url("/")));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "a compressed answer");
  EXPECT_TRUE(server.last_request.contains("gzip")) << "it was not asked for";
}

TEST_F(CurlClientTest, ACompressedAnswerIsCutAtItsTrueSize) {
  const std::string bytes = bomb(16'384);
  ASSERT_LT(bytes.size(), 30U << 10U);
  RawServer server(io, {gzipped_answer(bytes)}, RawServer::Then::keep);
  HttpRequest request = request_to(server.url("/"));
  request.max_body_bytes = 1U << 20U;
  const auto answer = send(std::move(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "too_large");
}

TEST_F(CurlClientTest, ADamagedCompressedAnswerIsNone) {
  RawServer server(io, {gzipped_answer("\x1f\x8b no gzip at all")}, RawServer::Then::keep);
  const auto answer = send(request_to(server.url("/")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "reset");
}

TEST_F(CurlClientTest, ADeadlineEndsARequestThatIsNeverAnswered) {
  RawServer silent(io, {}, RawServer::Then::keep);
  HttpRequest request = request_to(silent.url("/"));
  request.timeout = Millis{50};
  const auto answer = send(std::move(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "timeout");
  EXPECT_TRUE(may_have_been_seen(answer.error()));
  EXPECT_EQ(silent.requests, 1);
}

TEST_F(CurlClientTest, ARefusedConnectionWasCertainlyNotSeen) {
  std::uint16_t unused = 0;
  {
    const boost::asio::ip::tcp::acceptor once(io, test::loopback(0));
    unused = once.local_endpoint().port();
  }
  const auto answer = send(request_to("http://127.0.0.1:" + std::to_string(unused) + "/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "connect");
  EXPECT_FALSE(may_have_been_seen(answer.error()));
}

TEST_F(CurlClientTest, AResetAfterTheRequestMayHaveBeenSeen) {
  const auto answer = send(post("/reset", "x"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "reset");
  EXPECT_TRUE(may_have_been_seen(answer.error()));
}

TEST_F(CurlClientTest, ACutBodyIsAnErrorNotAShortBody) {
  const auto answer = send(post("/cut", std::string(500, 'x')));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "reset");
}

TEST_F(CurlClientTest, ACutChunkedBodyIsAnErrorToo) {
  RawServer half(io, {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
                 RawServer::Then::close);
  const auto answer = send(request_to(half.url("/")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "reset");
}

TEST_F(CurlClientTest, APostIsNotRepeatedWhenAReusedConnectionDies) {
  RawServer dying(io, {kOk}, RawServer::Then::reset);
  ASSERT_TRUE(send(request_to(dying.url("/"))));
  const auto second = send(request_to(dying.url("/")));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "reset");
  EXPECT_EQ(dying.requests, 2);  // a repeated one would be the third
}

TEST_F(CurlClientTest, AGetIsRepeatedWhenAReusedConnectionDies) {
  RawServer dying(io, {kOk}, RawServer::Then::reset);
  ASSERT_TRUE(send(request_to(dying.url("/"), "GET")));
  ASSERT_TRUE(send(request_to(dying.url("/"), "GET")));
  EXPECT_EQ(dying.requests, 3);
}

TEST_F(CurlClientTest, ABodyOverTheLimitIsRefusedAndOneAtTheLimitIsNot) {
  HttpRequest over = post("/", std::string(1'001, 'x'));
  over.max_body_bytes = 1'000;
  const auto answer = send(std::move(over));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "too_large");
  HttpRequest exact = post("/", std::string(1'000, 'x'));
  exact.max_body_bytes = 1'000;
  EXPECT_TRUE(send(std::move(exact)));
}

TEST_F(CurlClientTest, EndlessAnswerHeadersAreRefused) {
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 200; ++i) head += "X-Pad: " + std::string(1'000, 'p') + "\r\n";
  RawServer server_with_pads(io, {head + "Content-Length: 0\r\n\r\n"}, RawServer::Then::close);
  const auto answer = send(request_to(server_with_pads.url("/")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "too_large");
}

TEST_F(CurlClientTest, RedirectsAreNotFollowed) {
  const auto answer = send(post("/redirect", ""));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(answer->header("Location"), "/elsewhere");
}

TEST_F(CurlClientTest, InterimAnswersAndTrailersDoNotMixWithTheHead) {
  RawServer chatty(io,
                   {"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
                    "HTTP/1.1 200 OK\r\nX-Real: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "2\r\nok\r\n0\r\nX-Late: 1\r\n\r\n"},
                   RawServer::Then::close);
  const auto answer = send(request_to(chatty.url("/")));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "ok");
  EXPECT_EQ(answer->header("X-Real"), "1");
  EXPECT_EQ(answer->header("X-Early"), "");
  EXPECT_EQ(answer->header("X-Late"), "");
}

TEST_F(CurlClientTest, TlsTrouble) {
  HttpRequest request = post("/", "");
  request.url.replace(0, 4, "https");
  const auto answer = send(std::move(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "tls");
  EXPECT_FALSE(may_have_been_seen(answer.error()));
}

TEST_F(CurlClientTest, MalformedRequestsAreRefusedForGood) {
  std::vector<HttpRequest> bad;
  for (const char* url : {"", "x", "ftp://h/", "file:///etc/passwd", "http:///x", "http://u:p@h/",
                          "http://h/a b", "http://h/\r\nX: y"}) {
    bad.push_back(request_to(url));
  }
  bad.push_back(request_to("http://h/" + std::string(9'000, 'a')));
  bad.push_back(request_to("http://h/", "GE T"));
  HttpRequest injected = post("/", "");
  injected.headers.push_back({"X-A", "1\r\nX-B: 2"});
  bad.push_back(injected);
  injected.headers = {{"X A", "1"}};
  bad.push_back(injected);
  for (HttpRequest& request : bad) {
    const std::string url = request.url;
    const auto answer = send(std::move(request));
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().code, "bad_request") << url;
    EXPECT_TRUE(answer.error().permanent);
  }
}

TEST_F(CurlClientTest, NoMessageNamesMoreThanTheHost) {
  RawServer silent(io, {}, RawServer::Then::keep);
  const std::string path = "/" + std::string(kSecret) + "?token=" + std::string(kSecret);
  std::vector<HttpRequest> failing = {
      post(path + "&r", ""), request_to(silent.url(path)), request_to("http://127.0.0.1:1" + path),
      request_to("ftp://h" + path), request_to("http://" + std::string(kSecret) + "@h/")};
  failing[0].url.replace(0, 4, "https");
  failing[1].timeout = Millis{30};
  for (HttpRequest& request : failing) {
    const auto answer = send(std::move(request));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().message.find("secret"), std::string::npos) << answer.error().message;
    EXPECT_EQ(answer.error().message.find("token"), std::string::npos) << answer.error().message;
  }
}

TEST_F(CurlClientTest, StopEndsWhatIsUnderWayAsCancelled) {
  RawServer silent(io, {}, RawServer::Then::keep);
  for (int i = 0; i < 10; ++i) spawn(request_to(silent.url("/")));
  run_until(io, [&] { return silent.requests == 10; });
  client.stop();
  client.stop();
  run_until(io, [&] { return results.size() == 10; });
  for (const auto& result : results) EXPECT_EQ(result.error().code, "cancelled");
  EXPECT_EQ(send(post("/", "")).error().code, "cancelled");
}

class SmallCurlClientTest : public CurlClientTest {
 protected:
  SmallCurlClientTest()
      : CurlClientTest({.user_agent = "t", .max_in_flight = 2, .max_waiting = 3}) {}
};

TEST_F(SmallCurlClientTest, TheLineIsBoundedAndItsDeadlinesHold) {
  RawServer silent(io, {}, RawServer::Then::keep);
  for (int i = 0; i < 2; ++i) spawn(request_to(silent.url("/")));
  run_until(io, [&] { return silent.requests == 2; });
  for (int i = 0; i < 3; ++i) {
    HttpRequest request = request_to(silent.url("/"));
    request.timeout = Millis{150};
    spawn(std::move(request));
  }
  spawn(request_to(silent.url("/")));  // finds the line full: the first to end
  run_until(io, [&] { return results.size() == 4; });
  for (const auto& result : results) EXPECT_EQ(result.error().code, "connect");
  EXPECT_NE(results[0].error().message.find("3 HTTP requests"), std::string::npos);
  EXPECT_EQ(silent.requests, 2);
}

TEST_F(SmallCurlClientTest, TheLineMovesOn) {
  for (int i = 0; i < 3; ++i) spawn(post("/", "x"));
  run_until(io, [&] { return results.size() == 3; });
  for (const auto& result : results) EXPECT_TRUE(result);
}

// The coroutine's own state tells whether its frame was destroyed.
Task<void> hold(std::shared_ptr<int> token, CurlClient* client, HttpRequest request) {
  (void)co_await client->send(std::move(request));
  *token = 1;
}

TEST(CurlClientLifetime, TheContextMayEndFirst) {
  const auto token = std::make_shared<int>(0);
  auto io = std::make_unique<boost::asio::io_context>(1);
  CurlClient client(io->get_executor(), {.user_agent = "t"});
  {
    RawServer silent(*io, {}, RawServer::Then::keep);
    boost::asio::co_spawn(*io, hold(token, &client, request_to(silent.url("/"))),
                          boost::asio::detached);
    run_until(*io, [&] { return silent.requests == 1; });
  }
  io.reset();
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(*token, 0);
  client.stop();
}

TEST(CurlClientLifetime, TheClientMayEndFirst) {
  const auto token = std::make_shared<int>(0);
  boost::asio::io_context io(1);
  {
    CurlClient client(io.get_executor(), {.user_agent = "t"});
    RawServer silent(io, {}, RawServer::Then::keep);
    boost::asio::co_spawn(io, hold(token, &client, request_to(silent.url("/"))),
                          boost::asio::detached);
    run_until(io, [&] { return silent.requests == 1; });
    client.stop();
    run_until(io, [&] { return *token == 1; });
    silent.acceptor.close();
    run_until(io, [&] { return io.poll_one() == 0; });
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(CurlClientLifetime, AnAnswerThatWasPostedButNotDeliveredIsDroppedWithItsContext) {
  const auto token = std::make_shared<int>(0);
  {
    boost::asio::io_context io(1);
    CurlClient client(io.get_executor(), {.user_agent = "t"});
    RawServer silent(io, {}, RawServer::Then::keep);
    boost::asio::co_spawn(io, hold(token, &client, request_to(silent.url("/"))),
                          boost::asio::detached);
    run_until(io, [&] { return silent.requests == 1; });
    client.stop();
  }
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(*token, 0);
}

}  // namespace
}  // namespace streaky::net

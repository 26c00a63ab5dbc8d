// Proxies without their sockets, and a network that can be broken: for tests on a virtual clock.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "crypto/sealer.h"
#include "net/http_client.h"
#include "notify/direct_courier.h"
#include "proxy/proxy.h"

namespace streaky::proxy::test {

using runtime::Millis;
using runtime::Task;

inline constexpr const char* kSecret = "proxy-secret-0123456789";
inline constexpr const char* kOtherSecret = "another-secret-987654321";
inline constexpr const char* kCompatKey = "0123456789abcdef0123456789abcdef-and-more";

/// A `streaky proxy` without its sockets: its process can be killed and started anew.
class ProxyProcess {
 public:
  ProxyProcess(runtime::Executor executor, runtime::Clock& clock, runtime::Log& log,
               const crypto::Sealer& sealer, net::HttpClient& http, bool compat,
               std::size_t most_in_hand, int discord_per_second = 100'000)
      : notifier_(http, clock, random_, log, metrics, notifier_options(discord_per_second)),
        courier_(sealer, notifier_, clock, random_, log),
        proxy(options(compat, most_in_hand), {.sealer = sealer,
                                              .courier = courier_,
                                              .notifier = notifier_,
                                              .clock = clock,
                                              .random = random_,
                                              .log = log,
                                              .metrics = metrics,
                                              .executor = std::move(executor)}) {}

  runtime::Metrics metrics;

 private:
  static notify::NotifierOptions notifier_options(int discord_per_second) {
    notify::NotifierOptions options;
    options.discord_per_second = discord_per_second;
    return options;
  }
  static Proxy::Options options(bool compat, std::size_t most_in_hand) {
    Proxy::Options options;
    options.door.secrets.emplace_back(kSecret);
    options.door.secrets.emplace_back(kOtherSecret);
    options.door.plain_secret = compat;
    options.compat_key = runtime::Secret(kCompatKey);
    options.version = "0.1.0";
    options.most_in_hand = most_in_hand;
    return options;
  }

  runtime::SeededRandom random_{7};
  notify::Notifier notifier_;
  notify::DirectCourier courier_;

 public:
  Proxy proxy;
};

/// The network between worker and proxies: requests go to the proxy of their host, pieces of the
/// answer come back as they would over a socket, and the way can be cut.
class Network final : public net::HttpClient {
 public:
  struct Host {
    ProxyProcess* process = nullptr;  // null: nobody listens
    int lose_answers = 0;             // so many requests are worked on, their answers lost
    int cut_after_pieces = -1;        // then the connection breaks
    int bad_gateway = 0;
    Millis silent_for{0};      // then the connection is given up, and nothing was worked on
    bool no_back_end = false;  // somebody in between answers 503 and passes nothing on
    int requests = 0;
    std::vector<net::HttpRequest> seen;
  };

  explicit Network(runtime::Clock& clock) : clock_(clock) {}

  Task<runtime::Result<net::HttpResponse>> send(net::HttpRequest request) override {
    const std::string origin = request.url.substr(0, request.url.find('/', 8));
    Host& host = hosts[origin];
    ++host.requests;
    host.seen.push_back(request);
    co_await clock_.sleep_for(Millis{1});
    if (host.silent_for > Millis{0}) {
      co_await clock_.sleep_for(host.silent_for);
      co_return runtime::fail("timeout", "no answer");
    }
    if (host.no_back_end) {
      net::HttpResponse front;
      front.status = 503;
      front.headers.push_back({"Retry-After", "30"});
      co_return front;
    }
    if (host.process == nullptr) co_return runtime::fail("connect", "nobody listens");
    net::ServerRequest inner;
    inner.method = request.method;
    inner.target = request.url.substr(origin.size());
    inner.headers = request.headers;
    inner.body = request.body;
    inner.remote_address = "192.0.2.7";
    auto asking = host.process->proxy.answer(std::move(inner));
    net::ServerResponse response = co_await std::move(asking);
    const bool lost = host.lose_answers > 0;
    if (lost) --host.lose_answers;
    net::HttpResponse out;
    out.status = response.status;
    out.headers = response.headers;
    out.body = response.body;
    int pieces = 0;
    while (response.stream) {
      auto coming = response.stream();
      const std::string piece = co_await std::move(coming);
      if (piece.empty()) break;
      if (host.cut_after_pieces >= 0 && pieces++ >= host.cut_after_pieces) {
        co_return runtime::fail("reset", "cut");
      }
      if (!lost) request.on_body(piece);
    }
    if (lost) co_return runtime::fail("reset", "the answer was lost");
    if (host.bad_gateway > 0) {
      --host.bad_gateway;
      out.status = 502;
    }
    co_return out;
  }

  std::map<std::string, Host> hosts;

 private:
  runtime::Clock& clock_;
};

}  // namespace streaky::proxy::test

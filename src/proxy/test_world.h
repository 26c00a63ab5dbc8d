// What the tests of this room share: real proxies and a real worker's courier on one virtual clock,
// with the channels' answers scripted and the network between them to be broken.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/json.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crypto/request_signature.h"
#include "notify/proxy_courier.h"
#include "notify/proxy_wire.h"
#include "notify/test_world.h"
#include "proxy/test_network.h"

namespace streaky::proxy::test {

using notify::Carried;
using notify::RetryAt;
using notify::SealedOutgoing;
using notify::Sent;

/// One worker, any number of proxies, the channels behind them.
class World {
 public:
  explicit World(std::vector<std::string> urls = {"http://one:1"}) : urls_(std::move(urls)) {
    for (const std::string& url : urls_) start(url);
    notify::ProxyOptions options;
    options.urls = urls_;
    options.secret = runtime::Secret(kSecret);
    courier = std::make_unique<notify::ProxyCourier>(network, clock, random, log, metrics,
                                                     io.get_executor(), std::move(options));
  }

  void start(const std::string& url) {
    processes_.push_back(std::make_unique<ProxyProcess>(io.get_executor(), clock, log, *sealer,
                                                        channels, compat, most_in_hand));
    network.hosts[url].process = processes_.back().get();
  }
  /// The process is gone, and all that it knew; what it had begun with the channels goes on there.
  void kill(const std::string& url) { network.hosts[url].process = nullptr; }
  [[nodiscard]] ProxyProcess& process(const std::string& url = "http://one:1") {
    return *network.hosts[url].process;
  }

  [[nodiscard]] SealedOutgoing delivery(std::int64_t channel, int attempt = 1) const {
    return sealed("delivery-" + std::to_string(channel), channel,
                  "https://discord.com/api/webhooks/" + std::to_string(1'000'000 + channel) + "/" +
                      notify::kToken,
                  attempt);
  }
  [[nodiscard]] SealedOutgoing sealed(const std::string& id, std::int64_t channel,
                                      const std::string& credential, int attempt = 1) const {
    SealedOutgoing out;
    out.delivery_id = id;
    out.user_id = 5;
    out.channel_id = channel;
    out.sealed =
        sealer->seal(runtime::Secret(credential),
                     {.purpose = crypto::Purpose::channel, .user_id = 5, .channel_id = channel});
    out.message = {"1 day left", "GitHub shows no contribution yet today", streak::Urgency::high};
    out.attempt = attempt;
    return out;
  }

  template <typename Done>
  void drive(Done done) {
    for (;;) {
      io.restart();
      io.poll();
      if (done()) return;
      if (!clock.advance_to_next()) throw std::logic_error("nothing left to wait for");
    }
  }
  void drive_for(Millis duration) {
    const Millis end = clock.monotonic() + duration;
    for (;;) {
      io.restart();
      io.poll();
      const auto next = clock.next_timer();
      if (!next || *next - clock.now() + clock.monotonic() > end) break;
      clock.advance_to_next();
    }
    clock.advance_to(clock.now() + (end - clock.monotonic()));
  }

  void spawn(SealedOutgoing outgoing) {
    const std::string id = outgoing.delivery_id;
    ++open;
    boost::asio::co_spawn(io, courier->carry(std::move(outgoing)),
                          [this, id](std::exception_ptr error, Carried carried) {
                            if (error) std::rethrow_exception(error);
                            --open;
                            carried_[id].push_back(std::move(carried));
                          });
  }
  void drive_all() {
    drive([this] { return open == 0; });
  }
  Carried carry(SealedOutgoing outgoing) {
    const std::string id = outgoing.delivery_id;
    spawn(std::move(outgoing));
    drive_all();
    return carried_.at(id).back();
  }
  [[nodiscard]] const std::vector<Carried>& carried(const std::string& id) { return carried_[id]; }

  /// Talks to a proxy directly; a stream is read to its end.
  struct Reply {
    int status = 0;
    std::string body;
    std::string retry_after;
    std::string content_type;
    bool dropped = false;
    std::vector<boost::json::object> lines() const {
      std::vector<boost::json::object> out;
      for (std::size_t at = 0; at < body.size();) {
        const std::size_t end = body.find('\n', at);
        const auto object = boost::json::parse(body.substr(at, end - at)).as_object();
        if (object.contains("outcome")) out.push_back(object);
        at = end + 1;
      }
      return out;
    }
  };
  void ask_later(net::ServerRequest request, std::optional<Reply>* into) {
    boost::asio::co_spawn(io, ask_task(std::move(request)),
                          [into](std::exception_ptr error, Reply reply) {
                            if (error) std::rethrow_exception(error);
                            *into = std::move(reply);
                          });
  }
  Reply ask(net::ServerRequest request) {
    std::optional<Reply> reply;
    ask_later(std::move(request), &reply);
    drive([&reply] { return reply.has_value(); });
    return *reply;
  }
  Task<Reply> ask_task(net::ServerRequest request) {
    auto asking = process().proxy.answer(std::move(request));
    net::ServerResponse response = co_await std::move(asking);
    Reply reply;
    reply.status = response.status;
    reply.body = response.body;
    reply.content_type = response.content_type;
    reply.dropped = response.reset;
    for (const auto& header : response.headers) {
      if (header.name == "Retry-After") reply.retry_after = header.value;
    }
    while (response.stream) {
      auto coming = response.stream();
      const std::string piece = co_await std::move(coming);
      if (piece.empty()) break;
      reply.body += piece;
    }
    co_return reply;
  }

  [[nodiscard]] net::ServerRequest request(const std::string& path, std::string body) const {
    net::ServerRequest out;
    out.method = "POST";
    out.target = path;
    out.body = std::move(body);
    out.remote_address = "192.0.2.7";
    out.headers.push_back({"Content-Type", "application/json"});
    return out;
  }
  [[nodiscard]] net::ServerRequest signed_request(const std::string& path, std::string body,
                                                  const char* secret = kSecret) const {
    net::ServerRequest out = request(path, std::move(body));
    out.headers.push_back(
        {std::string(crypto::kSignatureHeader),
         crypto::sign_request(runtime::Secret(secret),
                              {.method = out.method, .path = out.target, .body = out.body},
                              clock.now())});
    return out;
  }
  [[nodiscard]] std::string deliveries(const std::vector<SealedOutgoing>& all) const {
    std::string body = R"({"deliveries":[)";
    for (const SealedOutgoing& one : all) {
      if (body.back() == '}') body += ',';
      body += notify::delivery_text(one, clock.now());
    }
    return body + "]}";
  }

  bool compat = true;
  std::size_t most_in_hand = Desk::kMostInHand;
  boost::asio::io_context io;
  runtime::VirtualClock clock{runtime::from_unix_ms(1'754'470'000'000)};
  runtime::SeededRandom random{1};
  notify::CaptureLog log;
  runtime::Metrics metrics;
  std::unique_ptr<crypto::Sealer> sealer = crypto::make_ephemeral_sealer();
  notify::ScriptedHttp channels{clock};
  Network network{clock};
  std::unique_ptr<notify::ProxyCourier> courier;
  std::size_t open = 0;

 private:
  std::vector<std::string> urls_;
  std::vector<std::unique_ptr<ProxyProcess>> processes_;  // also the dead
  std::map<std::string, std::vector<Carried>> carried_;
};

}  // namespace streaky::proxy::test

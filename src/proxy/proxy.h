// The HTTP face of `streaky proxy` (docs/http-api.md, "The proxy"): stateless, no database.
//
//   GET  /health              open          is it up
//   GET  /metrics             open          Prometheus text: counts, never users
//   POST /v1/deliveries       signed        up to 500 sealed deliveries; outcomes as lines of JSON
//   POST /v1/reseal           signed        sealed credentials to the newest key
//   POST /send-notification   signed, or the plain secret: the original's contract
//
// Threading: the executor's thread. Borrows everything in `Parts`. Stop with `stop`, then await
// `wait_idle`: what was taken in is finished, nothing more is taken.
#pragma once

#include <memory>

#include "crypto/sealer.h"
#include "net/http_server.h"
#include "notify/courier.h"
#include "notify/notifier.h"
#include "proxy/desk.h"
#include "proxy/doorman.h"

namespace streaky::proxy {

class Proxy {
 public:
  /// What an original worker waits for less what one request may take.
  static constexpr runtime::Millis kOriginalPatience{4'000};
  static constexpr std::size_t kMaxConnections = 512;
  /// Of a network that has not shown the secret.
  static constexpr std::size_t kMaxConnectionsOfStrangers = 64;
  static constexpr std::size_t kMaxBodyBytesTogether = 64U << 20U;

  struct Options {
    Doorman::Options door;
    runtime::Secret compat_key;  // opens what original workers send; empty: none
    std::string version = "0";
    std::size_t most_in_hand = Desk::kMostInHand;
  };
  struct Parts {
    const crypto::Sealer& sealer;
    notify::Courier& courier;    // carries the sealed deliveries
    notify::Notifier& notifier;  // sends what an original worker brings
    runtime::Clock& clock;
    runtime::Random& random;
    runtime::Log& log;
    runtime::Metrics& metrics;
    runtime::Executor executor;
  };

  Proxy(Options options, Parts parts);
  ~Proxy();

  runtime::Task<net::ServerResponse> answer(net::ServerRequest request);
  void stop();
  runtime::Task<void> wait_idle();
  [[nodiscard]] std::size_t in_hand() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace streaky::proxy

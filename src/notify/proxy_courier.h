// The worker's way through `streaky proxy`: sealed deliveries travel in batches, outcomes come back
// one by one (docs/http-api.md, "The proxy").
//
// With several proxies each channel has its own order of them, so what the proxies know of a
// webhook's or chat's limits stays in one place. One that is down is passed over, and tried again
// after a rest that grows. When an answer was lost, the same proxy is asked again first: it knows
// what it has sent. Only then another one is, which may tell the user twice; that is counted
// (`streaky_proxy_possible_doubles_total`). When all are away the delivery comes back as RetryAt,
// and so waits until the user's midnight.
//
// Threading: the executor's thread. Borrows everything it is constructed with but the options.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/http_client.h"
#include "notify/courier.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/random.h"
#include "runtime/secret.h"

namespace streaky::notify {

struct ProxyOptions {
  std::vector<std::string> urls;  // origins; at least one
  runtime::Secret secret;         // signs each request
  /// How long deliveries are gathered into one request.
  runtime::Millis linger{20};
  /// Longer than a proxy may work on one delivery: pacing and three requests.
  runtime::Millis request_timeout{90'000};
};

class ProxyCourier final : public Courier {
 public:
  static constexpr std::size_t kMostProxies = 16;
  /// Requests under way to one proxy; what comes meanwhile gathers for the next.
  static constexpr std::size_t kMostRequests = 64;
  /// Deliveries whose answer was lost, of which is remembered which proxy may have sent them.
  static constexpr std::size_t kMostDoubtful = 20'000;
  static constexpr runtime::Millis kAskAgainPause{500};
  static constexpr runtime::Millis kFirstRest{1'000};
  static constexpr runtime::Millis kLongestRest{60'000};

  /// Throws std::invalid_argument without a URL or a secret.
  ProxyCourier(net::HttpClient& http, runtime::Clock& clock, runtime::Random& random,
               runtime::Log& log, runtime::Metrics& metrics, runtime::Executor executor,
               ProxyOptions options);
  ~ProxyCourier() override;

  runtime::Task<Carried> carry(SealedOutgoing outgoing) override;
  runtime::Task<void> wait_idle() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace streaky::notify

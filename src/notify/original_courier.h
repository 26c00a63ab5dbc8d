// The worker's way through an original proxy: `POST /send-notification` for each delivery, the
// credential sealed anew in the original's form (docs/http-api.md).
//
// An original proxy knows no delivery ids and tells no reason that could be relied on: what was not
// sent is tried again until midnight, and an answer that was lost may mean a double. The words that
// frame the message are the proxy's own. Threading: the executor's thread. Borrows everything it is
// constructed with but the options.
#pragma once

#include <string>
#include <vector>

#include "crypto/sealer.h"
#include "net/http_client.h"
#include "notify/courier.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/random.h"
#include "runtime/secret.h"

namespace streaky::notify {

struct OriginalOptions {
  std::vector<std::string> urls;  // origins; at least one
  runtime::Secret secret;
  runtime::Secret key;
  runtime::Secret telegram_bot_token{};  // as in NotifierOptions
  runtime::Millis request_timeout{15'000};
};

class OriginalCourier final : public Courier {
 public:
  OriginalCourier(net::HttpClient& http, const crypto::Sealer& sealer, runtime::Clock& clock,
                  runtime::Random& random, runtime::Log& log, runtime::Metrics& metrics,
                  OriginalOptions options);

  [[nodiscard]] bool names_users() const override { return true; }
  runtime::Task<Carried> carry(SealedOutgoing outgoing) override;
  runtime::Task<void> wait_idle() override;

 private:
  runtime::Result<std::string> body_of(const SealedOutgoing& outgoing) const;
  [[nodiscard]] net::HttpRequest request_to(const std::string& url, const std::string& body) const;
  Carried answer_of(const net::HttpResponse& response, ChannelKind kind, int attempt);
  Carried later(std::string code, std::string reason, bool maybe_seen, int attempt);

  net::HttpClient& http_;
  const crypto::Sealer& sealer_;
  runtime::Clock& clock_;
  runtime::Random& random_;
  runtime::Log& log_;
  runtime::Metrics& metrics_;
  OriginalOptions options_;
};

}  // namespace streaky::notify

// Who may come in: requests signed with one of the secrets, fresh and for the first time; and, to
// the original's one route, those with the plain secret, where that is allowed.
//
// Failed attempts of one address (one /64 of IPv6) are answered one after the other, each later
// than the one before, up to `kLongestPause`; beyond `kMostWaiting` at a time the connection is
// dropped. Who shows the right secret is never held up, so that nobody can lock a worker out.
// Threading: the executor's thread. Borrows clock, log and metrics.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "crypto/request_signature.h"
#include "net/http_server.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/secret.h"

namespace streaky::proxy {

class Doorman {
 public:
  static constexpr runtime::Millis kFirstPause{250};
  static constexpr runtime::Millis kLongestPause{5'000};
  static constexpr runtime::Millis kForgotten{60'000};
  /// One line in the log per address in this time, and at most `kMostTold` of all addresses.
  static constexpr runtime::Millis kToldAgain{60'000};
  static constexpr int kMostTold = 100;
  static constexpr int kMostWaiting = 8;
  static constexpr std::size_t kMostAddresses = 10'000;

  struct Options {
    std::vector<runtime::Secret> secrets;
    bool plain_secret = false;  // `X-API-Secret` alone will do
  };
  struct Parts {
    runtime::Clock& clock;
    runtime::Log& log;
    runtime::Metrics& metrics;
  };

  /// Throws std::invalid_argument as crypto::RequestVerifier does.
  Doorman(Options options, Parts parts);

  struct Admitted {
    /// How long ago it was signed, as far as the two clocks agree; 0 with the plain secret.
    runtime::Millis age{0};
  };
  /// Come in; or the answer to hold back with `hold_back`. `plain_will_do`: also who shows the
  /// plain secret, where the options allow that.
  std::expected<Admitted, net::ServerResponse> look(const net::ServerRequest& request,
                                                    bool plain_will_do);
  /// Gives a refusal back when it is time for it.
  runtime::Task<net::ServerResponse> hold_back(net::ServerResponse response,
                                               std::string remote_address);

 private:
  struct Address {
    runtime::Millis next{0};  // when the next failure is answered at the earliest
    runtime::Millis pause{0};
    int waiting = 0;
    std::optional<runtime::Millis> told;  // when the log last heard of it
  };

  [[nodiscard]] bool has_plain_secret(const net::ServerRequest& request) const;
  void tell(Address& known, const std::string& code);
  Address& address_of(const std::string& key);

  std::vector<runtime::Secret> plain_;
  crypto::RequestVerifier verifier_;
  Parts parts_;
  std::unordered_map<std::string, Address> addresses_;
  runtime::Millis telling_since_{0};
  int told_ = 0;  // since then
};

/// The part of an address that belongs to one customer: IPv4 whole, IPv6 its first 64 bits.
std::string network_of(const std::string& address);

}  // namespace streaky::proxy

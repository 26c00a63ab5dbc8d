// Sign-in with GitHub: the authorisation page, the exchange of codes with PKCE, the device flow.
// docs/remote-apis.md §2. Threading: one thread; borrows people and randomness.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "runtime/random.h"
#include "sim/exchange.h"
#include "sim/faults.h"
#include "sim/github.h"
#include "sim/people.h"

namespace streaky::sim {

struct OauthApp {
  std::string client_id = "sim-client-id";
  std::string client_secret = "sim-client-secret";
  /// A redirect must have this host (or a subdomain) and port, and lie below this path. On a
  /// loopback address any port will do.
  std::string callback = "http://127.0.0.1/";
  bool device_flow = true;
};

class Oauth {
 public:
  static constexpr runtime::Millis kCodeLife{600'000};
  static constexpr runtime::Millis kDeviceLife{900'000};
  static constexpr std::size_t kMostPending = 10'000;

  Oauth(const People& people, const OauthApp& app, runtime::Random& random)
      : people_(people), app_(app), random_(random) {}

  Answer handle(const Request& request, runtime::TimePoint now, std::optional<Fault> fault);
  /// What a token that was handed out here allows.
  [[nodiscard]] std::optional<Grant> find(std::string_view token) const;
  void forget();

 private:
  struct Code {
    Grant grant;
    std::string redirect_uri;
    std::string challenge;
    runtime::TimePoint expires;
  };
  struct Device {
    std::string user_code;
    std::string scopes;
    std::optional<std::uint32_t> approved_by;
    bool denied = false;
    runtime::TimePoint expires;
    runtime::TimePoint polled;
    int interval = 5;
  };

  Answer authorize(const Request& request, runtime::TimePoint now);
  Answer exchange(const Request& request, runtime::TimePoint now);
  Answer exchange_code(const Request& request, const Form& form, runtime::TimePoint now);
  Answer poll_device(const Request& request, const Form& form, runtime::TimePoint now);
  Answer start_device(const Request& request, runtime::TimePoint now);
  Answer device_page(const Request& request, runtime::TimePoint now);
  Answer hand_out(const Request& request, const Grant& grant);
  [[nodiscard]] bool redirect_fits(std::string_view uri) const;
  std::string secret(std::size_t length);

  const People& people_;
  const OauthApp& app_;
  runtime::Random& random_;
  std::unordered_map<std::string, Code> codes_;
  std::unordered_map<std::string, Device> devices_;
  std::unordered_map<std::string, Grant> tokens_;
};

}  // namespace streaky::sim

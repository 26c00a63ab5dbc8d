// Channel credentials to the newest key where the proxy alone can open them: `POST /v1/reseal`
// (docs/http-api.md, "The proxy").
//
// Threading: the executor's thread. Errors: one per value; `proxy_unreachable` and `proxy_refused`
// are not permanent, the proxy's own codes are.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "net/http_client.h"
#include "runtime/clock.h"
#include "runtime/error.h"
#include "runtime/secret.h"
#include "runtime/task.h"
#include "store/sealed_values.h"

namespace streaky::app {

/// Values per request; a proxy takes up to 500.
inline constexpr std::size_t kMostPerReseal = 200;

/// What `reseal_at_proxy` borrows for the call.
struct ProxyAccess {
  net::HttpClient& http;
  runtime::Clock& clock;
  std::vector<std::string> urls;  // origins; the next is asked where one is away
  const runtime::Secret& secret;  // signs the requests
  std::string prefix;             // what the answer must begin with: `c1.<newest key>.`
};

/// As many results as values, in order. A value that the proxy sealed with another key than the
/// newest is an error: the proxy has not been given that key.
runtime::Task<std::vector<runtime::Result<std::string>>> reseal_at_proxy(
    const ProxyAccess* proxy, std::vector<store::SealedValue> values);

}  // namespace streaky::app

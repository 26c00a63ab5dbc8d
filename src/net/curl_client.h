// HTTP over libcurl: one thread for all transfers, results posted to the executor.
//
// HTTP/2 where the server offers it over TLS, keep-alive, TLS verified, no redirects, http and
// https only, no proxy from the environment. A POST or PATCH is never sent twice unless no byte of
// the first attempt had left. A deadline counts from `send`, also while waiting in line; a request
// that ends there, or finds the line full, was not seen (`connect`).
//
// Threading: `send` on the executor's thread, `stop` on any. Stop with `stop()` (idempotent; also
// in the destructor): everything under way ends as `cancelled`. Destroying the execution context
// first is safe: what waits is dropped with it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "net/egress.h"
#include "net/http_client.h"
#include "runtime/task.h"
#include "runtime/time.h"

namespace streaky::net {

struct CurlOptions {
  std::string user_agent;
  std::size_t max_in_flight = 4'096;  // further requests wait in line
  std::size_t max_waiting = 65'536;   // the line's length
  std::size_t max_per_host = 4'096;   // connections
  runtime::Millis connect_timeout{5'000};
  EgressRules egress{};          // none: anywhere
  std::string source_address{};  // one of this machine's; empty: the system chooses
};

class CurlClient final : public HttpClient {
 public:
  CurlClient(runtime::Executor executor, CurlOptions options);
  ~CurlClient() override;

  runtime::Task<runtime::Result<HttpResponse>> send(HttpRequest request) override;
  void stop();

 private:
  class Loop;
  struct Begin;
  std::shared_ptr<Loop> loop_;  // shared with requests that have been made but not yet begun
};

}  // namespace streaky::net

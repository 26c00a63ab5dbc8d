// HTTP over libcurl: one thread that polls, results posted to the executor.
//
// HTTP/2 where the server offers it, keep-alive, TLS verified, no redirects, http and https only.
// Stop with `stop()` (idempotent; also in the destructor): everything under way ends as
// `cancelled`.
#pragma once

#include <cstddef>
#include <memory>

#include "net/http_client.h"
#include "runtime/metrics.h"

namespace streaky::net {

struct CurlOptions {
  std::string user_agent;
  std::size_t max_in_flight = 4'096;  // further requests wait in line
  std::size_t max_per_host = 2'048;   // connections
  runtime::Millis connect_timeout{5'000};
};

class CurlClient final : public HttpClient {
 public:
  CurlClient(runtime::Executor executor, CurlOptions options);
  ~CurlClient() override;

  runtime::Task<runtime::Result<HttpResponse>> send(HttpRequest request) override;
  void stop();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace streaky::net

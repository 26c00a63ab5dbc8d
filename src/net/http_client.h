// One HTTP exchange. The seam at which the simulated world stands in.
//
// Threading: `send` is called and resumes on the engine's executor. Errors (stable codes):
//   connect   no connection, or no room or time for one: the request was certainly not seen
//   timeout   the deadline passed; the other side may have acted
//   reset     the connection broke; the other side may have acted
//   too_large the answer exceeds `max_body_bytes`
//   tls       the certificate or handshake is bad
//   cancelled the client is stopping; the other side may have acted
//   bad_request  the URL, the method or a header is malformed: never sent (permanent)
//   egress    the client may not go there (net/egress.h): never sent
// A compressed answer is unpacked; `max_body_bytes` is of what comes out. Redirects are not
// followed. Times are milliseconds, sizes are bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/clock.h"
#include "runtime/error.h"
#include "runtime/task.h"

namespace streaky::net {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method = "POST";
  /// May hold a credential (Telegram, Discord): never logged; errors name the host alone.
  std::string url;
  std::vector<HttpHeader> headers;
  std::string body;
  runtime::Millis timeout{15'000};
  std::size_t max_body_bytes = 4U << 20U;
  /// The longest silence while waiting for the body, in whole seconds; 0: as long as `timeout`.
  runtime::Millis idle_timeout{0};
  /// When set, the body of a 2xx answer is handed over as it comes, on the executor, and
  /// `HttpResponse::body` stays empty. Must not throw; not called once `send` has ended.
  std::function<void(std::string_view piece)> on_body;
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;
  std::string body;

  /// The first header of that name, any case; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

class HttpClient {
 public:
  HttpClient() = default;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  virtual ~HttpClient() = default;

  virtual runtime::Task<runtime::Result<HttpResponse>> send(HttpRequest request) = 0;
};

/// True when a request that ended with this error may have been acted upon.
bool may_have_been_seen(const runtime::Error& error);

}  // namespace streaky::net

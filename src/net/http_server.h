// A small HTTP/1.1 server: Boost.Beast behind a guard, hidden in one translation unit.
//
// The handler is a coroutine on the server's executor. The guard refuses what smuggles: any
// Transfer-Encoding but exactly `chunked`, any on HTTP/1.0, both lengths at once, a missing
// Host on HTTP/1.1, a double Host, obs-fold. Limits are named in `HttpServerOptions`; what breaks
// them gets 400, 408, 413, 417, 431, 501, 503 or 505 and a closed connection. An exception in a
// handler, or an answer that cannot be sent as it is (a line break in a header), is a 500 without
// internals.
//
// Threading: the executor is one thread or a strand; `start` and `stop` may be called on any
// thread. Ownership: destroy the server before its execution context. What is still answering then
// finishes: the handler's own references and the log must live until `connections()` is 0 or the
// context is destroyed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/address.h"
#include "net/http_client.h"
#include "runtime/log.h"
#include "runtime/task.h"

namespace streaky::net {

struct ServerRequest {
  std::string method;
  std::string target;  // path and query as sent
  std::vector<HttpHeader> headers;
  std::string body;
  std::string remote_address;
  // What its body takes of `max_body_bytes_together`: free again when the last copy is dropped.
  std::shared_ptr<void> body_share{};

  [[nodiscard]] std::string_view path() const;
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// Gives the next piece of a body, and an empty one at its end.
using BodyStream = std::function<runtime::Task<std::string>()>;

struct ServerResponse {
  int status = 200;
  std::vector<HttpHeader> headers;
  std::string body;
  std::string content_type = "application/json";
  /// When set, this gives the body, and each piece is sent as it comes: in chunks, or to HTTP/1.0
  /// until the connection closes. One that throws breaks the connection off. It is dropped, at the
  /// latest after its next piece, when the client has gone.
  BodyStream stream;
  /// The client has shown that it is one of ours: see HttpServerOptions::strangers_make_room.
  bool known = false;
  /// For test worlds: a TCP reset without answering, or a close after this many bytes of the
  /// answer, its head included.
  bool reset = false;
  std::ptrdiff_t cut_after = -1;
};

using HttpHandler = std::function<runtime::Task<ServerResponse>(ServerRequest)>;

struct HttpServerOptions {
  std::string listen = "127.0.0.1:8420";  // host:port, [v6]:port, port 0 = any free
  std::size_t max_header_bytes = 16U << 10U;
  std::size_t max_body_bytes = 1U << 20U;
  std::size_t max_body_bytes_together = 256U << 20U;  // of all requests, until they are answered
  std::size_t max_connections = 10'000;
  /// Of one address (of one /64), 0 for any number; `uncounted` are reverse proxies of our own.
  std::size_t max_connections_per_address = 0;
  Networks uncounted{};
  /// When connections or bytes of bodies run out, strangers' connections are closed for the new
  /// one: those never answered with `known`, the oldest first (so that a new one lives long enough
  /// to show who it is); what is with the handler stays. A network that had such an answer has no
  /// limit per address.
  bool strangers_make_room = false;
  /// A request whose client has closed before it could be handled is dropped: for handlers that do
  /// something which the client will ask for again. A client that closes its half alone is gone,
  /// too.
  bool drop_abandoned = false;
  runtime::Millis header_timeout{10'000};
  runtime::Millis body_timeout{20'000};
  runtime::Millis idle_timeout{60'000};
};

class HttpServer {
 public:
  /// Throws std::system_error with a plain message when it cannot listen.
  HttpServer(runtime::Executor executor, HttpServerOptions options, HttpHandler handler,
             runtime::Log& log);
  ~HttpServer();

  /// The port that is bound.
  [[nodiscard]] std::uint16_t port() const;
  /// Open connections, idle ones included. On the executor's thread this is exact.
  [[nodiscard]] std::size_t connections() const;
  /// Starts accepting. Twice is once.
  void start();
  /// Stops accepting and closes idle connections; those that are answering finish. Twice is once.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared with the coroutines of its connections
};

}  // namespace streaky::net

// The world behind a listener: one address, paths decide which service answers.
//
// Threading: everything on the given executor. Stop with `stop()` (idempotent; the destructor too).
#pragma once

#include <memory>
#include <string>

#include "net/http_server.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "sim/control.h"
#include "sim/world.h"

namespace streaky::sim {

class SimServer {
 public:
  /// Throws std::system_error when it cannot listen. Borrows everything.
  SimServer(runtime::Executor executor, const std::string& listen, World& world,
            runtime::Clock& clock, runtime::Log& log);

  void start() { server_.start(); }
  void stop() { server_.stop(); }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

 private:
  runtime::Task<net::ServerResponse> answer(net::ServerRequest request);

  World& world_;
  runtime::Clock& clock_;
  Control control_;
  net::HttpServer server_;
};

}  // namespace streaky::sim

// The site: one request in, one answer out.
//
// In this order: the address's limit, the route, who it is, the size and proof of a form, the
// user's limit, the handler; then the headers that every answer carries. An exception becomes a
// page with an id that the log has, too, and nothing else.
//
// Threading: the executor's thread. Stop order: `stop()` ends the streams, then the server is
// stopped, then `wait_idle()`; destroy after that.
#pragma once

#include <memory>

#include "net/http_server.h"
#include "web/desk.h"

namespace streaky::web {

class Site {
 public:
  Site(SiteOptions options, SiteParts parts);
  ~Site();

  runtime::Task<net::ServerResponse> answer(net::ServerRequest request);
  /// Who are operators from now on, by login.
  void set_operators(std::vector<std::string> logins);
  /// Streams end, and no look at GitHub begins any more. Twice is once.
  void stop();
  /// Returns once no look is under way.
  runtime::Task<void> wait_idle();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace streaky::web

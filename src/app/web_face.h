// The web as `serve` runs it: the site behind its HTTP server.
//
// Threading: construct, start and stop on the executor's thread. Stop order: `stop()`, then the
// service, then `wait_idle()`.
#pragma once

#include <cstdint>
#include <optional>

#include "account/telegram_listener.h"
#include "app/service.h"
#include "app/wiring.h"
#include "net/http_server.h"
#include "web/site.h"

namespace streaky::app {

class WebFace {
 public:
  /// How long answers that are under way may take once it is to stop.
  static constexpr runtime::Millis kStopGrace{5'000};

  /// All borrowed but the options' values. Without `pages`: health, readiness and metrics alone.
  WebFace(Base& base, store::Database& database, const crypto::Sealer& sealer, Service& service,
          const Options& options, bool pages);

  void start();
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  void set_operators(std::vector<std::string> logins) { site_.set_operators(std::move(logins)); }
  /// Nothing new is taken, streams end. Twice is once.
  void stop();
  runtime::Task<void> wait_idle();

 private:
  Base& base_;
  std::optional<account::TelegramListener> listener_;  // where there is a bot and people see pages
  web::Site site_;
  net::HttpServer server_;
};

}  // namespace streaky::app

#include "app/web_face.h"

#include <utility>

#include "runtime/process.h"

namespace streaky::app {

namespace {

constexpr runtime::Millis kStopPoll{20};
/// Behind a reverse proxy all come from one address, which is then a trusted one.
constexpr std::size_t kMostConnections = 12'000;
constexpr std::size_t kMostPerAddress = 200;

net::Networks trusted_proxies(const Options& options) {
  net::Networks networks;
  for (const std::string& text : options.server_trusted_proxies) {
    networks.push_back(net::Network::parse(text).value());
  }
  return networks;
}

web::SiteOptions site_options(const Options& options, bool pages) {
  web::SiteOptions site;
  site.public_url = options.server_public_url;
  site.version = STREAKY_VERSION;
  site.pages = pages;
  site.trusted_proxies = trusted_proxies(options);
  site.metrics_token = options.server_metrics_token.clone();
  site.cors_origins = options.server_cors_origins;
  site.github.web_url = options.github_web_url;
  site.github.api_url = options.github_api_url;
  site.github.client_id = options.github_client_id;
  site.github.client_secret = options.github_client_secret.clone();
  site.bot_token = options.telegram_bot_token.clone();
  site.operators = options.admin_logins;
  site.original.cron = options.compat_cron_secret.clone();
  site.original.server = options.compat_server_secret.clone();
  site.original.jwt = options.compat_jwt_secret.clone();
  return site;
}

void refresh(Base& base, const Service& service) {
  base.metrics.gauge("streaky_github_service_tokens_alive",
                     static_cast<double>(service.budget().living_service_tokens()));
}

net::HttpServerOptions server_options(const Options& options) {
  net::HttpServerOptions server;
  server.listen = options.server_listen;
  server.max_connections = kMostConnections;
  server.max_connections_per_address = kMostPerAddress;
  server.uncounted = trusted_proxies(options);
  return server;
}

}  // namespace

WebFace::WebFace(Base& base, store::Database& database, const crypto::Sealer& sealer,
                 Service& service, const Options& options, bool pages)
    : base_(base),
      site_(site_options(options, pages),
            {.database = database,
             .http = service.outside().http,
             .github = service.outside().github,
             .courier = service.courier(),
             .sealer = sealer,
             .clock = *base.clock,
             .random = *base.random,
             .log = *base.log,
             .metrics = base.metrics,
             .executor = base.io.get_executor(),
             .healthy = [&service] { return service.healthy(); },
             .refresh_metrics = [&base, &service] { refresh(base, service); },
             .hurry = [&service] { service.hurry(); },
             .tokens = [&service] { return service.budget().standings(); }}),
      server_(
          base.io.get_executor(), server_options(options),
          [this](net::ServerRequest request) { return site_.answer(std::move(request)); },
          *base.log) {
  if (!pages || options.telegram_bot_token.empty()) return;
  listener_.emplace(
      account::TelegramListener::Parts{.http = service.outside().http,
                                       .database = database,
                                       .sealer = sealer,
                                       .clock = *base.clock,
                                       .log = *base.log,
                                       .metrics = base.metrics,
                                       .executor = base.io.get_executor(),
                                       .owner = runtime::process_name(),
                                       .api_url = options.telegram_api_url,
                                       .public_url = options.server_public_url,
                                       .bot_token = options.telegram_bot_token.clone()});
}

void WebFace::start() {
  server_.start();
  if (listener_) listener_->start();
}

void WebFace::stop() {
  if (listener_) listener_->stop();
  site_.stop();
  server_.stop();
}

runtime::Task<void> WebFace::wait_idle() {
  const runtime::Millis give_up = base_.clock->monotonic() + kStopGrace;
  while (server_.connections() > 0 && base_.clock->monotonic() < give_up) {
    co_await base_.clock->sleep_for(kStopPoll);
  }
  co_await site_.wait_idle();
  if (listener_) co_await listener_->wait_idle();
}

}  // namespace streaky::app

// `streaky proxy`: sends what others have sealed, from an address of its own, until told to stop.
#include <CLI/CLI.hpp>
#include <memory>
#include <stdexcept>
#include <utility>

#include "app/command.h"
#include "app/process_environment.h"
#include "app/wiring.h"
#include "net/address.h"
#include "net/http_server.h"
#include "notify/direct_courier.h"
#include "notify/proxy_wire.h"
#include "proxy/proxy.h"
#include "runtime/service_manager.h"
#include "runtime/signals.h"

namespace streaky::app {

namespace {

/// Longer than one message may take that is under way: pacing and one request.
constexpr runtime::Millis kStopGrace{25'000};
constexpr runtime::Millis kStopPoll{50};

/// The configured services and nothing else. A host that the operator named may be anywhere; the
/// services' own must lie in the public Internet, whatever a name server says.
net::EgressRules egress_rules(const Options& options) {
  const Options usual;
  return {{.origin = options.discord_api_url,
           .any_address = options.discord_api_url != usual.discord_api_url},
          {.origin = options.telegram_api_url,
           .any_address = options.telegram_api_url != usual.telegram_api_url}};
}

proxy::Proxy::Options proxy_options(const Options& options) {
  proxy::Proxy::Options proxy;
  for (const runtime::Secret& secret : options.proxy_secret) {
    proxy.door.secrets.push_back(secret.clone());
  }
  proxy.door.plain_secret = options.proxy_compat;
  proxy.compat_key = options.proxy_compat_key.clone();
  proxy.version = STREAKY_VERSION;
  return proxy;
}

/// The key file, or the environment that stands for it. A proxy that serves original workers alone
/// needs none of ours.
std::unique_ptr<crypto::Sealer> proxy_keys(const Options& options) {
  const crypto::KeySource source = key_source(options);
  const bool has_keys = !source.text.empty() || file_exists(source.file);
  const bool originals_alone = options.proxy_compat && !options.proxy_compat_key.empty();
  if (!has_keys && originals_alone) return crypto::make_ephemeral_sealer();
  return open_keys(options, false);
}

/// Everything of a running proxy, in the order in which it is made.
class ProxyService {
 public:
  ProxyService(Base& base, const Options& options)
      : base_(base),
        sealer_(proxy_keys(options)),
        http_(base.io.get_executor(), net::CurlOptions{.user_agent = "streaky/" STREAKY_VERSION,
                                                       .egress = egress_rules(options),
                                                       .source_address = options.proxy_send_from}),
        notifier_(http_, *base.clock, *base.random, *base.log, base.metrics,
                  notifier_options(options)),
        courier_(*sealer_, notifier_, *base.clock, *base.random, *base.log),
        proxy_(proxy_options(options), {.sealer = *sealer_,
                                        .courier = courier_,
                                        .notifier = notifier_,
                                        .clock = *base.clock,
                                        .random = *base.random,
                                        .log = *base.log,
                                        .metrics = base.metrics,
                                        .executor = base.io.get_executor()}),
        server_(
            base.io.get_executor(), server_options(options),
            [this](net::ServerRequest request) { return proxy_.answer(std::move(request)); },
            *base.log) {}

  void start() { server_.start(); }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

  /// No new work; what is under way finishes, and its answers go out, within the grace.
  runtime::Task<void> stop() {
    proxy_.stop();
    server_.stop();
    const runtime::Millis give_up = base_.clock->monotonic() + kStopGrace;
    while ((proxy_.in_hand() > 0 || server_.connections() > 0) &&
           base_.clock->monotonic() < give_up) {
      co_await base_.clock->sleep_for(kStopPoll);
    }
    http_.stop();
    co_await proxy_.wait_idle();
  }

 private:
  static net::HttpServerOptions server_options(const Options& options) {
    net::HttpServerOptions server;
    server.listen = options.proxy_listen;
    server.max_body_bytes = notify::kMaxProxyRequestBytes;
    server.max_body_bytes_together = proxy::Proxy::kMaxBodyBytesTogether;
    server.max_connections = proxy::Proxy::kMaxConnections;
    server.max_connections_per_address = proxy::Proxy::kMaxConnectionsOfStrangers;
    server.strangers_make_room = true;
    server.drop_abandoned = true;  // its worker asks again, and perhaps elsewhere
    return server;
  }

  Base& base_;
  std::unique_ptr<crypto::Sealer> sealer_;
  net::CurlClient http_;
  notify::Notifier notifier_;
  notify::DirectCourier courier_;
  proxy::Proxy proxy_;
  net::HttpServer server_;
};

runtime::Task<void> wait_for_stop(runtime::Wake* stop, const bool* asked) {
  while (!*asked) co_await stop->wait();
}

int run_proxy(const Options& options) {
  runtime::ignore_hangup();
  if (options.proxy_secret.empty()) {
    return complain(
        "proxy.secret is not set: a proxy without one would send for anybody; set it here and on "
        "the workers (STREAKY_PROXY_SECRET), openssl rand -hex 32 makes one",
        kExitUsage);
  }
  if (!options.proxy_send_from.empty() && !net::is_own_address(options.proxy_send_from)) {
    return complain(
        "proxy.send_from is " + options.proxy_send_from + ", which is no address of this machine",
        kExitUsage);
  }
  Base base(options);
  ProxyService service(base, options);
  runtime::ServiceManager manager(*base.clock, process_environment());
  runtime::Wake stop(*base.clock);
  bool asked = false;
  const runtime::Signals signals(base.io.get_executor(), [&stop, &asked] {
    asked = true;
    stop.notify();
  });
  service.start();
  base.log->info("proxy is ready", {{"version", STREAKY_VERSION},
                                    {"listen", options.proxy_listen},
                                    {"port", service.port()},
                                    {"compat", options.proxy_compat}});
  manager.ready();
  base.run(wait_for_stop(&stop, &asked));
  manager.stopping();
  base.log->info("stopping: finishing what is under way");
  base.run(service.stop());
  base.log->info("stopped");
  return kExitDone;
}

}  // namespace

void add_proxy_command(CLI::App& root, Invocation& invocation) {
  auto* command = root.add_subcommand(
      "proxy", "Send notifications for workers, from an address of its own, until stopped");
  command->add_option_function<std::string>(
      "--listen",
      [&invocation](const std::string& value) { invocation.flags["proxy.listen"] = value; },
      "Address to listen on (proxy.listen)");
  command->callback(
      [&invocation] { invocation.run = [](Options& options) { return run_proxy(options); }; });
}

}  // namespace streaky::app

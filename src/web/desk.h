// Everything that handlers work with: what the site was built with, and the stores over it.
//
// Threading: the executor's thread. Ownership: `app/` owns the parts and outlives the desk; the
// desk is the site's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/sealer.h"
#include "engine/checker.h"
#include "github/contributions.h"
#include "github/sign_in.h"
#include "net/address.h"
#include "notify/courier.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/random.h"
#include "store/batches.h"
#include "store/calendars.h"
#include "store/deliveries.h"
#include "store/jobs.h"
#include "store/operator_log.h"
#include "store/sessions.h"
#include "store/users.h"
#include "web/assets.h"
#include "web/cookies.h"
#include "web/looks.h"
#include "web/pages.h"
#include "web/pulse.h"
#include "web/rate_limits.h"

namespace streaky::web {

struct SiteOptions {
  std::string public_url = "http://127.0.0.1:8420";  // an origin: how people reach the site
  std::string version = "0";
  /// False: health, readiness and metrics alone.
  bool pages = true;
  net::Networks trusted_proxies;
  runtime::Secret metrics_token;  // empty: metrics are for this machine alone
  github::SignInOptions github;   // without a client id: single-user mode
  runtime::Secret bot_token;      // Telegram's, for those without a bot of their own
  std::vector<std::string> operators;

  [[nodiscard]] bool secure() const { return public_url.starts_with("https://"); }
};

/// All borrowed but the functions.
struct SiteParts {
  store::Database& database;
  net::HttpClient& http;
  github::Contributions& github;
  notify::Courier& courier;
  const crypto::Sealer& sealer;
  runtime::Clock& clock;
  runtime::Random& random;
  runtime::Log& log;
  runtime::Metrics& metrics;
  runtime::Executor executor;
  std::function<bool()> healthy;          // whether the engine beside the site works
  std::function<void()> refresh_metrics;  // called before the numbers are shown
  std::function<void()> hurry;            // there is new work for the engine
};

struct Desk {
  Desk(SiteOptions site_options, SiteParts site_parts)
      : options(std::move(site_options)),
        parts(std::move(site_parts)),
        users(parts.database),
        sessions(parts.database),
        calendars(parts.database),
        deliveries(parts.database),
        jobs(parts.database),
        batches(parts.database),
        operator_log(parts.database),
        pages(assets),
        jar(options.secure()),
        github(parts.http, options.github),
        looks(LooksParts{.github = parts.github,
                         .sealer = parts.sealer,
                         .clock = parts.clock,
                         .log = parts.log,
                         .metrics = parts.metrics,
                         .database = parts.database,
                         .executor = parts.executor}),
        pulse(parts.clock) {}

  SiteOptions options;
  SiteParts parts;
  store::Users users;
  store::Sessions sessions;
  store::Calendars calendars;
  store::Deliveries deliveries;
  store::Jobs jobs;
  store::Batches batches;
  store::OperatorLog operator_log;
  Assets assets;
  Pages pages;
  CookieJar jar;
  RateLimits limits;
  /// By route and status; goes into the metrics when they are read.
  std::map<std::pair<std::string_view, int>, std::uint64_t> request_counts;
  github::SignIn github;
  Looks looks;
  Pulse pulse;

  [[nodiscard]] bool single_user() const { return options.github.client_id.empty(); }
};

}  // namespace streaky::web

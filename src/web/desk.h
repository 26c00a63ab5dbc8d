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
#include "engine/action_links.h"
#include "engine/checker.h"
#include "github/contributions.h"
#include "github/sign_in.h"
#include "github/token_budget.h"
#include "net/address.h"
#include "notify/courier.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/random.h"
#include "store/api_tokens.h"
#include "store/batches.h"
#include "store/calendars.h"
#include "store/deliveries.h"
#include "store/job_search.h"
#include "store/jobs.h"
#include "store/kept_answers.h"
#include "store/members.h"
#include "store/operator_accounts.h"
#include "store/operator_log.h"
#include "store/sessions.h"
#include "store/telegram_links.h"
#include "store/users.h"
#include "web/assets.h"
#include "web/cookies.h"
#include "web/looks.h"
#include "web/pages.h"
#include "web/pulse.h"
#include "web/rate_limits.h"

namespace streaky::web {

/// What the original's site and cron show. The routes that need one are there when it is set.
struct OriginalSecrets {
  runtime::Secret cron;
  runtime::Secret server;
  runtime::Secret jwt;

  [[nodiscard]] bool for_users() const { return !server.empty() || !jwt.empty(); }
  [[nodiscard]] bool for_cron() const { return !cron.empty(); }
};

struct SiteOptions {
  std::string public_url = "http://127.0.0.1:8420";  // an origin: how people reach the site
  std::string version = "0";
  /// False: health, readiness and metrics alone.
  bool pages = true;
  net::Networks trusted_proxies;
  runtime::Secret metrics_token;  // empty: metrics are for this machine alone
  /// Sites whose scripts may use the API with a token (`https://app.example`); none by default.
  std::vector<std::string> cors_origins;
  github::SignInOptions github;  // without a client id: single-user mode
  runtime::Secret bot_token;     // Telegram's, for those without a bot of their own
  std::vector<std::string> operators;
  OriginalSecrets original;

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
  /// What is known of the service's GitHub tokens.
  std::function<std::vector<github::TokenBudget::Standing>()> tokens;
};

struct Desk {
  Desk(SiteOptions site_options, SiteParts site_parts)
      : options(std::move(site_options)),
        parts(std::move(site_parts)),
        users(parts.database),
        sessions(parts.database),
        api_tokens(parts.database),
        kept_answers(parts.database),
        calendars(parts.database),
        deliveries(parts.database),
        jobs(parts.database),
        job_search(parts.database),
        batches(parts.database),
        operator_log(parts.database),
        operator_accounts(parts.database),
        members(parts.database),
        telegram_links(parts.database),
        action_links(parts.sealer, options.public_url),
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
  store::ApiTokens api_tokens;
  store::KeptAnswers kept_answers;
  store::Calendars calendars;
  store::Deliveries deliveries;
  store::Jobs jobs;
  store::JobSearch job_search;
  store::Batches batches;
  store::OperatorLog operator_log;
  store::OperatorAccounts operator_accounts;
  store::Members members;
  store::TelegramLinks telegram_links;
  engine::ActionLinks action_links;
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

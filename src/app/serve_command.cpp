// `streaky serve`: the scheduler, the worker and the web, until told to stop.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <sstream>

#include "app/command.h"
#include "app/process_environment.h"
#include "app/reload.h"
#include "app/run_lock.h"
#include "app/service.h"
#include "app/signin_link.h"
#include "app/stored_keys.h"
#include "app/web_face.h"
#include "crypto/key_file.h"
#include "runtime/bytes.h"
#include "runtime/process.h"
#include "runtime/service_manager.h"
#include "runtime/signals.h"
#include "store/operator_accounts.h"
#include "store/postgres_url.h"

namespace streaky::app {

namespace {

struct ServeArguments {
  std::string roles;
};

/// "scheduler,worker" → flags; nothing when a role is unknown.
std::optional<Service::Roles> parse_roles(const std::string& text) {
  Service::Roles roles{.schedule = false, .work = false, .web = false};
  if (text.empty()) return Service::Roles{};
  std::istringstream names(text);
  for (std::string name; std::getline(names, name, ',');) {
    if (name == "scheduler") {
      roles.schedule = true;
    } else if (name == "worker") {
      roles.work = true;
    } else if (name == "web") {
      roles.web = true;
    } else {
      return std::nullopt;
    }
  }
  return roles;
}

runtime::Task<void> wait_for_stop(runtime::Wake* stop, const bool* asked) {
  while (!*asked) co_await stop->wait();
}

/// Deliveries would wait until midnight: who holds the other half is not asked.
void warn_of_missing_half(const Options& options, runtime::Log& log) {
  if (!options.proxy_urls.empty() && !options.proxy_compat) return;
  const crypto::Keyring keys = crypto::read_keys(key_source(options), false).keys;
  const auto* channel = keys.sealing_channel();
  if (channel == nullptr || !channel->private_half.empty()) return;
  log.error(
      "these keys only seal channel credentials: the half that opens them is the proxy's, and "
      "no proxy that has it is configured, so nobody can be told; set proxy.urls "
      "(STREAKY_PROXY_URLS), without proxy.compat");
}

/// Those users could not be told.
void warn_of_foreign_values(Base& base, store::Database& database, const Options& options) {
  const crypto::Keyring keys = crypto::read_keys(key_source(options), false).keys;
  const auto others = values_of_others(base, database, lines_of(keys));
  if (others.empty()) return;
  base.log->error(
      "stored values are sealed with keys that are not here, so those users cannot be told; give "
      "this machine the newest key file, or restore it (`streaky keys list`)",
      {{"values", describe_values(others)}});
}

/// On SQLite processes do not hear of each other.
void warn_of_another_worker(const Options& options, runtime::Log& log) {
  if (store::is_postgres_url(options.database_url())) return;
  if (!RunLock::held(options.data_dir, RunLock::Of::workers)) return;
  log.warn(
      "another process works through this folder's rounds, too: each spends the limits of GitHub "
      "and the channels as if it were alone; one is enough, several want PostgreSQL (store.url)",
      {{"data", options.data_dir}});
}

/// Who is listed anew is bound anew.
void keep_operators(Base& base, store::Database& database, const Options& options) {
  std::vector<std::string> logins;
  for (const std::string& login : options.admin_logins) {
    logins.push_back(runtime::to_lower_ascii(login));
  }
  base.run(store::OperatorAccounts(database).keep_only(std::move(logins)));
}

void warn_of_newer_schema(const store::Database& database, runtime::Log& log) {
  if (database.schema_version() <= database.known_schema()) return;
  log.warn(
      "a newer Streaky has brought the database up to date; this one can work beside it: install "
      "the newer one here, too",
      {{"schema", database.schema_version()}, {"known", database.known_schema()}});
}

int serve(const Invocation& invocation, const Options& options, Service::Roles roles) {
  runtime::ignore_hangup();
  const std::uint64_t files = runtime::raise_file_limit();
  Base base(options);
  const auto database = open_database(base, options, true);
  warn_of_newer_schema(*database, *base.log);
  const auto sealer = open_or_make_keys(base, *database, options);
  warn_of_foreign_values(base, *database, options);
  if (roles.work) warn_of_another_worker(options, *base.log);
  // Who works is told apart: beside a lone scheduler, `batch trigger --wait` works itself. Others
  // that share a PostgreSQL are known by their beats, and may have no folder to write into.
  std::optional<RunLock> lock;
  if (roles.work || !store::is_postgres_url(options.database_url())) {
    lock.emplace(options.data_dir, roles.work);
  }
  Service service(base, *database, *sealer, options, roles);
  WebFace face(base, *database, *sealer, service, options, roles.web);

  runtime::ServiceManager manager(*base.clock, process_environment());
  runtime::Wake stop(*base.clock);
  bool asked = false;
  Reload reload(invocation, *base.log, service, face);
  const auto on_stop = [&stop, &asked] {
    asked = true;
    stop.notify();
  };
  const runtime::Signals signals(base.io.get_executor(), on_stop, [&reload] { reload(); });
  if (options.github_tokens.empty() && roles.work) base.log->warn(kNoGitHubToken);
  if (roles.work) warn_of_missing_half(options, *base.log);
  if (roles.web) {
    keep_operators(base, *database, options);
    offer_signin_link(base, *database, options);
  }
  face.start();
  service.start();
  base.log->info("serving", {{"version", STREAKY_VERSION},
                             {"listen", options.server_listen},
                             {"port", face.port()},
                             {"data", options.data_dir},
                             {"open_files", files},
                             {"github_tokens", options.github_tokens.size()}});
  manager.ready();
  base.run(wait_for_stop(&stop, &asked));
  manager.stopping();
  base.log->info("stopping: finishing what is under way");
  face.stop();
  base.run(service.stop());
  base.run(face.wait_idle());
  database->stop();
  base.log->info("stopped");
  return kExitDone;
}

}  // namespace

void add_serve_command(CLI::App& root, Invocation& invocation) {
  auto* command = root.add_subcommand("serve", "Run the web and the daily round until stopped");
  auto arguments = std::make_shared<ServeArguments>();  // shared with the callback below
  command->add_option("--role", arguments->roles,
                      "Only these roles, comma-separated: web, scheduler, worker (default: all)");
  command->add_option_function<std::string>(
      "--listen",
      [&invocation](const std::string& value) { invocation.flags["server.listen"] = value; },
      "Address of pages, /health and /metrics (server.listen)");
  command->callback([&invocation, arguments] {
    invocation.run = [&invocation, arguments](Options& options) {
      const auto roles = parse_roles(arguments->roles);
      if (!roles) {
        return complain("--role " + arguments->roles +
                            ": accepted are web, scheduler and worker, comma-separated",
                        kExitUsage);
      }
      return serve(invocation, options, *roles);
    };
  });
}

}  // namespace streaky::app

#include "app/wiring.h"

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>

#include "app/option_table.h"
#include "app/process_environment.h"

namespace streaky::app {

namespace {

/// The name under which the service manager hands over the key file.
constexpr const char* kKeyCredential = "streaky.keys";

std::string user_agent() { return "streaky/" STREAKY_VERSION; }

github::ContributionsOptions github_options(const Options& options) {
  github::ContributionsOptions github;
  github.api_url = options.github_api_url;
  return github;
}

}  // namespace

notify::NotifierOptions notifier_options(const Options& options) {
  notify::NotifierOptions notifier;
  notifier.discord_api_url = options.discord_api_url;
  notifier.telegram_api_url = options.telegram_api_url;
  notifier.telegram_bot_token = options.telegram_bot_token.clone();
  notifier.discord_per_second = options.discord_per_second;
  notifier.telegram_per_second = options.telegram_per_second;
  notifier.public_url = options.server_public_url;
  notifier.version = STREAKY_VERSION;
  return notifier;
}

Base::Base(const Options& options)
    : clock(runtime::make_system_clock(io.get_executor())),
      random(runtime::make_system_random()),
      log(runtime::make_stderr_log(options.log_level, options.log_format)) {}

std::unique_ptr<store::Database> open_database(Base& base, const Options& options, bool create) {
  if (create && options.store_url.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.data_dir, error);
    if (error) {
      throw store::DatabaseError(
          store::DatabaseError::Kind::cannot_open,
          "the data folder " + options.data_dir + " cannot be made: " + error.message());
    }
  }
  store::Database::Options database;
  database.url = options.database_url();
  database.create = create;
  database.clocks_apart = options.store_clocks_apart;
  return std::make_unique<store::Database>(base.io.get_executor(), std::move(database),
                                           base.metrics);
}

void require_own_schema(const store::Database& database, const std::string& command) {
  if (database.schema_version() <= database.known_schema()) return;
  throw std::runtime_error(fmt::format(
      "{} must know all that is stored, and a newer Streaky has brought this database up to date "
      "(schema {}; this one knows {}): run it with the newer one",
      command, database.schema_version(), database.known_schema()));
}

bool file_exists(const std::string& path) {
  std::error_code error;
  const bool exists = std::filesystem::exists(path, error);
  if (error) throw std::runtime_error(path + " cannot be looked at: " + error.message());
  return exists;
}

crypto::KeySource key_source(const Options& options) {
  crypto::KeySource source;
  source.file = options.key_path();
  if (!options.keys_text.empty()) {
    source.text = options.keys_text.clone();
    source.name = "keys.text (" + environment_name("keys.text") + ")";
    return source;
  }
  // systemd.exec(5), LoadCredential=.
  const auto folder = process_environment()("CREDENTIALS_DIRECTORY");
  if (!folder || folder->empty()) return source;
  const std::string credential = *folder + "/" + kKeyCredential;
  if (options.keys_file.empty() && file_exists(credential)) source.file = credential;
  source.from_service_manager = source.file.starts_with(*folder + "/");
  return source;
}

std::unique_ptr<crypto::Sealer> open_keys(const Options& options, bool create) {
  return crypto::load_sealer(key_source(options), create);
}

Outside::Outside(Base& base, const Options& options)
    : http(base.io.get_executor(), net::CurlOptions{.user_agent = user_agent()}),
      budget(*base.clock),
      github(http, budget, *base.clock, *base.random, *base.log, base.metrics,
             base.io.get_executor(), github_options(options)),
      notifier(http, *base.clock, *base.random, *base.log, base.metrics,
               notifier_options(options)) {
  for (const runtime::Secret& token : options.github_tokens) {
    budget.add_service_token(token.clone());
  }
}

}  // namespace streaky::app

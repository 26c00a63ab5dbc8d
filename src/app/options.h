// Every setting of the program, in one table (option_table.cpp): name, default, bounds, secret or
// not, one line of documentation. Flag > environment > file > default.
//
//   flag         --github-api-url URL        (and `serve --listen` for server.listen)
//   environment  STREAKY_GITHUB_API_URL      (lists are comma-separated; the original's names of
//                some, such as VPS_SECRET, are read where ours is not set)
//   file         [github] api_url = "URL"    (TOML)
//
// Pure but for reading the file and the environment that it is given. Errors are one line: what was
// wrong, where, and what is accepted; an unknown key names the nearest known one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/error.h"
#include "runtime/log.h"
#include "runtime/secret.h"
#include "runtime/time.h"

namespace streaky::app {

struct Options {
  std::string data_dir = "./data";

  std::string server_listen = "127.0.0.1:8420";
  std::string server_public_url = "http://127.0.0.1:8420";
  /// Somebody has said that people reach the site there: only then do messages carry links to it.
  bool server_public_url_given = false;
  std::vector<std::string> server_trusted_proxies;
  runtime::Secret server_metrics_token;
  std::vector<std::string> server_cors_origins;

  std::string store_url;  // empty: sqlite:<data>/streaky.db
  std::string store_listen_url;
  runtime::Millis store_clocks_apart{600'000};
  std::string keys_file;      // empty: <data>.keys
  runtime::Secret keys_text;  // the keys themselves, instead of a file

  std::string github_api_url = "https://api.github.com";
  std::string github_web_url = "https://github.com";
  std::vector<runtime::Secret> github_tokens;
  std::string github_client_id;
  runtime::Secret github_client_secret;

  std::string discord_api_url = "https://discord.com";
  int discord_per_second = 50;
  std::string telegram_api_url = "https://api.telegram.org";
  int telegram_per_second = 30;
  runtime::Secret telegram_bot_token;

  std::vector<std::string> proxy_urls;
  std::vector<runtime::Secret> proxy_secret;
  std::string proxy_listen = "127.0.0.1:8421";
  std::string proxy_send_from;  // empty: the system chooses
  bool proxy_compat = false;
  runtime::Secret proxy_compat_key;

  runtime::Millis engine_tick{1'000};
  runtime::Millis engine_lease{30'000};
  int engine_claim = 500;
  std::size_t engine_in_flight = 7'000;
  runtime::Millis engine_deadline{30'000};

  runtime::Secret compat_cron_secret;
  runtime::Secret compat_server_secret;
  runtime::Secret compat_jwt_secret;

  std::vector<std::string> admin_logins;

  runtime::LogLevel log_level = runtime::LogLevel::info;
  runtime::LogFormat log_format = runtime::LogFormat::text;

  /// Where the database is: `store_url`, or the default under the data folder.
  [[nodiscard]] std::string database_url() const;
  /// Where the key file is: `keys_file`, or the default beside the data folder.
  [[nodiscard]] std::string key_path() const;
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;
/// By option name ("github.api_url"): what flags said.
using Flags = std::map<std::string, std::string>;

/// `config_file` empty: `<data>/streaky.toml` is read when it exists.
runtime::Result<Options> load_options(const std::string& data_dir, const std::string& config_file,
                                      const Environment& environment, const Flags& flags);

/// What `streaky config` prints: each option with its value (secrets as "set" or "not set"), where
/// the value came from, and its documentation.
struct OptionInfo {
  std::string name;
  std::string value;
  std::string source;  // "default", "file", "environment", "flag"
  std::string documentation;
  bool secret = false;
  /// A hash of what was said, where `value` does not show all of it: whether two are the same.
  std::string fingerprint{};
};
runtime::Result<std::vector<OptionInfo>> describe_options(const std::string& data_dir,
                                                          const std::string& config_file,
                                                          const Environment& environment,
                                                          const Flags& flags);
/// All option names, in the table's order.
std::vector<std::string> option_names();

}  // namespace streaky::app

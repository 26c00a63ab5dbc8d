#include "app/option_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

#include "app/option_setters.h"
#include "runtime/bytes.h"

namespace streaky::app {

namespace {

constexpr std::int64_t kSecond = 1'000;  // durations are milliseconds
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
using O = Options;

constexpr auto kTable = std::to_array<OptionSpec>({
    {"server.listen", ValueKind::text, false, "where the HTTP server listens, host:port",
     set_address<&O::server_listen>, show_text<&O::server_listen>},
    {"server.public_url", ValueKind::text, false,
     "how people reach this server; where it is set, messages carry links",
     set_origin<&O::server_public_url>, show_text<&O::server_public_url>},
    {"server.trusted_proxies", ValueKind::list, false,
     "addresses or networks of reverse proxies whose X-Forwarded-For is believed",
     set_networks<&O::server_trusted_proxies>, show_list<&O::server_trusted_proxies>},
    {"server.metrics_token", ValueKind::text, true,
     "who shows it may read /metrics; without one, only this machine may",
     set_secret_word<&O::server_metrics_token>, show_set<&O::server_metrics_token>},
    {"server.cors_origins", ValueKind::list, false,
     "sites whose scripts may use the API with a token, such as https://app.example",
     set_origins<&O::server_cors_origins>, show_list<&O::server_cors_origins>},
    {"store.url", ValueKind::text, false,
     "the database, sqlite:<file> or postgresql://…; by default streaky.db in the data folder",
     set_store_url<&O::store_url>, show_store_url<&O::store_url>},
    {"store.listen_url", ValueKind::text, true,
     "a second way to the database for waiting on news, past a connection pool",
     set_listen_url<&O::store_listen_url>, show_set<&O::store_listen_url>},
    {"store.clocks_apart", ValueKind::duration, false,
     "how far this machine's clock and PostgreSQL's may differ before nothing is done any more",
     set_duration<&O::store_clocks_apart, kMinute, 24'000 * kHour>,
     show_duration<&O::store_clocks_apart>},
    {"keys.file", ValueKind::text, false,
     "the key file; by default beside the data folder, named <data>.keys", set_path<&O::keys_file>,
     show_text<&O::keys_file>},
    {"keys.text", ValueKind::text, true,
     "the keys themselves instead of a file: its lines, parted by semicolons",
     set_keys<&O::keys_text>, show_set<&O::keys_text>},
    {"github.api_url", ValueKind::text, false, "GitHub's API; /graphql is appended",
     set_origin<&O::github_api_url>, show_text<&O::github_api_url>},
    {"github.web_url", ValueKind::text, false, "GitHub's site, for links and signing in",
     set_origin<&O::github_web_url>, show_text<&O::github_web_url>},
    {"github.tokens", ValueKind::list, true,
     "tokens for users without one of their own; none needs a scope", set_tokens<&O::github_tokens>,
     show_count<&O::github_tokens>},
    {"github.client_id", ValueKind::text, false, "the OAuth app's client id",
     set_word<&O::github_client_id>, show_text<&O::github_client_id>},
    {"github.client_secret", ValueKind::text, true, "the OAuth app's client secret",
     set_secret_word<&O::github_client_secret>, show_set<&O::github_client_secret>},
    {"discord.api_url", ValueKind::text, false, "Discord's API", set_origin<&O::discord_api_url>,
     show_text<&O::discord_api_url>},
    {"discord.per_second", ValueKind::number, false,
     "requests to Discord per second from this address",
     set_number<&O::discord_per_second, 1, 1'000'000>, show_number<&O::discord_per_second>},
    {"telegram.api_url", ValueKind::text, false, "Telegram's bot API",
     set_origin<&O::telegram_api_url>, show_text<&O::telegram_api_url>},
    {"telegram.per_second", ValueKind::number, false,
     "messages per second of one Telegram bot; give each of several proxies a part of it",
     set_number<&O::telegram_per_second, 1, 1'000'000>, show_number<&O::telegram_per_second>},
    {"telegram.bot_token", ValueKind::text, true,
     "the bot that speaks to chats of users who name no bot of their own",
     set_bot_token<&O::telegram_bot_token>, show_set<&O::telegram_bot_token>},
    {"proxy.urls", ValueKind::list, false,
     "notification proxies to send through; none: this process sends itself",
     set_origins<&O::proxy_urls>, show_list<&O::proxy_urls>},
    {"proxy.secret", ValueKind::list, true,
     "shared by workers and proxies; a proxy takes any of several, a worker uses the first",
     set_secrets<&O::proxy_secret>, show_count<&O::proxy_secret>, "VPS_SECRET"},
    {"proxy.listen", ValueKind::text, false, "where streaky proxy listens, host:port",
     set_address<&O::proxy_listen>, show_text<&O::proxy_listen>},
    {"proxy.send_from", ValueKind::text, false,
     "the address of this machine from which streaky proxy sends; empty: the system chooses",
     set_ip_address<&O::proxy_send_from>, show_text<&O::proxy_send_from>},
    {"proxy.compat", ValueKind::flag, false,
     "speak the original's contract: a proxy takes the plain secret, a worker sends to an original "
     "proxy",
     set_flag<&O::proxy_compat>, show_flag<&O::proxy_compat>},
    {"proxy.compat_key", ValueKind::text, true,
     "the original's encryption key, of which the first 32 bytes count",
     set_compat_key<&O::proxy_compat_key>, show_set<&O::proxy_compat_key>, "ENCRYPTION_KEY"},
    {"engine.tick", ValueKind::duration, false, "how often due users are looked for",
     set_duration<&O::engine_tick, 100, kHour>, show_duration<&O::engine_tick>},
    {"engine.lease", ValueKind::duration, false,
     "after how long without a heartbeat a claimed job is free again",
     set_duration<&O::engine_lease, 5 * kSecond, 10 * kMinute>, show_duration<&O::engine_lease>},
    {"engine.claim", ValueKind::number, false, "jobs claimed at a time",
     set_number<&O::engine_claim, 1, 1'000>, show_number<&O::engine_claim>},
    {"engine.in_flight", ValueKind::number, false, "users checked at the same time",
     set_number<&O::engine_in_flight, 1, 100'000>, show_number<&O::engine_in_flight>},
    {"engine.deadline", ValueKind::duration, false, "how long one check may take",
     set_duration<&O::engine_deadline, kSecond, 5 * kMinute>, show_duration<&O::engine_deadline>},
    {"compat.cron_secret", ValueKind::text, true,
     "what the original's cron shows; with it, /api/cron/* is there",
     set_secret_word<&O::compat_cron_secret>, show_set<&O::compat_cron_secret>, "SERVER_SECRET"},
    {"compat.server_secret", ValueKind::text, true,
     "what the original's site shows; with it, /api/user/* is there",
     set_secret_word<&O::compat_server_secret>, show_set<&O::compat_server_secret>,
     "SERVER_SECRET"},
    {"compat.jwt_secret", ValueKind::text, true,
     "what the original's site signs its users' tokens with; with it, /api/user/* takes them",
     set_secret_word<&O::compat_jwt_secret>, show_set<&O::compat_jwt_secret>, "NEXTAUTH_SECRET"},
    {"admin.logins", ValueKind::list, false, "GitHub logins that may see the operator's page",
     set_logins<&O::admin_logins>, show_list<&O::admin_logins>},
    {"log.level", ValueKind::text, false, "debug, info, warn, error or off",
     set_log_level<&O::log_level>, show_log_level<&O::log_level>},
    {"log.format", ValueKind::text, false, "text or json", set_log_format<&O::log_format>,
     show_log_format<&O::log_format>},
});

/// Names and values longer than this are not compared: that would take long and mean nothing.
constexpr std::size_t kLongestName = 64;

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
/// From the largest, with `ms` before the units whose last letter it shares.
constexpr std::array<Unit, 4> kUnits = {Unit{"ms", 1}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                                        Unit{"s", 1'000}};

}  // namespace

const char* to_text(ValueKind kind) {
  switch (kind) {
    case ValueKind::text:
      return "text in quotes";
    case ValueKind::number:
      return "a whole number";
    case ValueKind::duration:
      return "a duration such as \"30s\", \"500ms\" or \"5m\", or a whole number of milliseconds";
    case ValueKind::list:
      return "a list of texts such as [\"one\", \"two\"]";
    case ValueKind::flag:
      return "true or false";
  }
  return "";
}

std::span<const OptionSpec> option_table() { return kTable; }

const OptionSpec* find_option(std::string_view name) {
  const auto found = std::ranges::find(kTable, name, &OptionSpec::name);
  return found == kTable.end() ? nullptr : &*found;
}

std::string nearest_option(std::string_view name) {
  const std::string wanted = runtime::to_lower_ascii(name.substr(0, kLongestName));
  const auto distance = [&wanted](const OptionSpec& spec) {
    // The section is easily forgotten: `tokens` for `github.tokens`.
    const std::string_view key = spec.name.substr(spec.name.find('.') + 1);
    return std::min(runtime::edit_distance(wanted, spec.name), runtime::edit_distance(wanted, key));
  };
  return std::string(std::ranges::min_element(kTable, {}, distance)->name);
}

std::string environment_name(std::string_view option) {
  std::string name = "STREAKY_";
  for (const char c : option) {
    if (c == '.') {
      name += '_';
    } else {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

std::string flag_name(std::string_view option) {
  std::string name = "--";
  for (const char c : option) name += c == '.' || c == '_' ? '-' : c;
  return name;
}

std::vector<std::string> split_value(ValueKind kind, std::string_view text) {
  std::vector<std::string> items;
  while (kind == ValueKind::list && text.find(',') != std::string_view::npos) {
    const std::size_t comma = text.find(',');
    items.emplace_back(runtime::trim_ascii(text.substr(0, comma)));
    text.remove_prefix(comma + 1);
  }
  items.emplace_back(runtime::trim_ascii(text));
  if (kind == ValueKind::list) std::erase(items, std::string());
  return items;
}

std::optional<runtime::Millis> parse_duration(std::string_view text) {
  std::int64_t factor = 1;
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.name)) continue;
    text.remove_suffix(unit.name.size());
    factor = unit.ms;
    break;
  }
  std::int64_t count = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, count);
  if (error != std::errc{} || stop != end || count < 0) return std::nullopt;
  if (count > std::numeric_limits<std::int64_t>::max() / factor) return std::nullopt;
  return runtime::Millis{count * factor};
}

std::string duration_text(runtime::Millis duration) {
  const std::int64_t ms = duration.count();
  for (const std::size_t index : {1U, 2U, 3U}) {
    if (ms != 0 && ms % kUnits[index].ms == 0) {
      return fmt::format("{}{}", ms / kUnits[index].ms, kUnits[index].name);
    }
  }
  return fmt::format("{}ms", ms);
}

}  // namespace streaky::app

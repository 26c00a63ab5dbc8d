#include "app/option_setters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "app/option_table.h"
#include "app/terminal.h"
#include "crypto/keyring.h"
#include "crypto/original_form.h"
#include "crypto/request_signature.h"
#include "github/forms.h"
#include "net/address.h"
#include "net/origin.h"
#include "notify/proxy_courier.h"
#include "runtime/bytes.h"
#include "store/postgres_url.h"

namespace streaky::app {

namespace {

constexpr std::size_t kLongestPath = 4'096;
constexpr std::size_t kLongestWord = 255;
constexpr std::size_t kLongestUrl = 2'048;
constexpr std::size_t kLongestBotToken = 80;  // docs/remote-apis.md §4
constexpr std::size_t kMostTokens = 100;
constexpr std::size_t kMostLogins = 100;
constexpr std::size_t kMostProxies = notify::ProxyCourier::kMostProxies;
constexpr std::size_t kMostNetworks = 100;
constexpr std::size_t kMostSecrets = crypto::kMaxRequestSecrets;
constexpr std::size_t kShortestSecret = 16;
constexpr std::size_t kLongestShown = 40;
constexpr std::array<std::string_view, 5> kLevels = {"debug", "info", "warn", "error", "off"};

bool is_plain(std::string_view text) {
  return runtime::is_utf8(text) && std::ranges::none_of(text, [](char c) {
           return static_cast<unsigned char>(c) < 0x20U || c == 0x7F;
         });
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= kLongestWord &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

std::string shown(std::string_view text) { return printable(text, kLongestShown); }

}  // namespace

std::string check_origin(const std::string& text, std::string& value) {
  const auto origin = net::parse_origin(text);
  if (!origin) return origin.error().message;
  value = origin->text;
  return {};
}

std::string check_address(const std::string& text, std::string& value) {
  const auto address = net::parse_host_port(text);
  if (!address) return address.error().message;
  value = text;
  return {};
}

std::string check_store_url(const std::string& text, std::string& value) {
  constexpr std::string_view kScheme = "sqlite:";
  if (store::is_postgres_url(text)) {
    const auto url = store::read_postgres_url(text);
    if (!url) return url.error();
    if (text.size() > kLongestUrl || !is_plain(text))
      return "too long, or not plain text: expected postgresql://… of at most 2,048 bytes";
    value = text;
    return {};
  }
  if (!text.starts_with(kScheme) || text.size() == kScheme.size() || text.size() > kLongestUrl ||
      !is_plain(text)) {
    return "not a database that this version knows: expected sqlite:<file> or postgresql://…";
  }
  if (text.contains(":memory:")) {
    return "a database in memory forgets everything when the command ends: expected sqlite:<file>";
  }
  value = text;
  return {};
}

std::string store_url_shown(const std::string& url) {
  const auto read = store::read_postgres_url(url);
  return read ? "postgresql://… (" + read->name + ")" : url;
}

std::string check_listen_url(const std::string& text, std::string& value) {
  if (!text.starts_with("postgresql://") || text.size() > kLongestUrl || !is_plain(text)) {
    return "not such a URL: expected postgresql://…";
  }
  value = text;
  return {};
}

std::string check_path(const std::string& text, std::string& value) {
  if (text.empty() || text.size() > kLongestPath || !is_plain(text)) {
    return "not a path: expected 1 to 4,096 bytes of UTF-8 without control characters";
  }
  value = text;
  return {};
}

std::string check_word(const std::string& text, std::string& value) {
  if (!is_word(text)) return "malformed: expected 1 to 255 printable ASCII characters, no spaces";
  value = text;
  return {};
}

std::string check_keys(const std::string& text, runtime::Secret& value) {
  std::string lines = text;
  // Variables rarely hold several lines.
  std::ranges::replace(lines, ';', '\n');
  runtime::Secret keys(std::move(lines));
  try {
    (void)crypto::parse_keyring(keys.reveal(), "not keys");
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  value = std::move(keys);
  return {};
}

std::string check_bot_token(const std::string& text, runtime::Secret& value) {
  const std::size_t colon = text.find(':');
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!is_word(text) || text.size() > kLongestBotToken || colon == std::string::npos ||
      colon == 0 || colon + 1 == text.size() ||
      !std::ranges::all_of(text.substr(0, colon), is_digit)) {
    return "not a bot token: expected <digits>:<secret> as @BotFather gives it, at most 80 "
           "characters";
  }
  value = runtime::Secret(text);
  return {};
}

std::string check_number(const std::string& text, std::int64_t least, std::int64_t most,
                         std::int64_t& value) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number < least || number > most) {
    return fmt::format("\"{}\" is not accepted: expected a whole number from {} to {}", shown(text),
                       least, most);
  }
  value = number;
  return {};
}

std::string check_duration(const std::string& text, runtime::Millis least, runtime::Millis most,
                           runtime::Millis& value) {
  const auto duration = parse_duration(text);
  if (!duration || *duration < least || *duration > most) {
    return fmt::format("\"{}\" is not accepted: expected {} to {}, such as 30s, 500ms or 5m",
                       shown(text), duration_text(least), duration_text(most));
  }
  value = *duration;
  return {};
}

std::string check_tokens(const Items& items, std::vector<runtime::Secret>& value) {
  if (items.size() > kMostTokens) {
    return fmt::format("{} tokens: expected at most {}", items.size(), kMostTokens);
  }
  std::vector<runtime::Secret> tokens;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!github::is_github_token(items[i])) {
      return fmt::format(
          "number {} is not a GitHub token: expected ghp_…, github_pat_…, gho_…, ghu_… or ghs_…, "
          "at most 255 characters",
          i + 1);
    }
    tokens.emplace_back(items[i]);
  }
  value = std::move(tokens);
  return {};
}

std::string check_origins(const Items& items, std::vector<std::string>& value) {
  if (items.size() > kMostProxies) {
    return fmt::format("{} addresses: expected at most {}", items.size(), kMostProxies);
  }
  std::vector<std::string> origins;
  for (const std::string& item : items) {
    const auto origin = net::parse_origin(item);
    if (!origin) return origin.error().message;
    if (std::ranges::find(origins, origin->text) != origins.end()) {
      return "the same address twice: " + origin->text;
    }
    origins.push_back(origin->text);
  }
  value = std::move(origins);
  return {};
}

std::string check_ip_address(const std::string& text, std::string& value) {
  if (!text.empty() && !net::is_address(text)) {
    return "\"" + shown(text) + "\" is not an IP address: expected one such as 192.0.2.7";
  }
  value = text;
  return {};
}

std::string check_networks(const Items& items, std::vector<std::string>& value) {
  if (items.size() > kMostNetworks) {
    return fmt::format("{} networks: expected at most {}", items.size(), kMostNetworks);
  }
  for (const std::string& item : items) {
    const auto network = net::Network::parse(item);
    if (!network) return shown(item) + ": " + network.error().message;
  }
  value = items;
  return {};
}

std::string check_secrets(const Items& items, std::vector<runtime::Secret>& value) {
  if (items.size() > kMostSecrets) {
    return fmt::format("{} secrets: expected at most {}", items.size(), kMostSecrets);
  }
  std::vector<runtime::Secret> secrets;
  for (const std::string& item : items) {
    if (!is_word(item) || item.size() < kShortestSecret) {
      return fmt::format(
          "a secret is not accepted: expected {} to {} printable ASCII characters, "
          "no spaces; openssl rand -hex 32 makes a good one",
          kShortestSecret, kLongestWord);
    }
    secrets.emplace_back(item);
  }
  value = std::move(secrets);
  return {};
}

std::string check_flag(const std::string& text, bool& value) {
  if (text != "true" && text != "false") {
    return fmt::format("\"{}\" is not accepted: expected true or false", shown(text));
  }
  value = text == "true";
  return {};
}

std::string check_compat_key(const std::string& text, runtime::Secret& value) {
  runtime::Secret key(text);
  if (!crypto::is_original_key(key) || text.size() > kLongestWord) {
    return "not such a key: expected 32 to 255 characters";
  }
  value = std::move(key);
  return {};
}

std::string check_logins(const Items& items, std::vector<std::string>& value) {
  if (items.size() > kMostLogins) {
    return fmt::format("{} logins: expected at most {}", items.size(), kMostLogins);
  }
  for (const std::string& item : items) {
    if (github::is_github_login(item)) continue;
    return fmt::format("\"{}\" is not a GitHub login", shown(item));
  }
  value = items;
  return {};
}

std::string check_log_level(const std::string& text, runtime::LogLevel& value) {
  const auto found = std::ranges::find(kLevels, text);
  if (found == kLevels.end()) {
    return fmt::format("\"{}\" is not accepted: expected debug, info, warn, error or off",
                       shown(text));
  }
  value = static_cast<runtime::LogLevel>(found - kLevels.begin());
  return {};
}

std::string check_log_format(const std::string& text, runtime::LogFormat& value) {
  if (text != "text" && text != "json") {
    return fmt::format("\"{}\" is not accepted: expected text or json", shown(text));
  }
  value = text == "json" ? runtime::LogFormat::json : runtime::LogFormat::text;
  return {};
}

std::string joined(const std::vector<std::string>& items) {
  return fmt::format("{}", fmt::join(items, ","));
}

std::string number_shown(std::int64_t number) { return fmt::format("{}", number); }

std::string duration_shown(runtime::Millis duration) { return duration_text(duration); }

std::string log_level_shown(runtime::LogLevel level) {
  return std::string(kLevels.at(static_cast<std::size_t>(level)));
}

}  // namespace streaky::app

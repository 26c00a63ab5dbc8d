// How the rows of the option table check, set and show a value: one pair of functions per kind of
// value. Private to the table. Reasons never repeat a URL or a secret.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/options.h"

namespace streaky::app {

using Items = std::vector<std::string>;

// Checks, by kind. Empty when fine, else the reason; `value` is then unchanged.
std::string check_origin(const std::string& text, std::string& value);
std::string check_address(const std::string& text, std::string& value);
std::string check_ip_address(const std::string& text, std::string& value);
std::string check_store_url(const std::string& text, std::string& value);
/// Without the password that a url of PostgreSQL may hold.
std::string store_url_shown(const std::string& url);
std::string check_listen_url(const std::string& text, std::string& value);
std::string check_path(const std::string& text, std::string& value);
std::string check_word(const std::string& text, std::string& value);
std::string check_keys(const std::string& text, runtime::Secret& value);
std::string check_bot_token(const std::string& text, runtime::Secret& value);
std::string check_number(const std::string& text, std::int64_t least, std::int64_t most,
                         std::int64_t& value);
std::string check_duration(const std::string& text, runtime::Millis least, runtime::Millis most,
                           runtime::Millis& value);
std::string check_tokens(const Items& items, std::vector<runtime::Secret>& value);
std::string check_origins(const Items& items, std::vector<std::string>& value);
std::string check_networks(const Items& items, std::vector<std::string>& value);
std::string check_secrets(const Items& items, std::vector<runtime::Secret>& value);
std::string check_flag(const std::string& text, bool& value);
std::string check_compat_key(const std::string& text, runtime::Secret& value);
std::string check_logins(const Items& items, std::vector<std::string>& value);
std::string check_log_level(const std::string& text, runtime::LogLevel& value);
std::string check_log_format(const std::string& text, runtime::LogFormat& value);
std::string joined(const std::vector<std::string>& items);
std::string number_shown(std::int64_t number);
std::string duration_shown(runtime::Millis duration);
std::string log_level_shown(runtime::LogLevel level);

template <std::string Options::* Field>
std::string set_origin(Options& options, const Items& items) {
  return check_origin(items.front(), options.*Field);
}
template <std::string Options::* Field>
std::string set_address(Options& options, const Items& items) {
  return check_address(items.front(), options.*Field);
}
template <std::string Options::* Field>
std::string set_ip_address(Options& options, const Items& items) {
  return check_ip_address(items.front(), options.*Field);
}
template <std::string Options::* Field>
std::string set_store_url(Options& options, const Items& items) {
  return check_store_url(items.front(), options.*Field);
}
template <std::string Options::* Field>
std::string set_listen_url(Options& options, const Items& items) {
  return check_listen_url(items.front(), options.*Field);
}
template <std::string Options::* Field>
std::string set_path(Options& options, const Items& items) {
  return check_path(items.front(), options.*Field);
}
template <std::string Options::* Field>
std::string set_word(Options& options, const Items& items) {
  return check_word(items.front(), options.*Field);
}
template <runtime::Secret Options::* Field>
std::string set_secret_word(Options& options, const Items& items) {
  std::string word;
  std::string reason = check_word(items.front(), word);
  if (reason.empty()) options.*Field = runtime::Secret(std::move(word));
  return reason;
}
template <runtime::Secret Options::* Field>
std::string set_keys(Options& options, const Items& items) {
  return check_keys(items.front(), options.*Field);
}
template <runtime::Secret Options::* Field>
std::string set_bot_token(Options& options, const Items& items) {
  return check_bot_token(items.front(), options.*Field);
}
template <auto Field, std::int64_t Least, std::int64_t Most>
std::string set_number(Options& options, const Items& items) {
  std::int64_t number = 0;
  std::string reason = check_number(items.front(), Least, Most, number);
  using Value = std::remove_reference_t<decltype(options.*Field)>;
  if (reason.empty()) options.*Field = static_cast<Value>(number);
  return reason;
}
template <runtime::Millis Options::* Field, std::int64_t LeastMs, std::int64_t MostMs>
std::string set_duration(Options& options, const Items& items) {
  return check_duration(items.front(), runtime::Millis{LeastMs}, runtime::Millis{MostMs},
                        options.*Field);
}
template <std::vector<runtime::Secret> Options::* Field>
std::string set_tokens(Options& options, const Items& items) {
  return check_tokens(items, options.*Field);
}
template <std::vector<std::string> Options::* Field>
std::string set_origins(Options& options, const Items& items) {
  return check_origins(items, options.*Field);
}
template <std::vector<std::string> Options::* Field>
std::string set_networks(Options& options, const Items& items) {
  return check_networks(items, options.*Field);
}
template <std::vector<runtime::Secret> Options::* Field>
std::string set_secrets(Options& options, const Items& items) {
  return check_secrets(items, options.*Field);
}
template <bool Options::* Field>
std::string set_flag(Options& options, const Items& items) {
  return check_flag(items.front(), options.*Field);
}
template <runtime::Secret Options::* Field>
std::string set_compat_key(Options& options, const Items& items) {
  return check_compat_key(items.front(), options.*Field);
}
template <std::vector<std::string> Options::* Field>
std::string set_logins(Options& options, const Items& items) {
  return check_logins(items, options.*Field);
}
template <runtime::LogLevel Options::* Field>
std::string set_log_level(Options& options, const Items& items) {
  return check_log_level(items.front(), options.*Field);
}
template <runtime::LogFormat Options::* Field>
std::string set_log_format(Options& options, const Items& items) {
  return check_log_format(items.front(), options.*Field);
}

template <std::string Options::* Field>
std::string show_text(const Options& options) {
  return options.*Field;
}
template <auto Field>
std::string show_store_url(const Options& options) {
  return store_url_shown(options.*Field);
}
template <auto Field>
std::string show_set(const Options& options) {
  return (options.*Field).empty() ? "not set" : "set";
}
template <std::vector<runtime::Secret> Options::* Field>
std::string show_count(const Options& options) {
  const std::size_t count = (options.*Field).size();
  return count == 0 ? "not set" : "set (" + number_shown(static_cast<std::int64_t>(count)) + ")";
}
template <auto Field>
std::string show_number(const Options& options) {
  return number_shown(static_cast<std::int64_t>(options.*Field));
}
template <runtime::Millis Options::* Field>
std::string show_duration(const Options& options) {
  return duration_shown(options.*Field);
}
template <bool Options::* Field>
std::string show_flag(const Options& options) {
  return options.*Field ? "true" : "false";
}
template <std::vector<std::string> Options::* Field>
std::string show_list(const Options& options) {
  return joined(options.*Field);
}
template <runtime::LogLevel Options::* Field>
std::string show_log_level(const Options& options) {
  return log_level_shown(options.*Field);
}
template <runtime::LogFormat Options::* Field>
std::string show_log_format(const Options& options) {
  return options.*Field == runtime::LogFormat::json ? "json" : "text";
}

}  // namespace streaky::app

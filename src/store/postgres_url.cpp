#include "store/postgres_url.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <memory>
#include <sstream>
#include <utility>

namespace streaky::store {

namespace {

/// A server that went away must be noticed within seconds, also while a socket waits for it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kDefaults{{
    {"connect_timeout", "5"},
    {"tcp_user_timeout", "10000"},
    {"keepalives_idle", "5"},
    {"keepalives_interval", "2"},
    {"keepalives_count", "3"},
    {"client_encoding", "UTF8"},
    {"application_name", "streaky"},
}};

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

std::string_view value_of(const PQconninfoOption* options, std::string_view key) {
  for (const PQconninfoOption* one = options; one->keyword != nullptr; ++one) {
    if (key == one->keyword && one->val != nullptr) return one->val;
  }
  return {};
}

bool only(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

/// Whether the url has parameters. Also a password may hold a question mark.
bool has_parameters(std::string_view url) {
  const auto start = url.find("://") + 3;
  const auto end = url.find_first_of("@/", start);
  const bool named = end != std::string_view::npos && url[end] == '@';
  return url.find('?', named ? end : start) != std::string_view::npos;
}

std::string name_of(const PQconninfoOption* options) {
  const auto host = value_of(options, "host");
  const auto port = value_of(options, "port");
  const auto database = value_of(options, "dbname");
  const bool ported = !only(port, ",");  // libpq keeps the places of several hosts
  return fmt::format("the database {} on {}{}{}", database.empty() ? "of the user" : database,
                     host.empty() ? "this machine" : host, ported ? ":" : "", ported ? port : "");
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  std::istringstream text{std::string(list)};
  for (std::string part; std::getline(text, part, ',');) parts.push_back(part);
  return parts;
}

std::vector<PostgresPlace> places_of(const PQconninfoOption* options) {
  const auto hosts = split(value_of(options, "host"));
  const auto addresses = split(value_of(options, "hostaddr"));
  const auto ports = split(value_of(options, "port"));
  // A port that stands alone is everybody's.
  const auto part = [](const std::vector<std::string>& list, std::size_t i) -> std::string {
    if (list.size() == 1) return list.front();
    return i < list.size() ? list[i] : "";
  };
  std::vector<PostgresPlace> places(std::max({hosts.size(), addresses.size(), std::size_t{1}}));
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i] = {part(hosts, i), part(addresses, i), part(ports, i)};
  }
  return places;
}

}  // namespace

bool is_postgres_url(std::string_view url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

std::expected<PostgresUrl, std::string> read_postgres_url(const std::string& url) {
  constexpr const char* kWrong =
      "it is not a url that PostgreSQL reads: expected postgresql://user:password@host:port/name, "
      "where other characters than letters, digits and -._~ in the password are percent-encoded";
  if (!is_postgres_url(url) || url.find('\0') != std::string::npos) return std::unexpected(kWrong);
  char* ignored = nullptr;
  const Options options(PQconninfoParse(url.c_str(), &ignored));
  PQfreemem(ignored);
  if (!options) return std::unexpected(kWrong);
  // What is left of a password that was cut at an unexpected place.
  const auto host = value_of(options.get(), "host");
  const auto port = value_of(options.get(), "port");
  const auto database = value_of(options.get(), "dbname");
  const auto odd = [](char c) { return c == '@' || static_cast<unsigned char>(c) < ' '; };
  if (std::ranges::any_of(host, odd) || std::ranges::any_of(database, odd) ||
      !only(port, "0123456789,")) {
    return std::unexpected(kWrong);
  }
  PostgresUrl read{url, name_of(options.get()), places_of(options.get())};
  for (const auto& [key, value] : kDefaults) {
    if (!value_of(options.get(), key).empty()) continue;
    read.connect += has_parameters(read.connect) ? '&' : '?';
    read.connect += fmt::format("{}={}", key, value);
  }
  return read;
}

}  // namespace streaky::store

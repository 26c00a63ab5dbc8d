// `streaky doctor`: is everything in place? One line per check, exit code 1 if one is not.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/command.h"
#include "app/couriers.h"
#include "app/doctor_sealed.h"
#include "app/fleet.h"
#include "app/option_setters.h"
#include "app/wiring.h"
#include "store/health.h"
#include "store/users.h"
#include "streak/local_day.h"

namespace streaky::app {

namespace {

Finding check_zones() {
  const auto names = streak::Zone::names();
  return {"time zones", names.size() > 1, fmt::format("{} zones in tzdata", names.size())};
}

/// This machine's clock beside the database's; on SQLite they are one.
Finding check_clock(Base& base, store::Database& database, const Options& options) {
  const runtime::Millis ahead = base.run(store::clock_ahead(&database));
  const runtime::Millis apart = std::chrono::abs(ahead);
  return {"clock", apart <= options.store_clocks_apart,
          apart == runtime::Millis{0}
              ? "as the database's"
              : fmt::format("{} {} the database's", runtime::to_human(apart),
                            ahead.count() < 0 ? "ahead of" : "behind")};
}

std::vector<Finding> check_store(Base& base, net::HttpClient& http, const Options& options) {
  std::vector<Finding> findings;
  const auto database = open_database(base, options, false);
  std::string schema = fmt::format("schema {}", database->schema_version());
  if (database->schema_version() > database->known_schema()) {
    schema += fmt::format(", of a newer Streaky; this one knows {} and may work beside it",
                          database->known_schema());
  }
  findings.push_back(
      {"database", true, fmt::format("{}, {}", store_url_shown(options.database_url()), schema)});
  findings.push_back(check_clock(base, *database, options));
  const bool serving = somebody_works(base, *database, options);
  findings.push_back(
      {"serve", true,
       serving ? "at work on this database" : "no worker is at work on this database"});
  store::Users users(*database);
  const std::int64_t active = base.run(users.count_active());
  findings.push_back({"users", true, fmt::format("{} active", active)});
  for (Finding& finding : check_sealed(base, http, *database, options)) {
    findings.push_back(std::move(finding));
  }
  return findings;
}

/// Whether `serve` could tell anybody: its options are complete.
Finding check_courier(Base& base, Outside& outside, const Options& options) {
  const auto sealer = crypto::make_ephemeral_sealer();
  try {
    (void)make_courier(base, outside, *sealer, options);
  } catch (const std::exception& error) {
    return {"way to the channels", false, error.what()};
  }
  return {"way to the channels", true,
          options.proxy_urls.empty() ? "straight"
                                     : fmt::format("by {} proxies", options.proxy_urls.size())};
}

/// What GitHub says of a token: whose it is and what it may still spend.
Finding ask_github(Base& base, Outside& outside, const Options& options, std::size_t index) {
  const std::string what = fmt::format("GitHub token {}", index + 1);
  net::HttpRequest request;
  request.url = options.github_api_url + "/graphql";
  request.headers = {
      {"Authorization", "Bearer " + std::string(options.github_tokens[index].reveal())},
      {"Content-Type", "application/json"},
      {"User-Agent", "streaky/" STREAKY_VERSION}};
  request.body = R"({"query":"query{viewer{login} rateLimit{limit remaining}}"})";
  const auto response = base.run(outside.http.send(std::move(request)));
  if (!response) return {what, false, response.error().message};
  if (response->status == 401) return {what, false, "GitHub refuses it (401)"};
  boost::system::error_code error;
  const auto answer = boost::json::parse(response->body, error);
  const auto* login = error ? nullptr : answer.find_pointer("/data/viewer/login", error);
  const auto* left = error ? nullptr : answer.find_pointer("/data/rateLimit/remaining", error);
  if (login == nullptr || left == nullptr || !login->is_string() || !left->is_int64()) {
    return {what, false, fmt::format("no sensible answer (HTTP {})", response->status)};
  }
  return {what, true,
          fmt::format("{}, {} points left this hour", std::string_view(login->get_string()),
                      left->get_int64())};
}

int doctor(const Options& options, bool json) {
  Base base(options);
  std::vector<Finding> findings;
  findings.push_back(check_zones());
  Outside outside(base, options);
  try {
    for (Finding& finding : check_store(base, outside.http, options)) {
      findings.push_back(std::move(finding));
    }
  } catch (const std::exception& error) {
    findings.push_back({"data", false, error.what()});
  }
  findings.push_back(check_courier(base, outside, options));
  if (options.github_tokens.empty()) {
    findings.push_back({"GitHub tokens", false, "none configured (github.tokens)"});
  }
  for (std::size_t i = 0; i < options.github_tokens.size(); ++i) {
    findings.push_back(ask_github(base, outside, options, i));
  }
  bool all_good = true;
  for (const Finding& finding : findings) {
    all_good = all_good && finding.good;
    if (json) {
      const boost::json::object object{
          {"what", finding.what}, {"good", finding.good}, {"detail", finding.detail}};
      fmt::print("{}\n", boost::json::serialize(object));
    } else {
      fmt::print("{} {}: {}\n", finding.good ? "ok  " : "FAIL", finding.what, finding.detail);
    }
  }
  return all_good ? kExitDone : kExitFailed;
}

}  // namespace

void add_doctor_command(CLI::App& root, Invocation& invocation) {
  auto* command = root.add_subcommand(
      "doctor", "Is everything in place: time zones, database, keys, proxies, GitHub tokens");
  auto json = std::make_shared<bool>(false);  // shared with the callback below
  command->add_flag("--json", *json, "Print JSON");
  command->callback([&invocation, json] {
    invocation.run = [json](Options& options) { return doctor(options, *json); };
  });
}

}  // namespace streaky::app

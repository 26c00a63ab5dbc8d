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
#include "app/key_rotation.h"
#include "app/run_lock.h"
#include "app/wiring.h"
#include "store/sealed_values.h"
#include "store/users.h"
#include "streak/local_day.h"

namespace streaky::app {

namespace {

struct Finding {
  std::string what;
  bool good = false;
  std::string detail;
};

constexpr int kValuesPerRead = 1'000;

Finding check_zones() {
  const auto names = streak::Zone::names();
  return {"time zones", names.size() > 1, fmt::format("{} zones in tzdata", names.size())};
}

/// What was found out about the sealed values.
struct Opened {
  int values = 0;
  int elsewhere = 0;  // the private half is the proxy's
  std::vector<Finding> failures;
};

void open_all(Base& base, store::SealedValues& values, store::SealedValue::Kind kind,
              const crypto::Sealer& sealer, Opened& opened) {
  std::int64_t after = 0;
  for (;;) {
    const auto some = base.run(values.not_of(kind, "", after, kValuesPerRead));
    if (some.empty()) return;
    after = some.back().id();
    for (const store::SealedValue& value : some) {
      ++opened.values;
      const auto result = sealer.open(value.sealed, binding_of(value));
      if (result) continue;
      if (result.error().code == "sealed_no_private_key") {
        ++opened.elsewhere;
        continue;
      }
      opened.failures.push_back(
          {"sealed " + value.what + " of " + value.login, false, result.error().message});
    }
  }
}

/// Every stored credential opens, or is named.
std::vector<Finding> check_store(Base& base, const Options& options) {
  std::vector<Finding> findings;
  const auto database = open_database(base, options, false);
  findings.push_back(
      {"database", true,
       fmt::format("{}, schema {}", options.database_url(), database->schema_version())});
  store::Users users(*database);
  const std::int64_t active = base.run(users.count_active());
  findings.push_back({"users", true, fmt::format("{} active", active)});
  const auto sealer = open_keys(options, false);
  store::SealedValues values(*database);
  Opened opened;
  open_all(base, values, store::SealedValue::Kind::token, *sealer, opened);
  open_all(base, values, store::SealedValue::Kind::channel, *sealer, opened);
  for (Finding& failure : opened.failures) findings.push_back(std::move(failure));
  const crypto::KeySource source = key_source(options);
  std::string detail = fmt::format("{}, {} sealed values looked at",
                                   source.text.empty() ? source.file : source.name, opened.values);
  if (opened.elsewhere > 0) {
    detail += fmt::format("; {} channel credentials can be opened by the proxy alone and were not",
                          opened.elsewhere);
  }
  findings.push_back({"keys", true, detail});
  return findings;
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
  try {
    for (Finding& finding : check_store(base, options)) findings.push_back(std::move(finding));
  } catch (const std::exception& error) {
    findings.push_back({"data", false, error.what()});
  }
  const bool serving = RunLock::held(options.data_dir);
  findings.push_back({"serve", true, serving ? "at work on this data folder" : "not running"});
  if (options.github_tokens.empty()) {
    findings.push_back({"GitHub tokens", false, "none configured (github.tokens)"});
  }
  Outside outside(base, options);
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
      "doctor", "Is everything in place: time zones, database, keys, GitHub tokens");
  auto json = std::make_shared<bool>(false);  // shared with the callback below
  command->add_flag("--json", *json, "Print JSON");
  command->callback([&invocation, json] {
    invocation.run = [json](Options& options) { return doctor(options, *json); };
  });
}

}  // namespace streaky::app

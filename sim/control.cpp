#include "sim/control.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

namespace streaky::sim {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMostLatencyMs = 600'000;
constexpr std::size_t kDefaultLines = 100'000;

runtime::Result<void> bad(std::string message) {
  return runtime::fail_for_good("bad_request", std::move(message));
}

/// The number of that name within bounds; `fallback` when absent, nothing when it is wrong.
std::optional<std::int64_t> integer(const json::object& body, const char* name, std::int64_t least,
                                    std::int64_t most, std::optional<std::int64_t> fallback) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr) {
    return fallback;
  }
  boost::system::error_code failed;
  if (!value->is_number()) {
    return std::nullopt;
  }
  const auto number = value->to_number<std::int64_t>(failed);
  return failed || number < least || number > most ? std::nullopt
                                                   : std::optional<std::int64_t>(number);
}

std::optional<bool> flag(const json::object& body, const char* name, std::optional<bool> fallback) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr) {
    return fallback;
  }
  return value->is_bool() ? std::optional<bool>(value->get_bool()) : std::nullopt;
}

std::string_view text(const json::object& body, const char* name) {
  const json::value* value = body.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

std::optional<Day> parse_day(std::string_view label) {
  const auto at =
      label.size() == 10 ? runtime::parse_rfc3339(std::string(label) + "T00:00:00Z") : std::nullopt;
  return at ? std::optional<Day>(utc_day(*at)) : std::nullopt;
}

std::size_t number_of(std::string_view digits, std::size_t fallback) {
  std::size_t value = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return digits.empty() || error != std::errc{} || stop != digits.data() + digits.size() ? fallback
                                                                                         : value;
}

Answer error_answer(int status, std::string_view message) {
  std::string body = "{\"error\":";
  append_json_string(body, message);
  return json_answer(status, body + "}");
}

}  // namespace

Answer Control::handle(const Request& request, runtime::TimePoint now) {
  if (request.method == "GET") {
    return get(request, now);
  }
  if (request.method != "POST") {
    return error_answer(405, "only GET and POST are accepted");
  }
  json::object body;
  if (!request.body.empty()) {
    boost::system::error_code failed;
    const json::value parsed = json::parse(request.body, failed);
    if (failed || !parsed.is_object()) {
      return error_answer(400, "the body must be a JSON object");
    }
    body = parsed.get_object();
  }
  const Outcome outcome = post(request.path(), body, now);
  if (outcome) {
    return json_answer(200, R"({"ok":true})");
  }
  return error_answer(outcome.error().code == "not_found" ? 404 : 400, outcome.error().message);
}

Answer Control::get(const Request& request, runtime::TimePoint now) {
  const std::string_view path = request.path();
  if (path == "/control/users.jsonl") {
    return text_answer(200, "application/jsonl", import_lines(world_.people()));
  }
  if (path == "/control/truth.jsonl") {
    return text_answer(200, "application/jsonl", truth(now));
  }
  if (path == "/control/ledger") {
    const Form query = parse_form(request.query());
    return text_answer(200, "application/jsonl",
                       world_.ledger().lines(number_of(form_value(query, "offset"), 0),
                                             number_of(form_value(query, "limit"), kDefaultLines)));
  }
  if (path == "/control/audit") {
    return json_answer(200, to_json(world_.audit(now), world_.people()));
  }
  if (path == "/control/stats") {
    return json_answer(200, stats());
  }
  return error_answer(404, "unknown; see the list at the head of control.h");
}

Control::Outcome Control::post(std::string_view path, const Body& body, runtime::TimePoint now) {
  if (path == "/control/seed") {
    return seed(body, now);
  }
  if (path == "/control/faults") {
    return faults(body);
  }
  if (path == "/control/cpu") {
    return cpu(body);
  }
  if (path == "/control/latency") {
    return latency(body);
  }
  if (path == "/control/contribute") {
    return contribute(body, now);
  }
  if (path == "/control/down") {
    return down(body);
  }
  if (path == "/control/start") {
    return start(body, now);
  }
  if (path == "/control/limits") {
    const auto lifted = flag(body, "lifted", std::nullopt);
    if (!lifted) {
      return bad("lifted must be true or false");
    }
    world_.lift_limits(*lifted);
    return {};
  }
  if (path == "/control/morning") {
    const auto on = flag(body, "on", std::nullopt);
    if (!on) {
      return bad("on must be true or false");
    }
    world_.activity().set_morning(*on);
    return {};
  }
  if (path == "/control/time") {
    constexpr std::int64_t kMostOffset = 100LL * 365 * 86'400'000;
    const auto offset = integer(body, "offset_ms", -kMostOffset, kMostOffset, std::nullopt);
    if (!offset) {
      return bad("offset_ms must be an integer, at most a hundred years either way");
    }
    world_.set_offset(runtime::Millis{*offset});
    return {};
  }
  if (path == "/control/reset-ledger") {
    world_.reset_ledger(now);
    world_.reset_stats();
    return {};
  }
  return runtime::fail_for_good("not_found", "unknown; see the list at the head of control.h");
}

Control::Outcome Control::seed(const Body& body, runtime::TimePoint now) {
  const auto users = integer(body, "users", 0, People::kMostUsers, 1'000);
  const auto seed = integer(body, "seed", 0, std::numeric_limits<std::int64_t>::max(), 1);
  const auto summaries = flag(body, "summaries", false);
  const auto broken = flag(body, "broken", true);
  const auto at_risk = integer(body, "at_risk", 0, 100, 40);
  const auto longest = integer(body, "longest_streak", 0, People::kLongestStreak, 0);
  const bool plain = text(body, "crowd") == "plain";
  const bool known_crowd = plain || !body.contains("crowd") || text(body, "crowd") == "mixed";
  if (!users || !seed || !summaries || !broken) {
    return bad(
        fmt::format("users must be 0 to {}, seed a positive integer, summaries and broken "
                    "true or false",
                    People::kMostUsers));
  }
  if (!known_crowd || !at_risk || !longest) {
    return bad(fmt::format("crowd must be mixed or plain, at_risk 0 to 100, longest_streak 0 to {}",
                           People::kLongestStreak));
  }
  SeedOptions options;
  options.users = static_cast<std::size_t>(*users);
  options.seed = static_cast<std::uint64_t>(*seed);
  options.summaries = *summaries;
  options.broken = *broken;
  options.crowd = plain ? Crowd::plain : Crowd::mixed;
  options.at_risk_percent = static_cast<int>(*at_risk);
  options.longest_streak = static_cast<int>(*longest);
  world_.seed(options, now);
  return {};
}

Control::Outcome Control::faults(const Body& body) {
  if (body.contains("set")) {
    return world_.faults().use(text(body, "set"));
  }
  const auto service = parse_service(text(body, "service"));
  const auto fault = parse_fault(text(body, "fault"));
  const json::value* chance = body.if_contains("probability");
  if (!service || !fault || chance == nullptr || !chance->is_number()) {
    return bad("give set (none or storm), or service, fault and probability (0 to 1)");
  }
  return world_.faults().add(FaultRule{*service, *fault, chance->to_number<double>()});
}

Control::Outcome Control::cpu(const Body& body) {
  constexpr std::int64_t kMostMs = 60'000;
  GithubRules& rules = world_.rules().github;
  const std::array<std::pair<double*, const char*>, 3> charges = {
      {{&rules.cpu_query_ms, "query_ms"},
       {&rules.cpu_window_ms, "window_ms"},
       {&rules.cpu_hundred_days_ms, "hundred_days_ms"}}};
  for (const auto& [charge, name] : charges) {
    if (!integer(body, name, 0, kMostMs, 0)) {
      return bad(fmt::format("{} must be an integer from 0 to {}", name, kMostMs));
    }
  }
  for (const auto& [charge, name] : charges) {
    if (body.contains(name)) {
      *charge = static_cast<double>(integer(body, name, 0, kMostMs, 0).value_or(0));
    }
  }
  return {};
}

Control::Outcome Control::latency(const Body& body) {
  std::array<std::pair<Service, const char*>, 3> names = {{{Service::github, "github_ms"},
                                                           {Service::discord, "discord_ms"},
                                                           {Service::telegram, "telegram_ms"}}};
  const json::value* spread = body.if_contains("sigma");
  if (spread != nullptr && !spread->is_number()) {
    return bad("sigma must be a number from 0 to 3");
  }
  const double sigma = spread == nullptr ? 0 : spread->to_number<double>();
  const bool fits = sigma >= 0 && sigma <= 3;  // false for NaN
  if (!fits) {
    return bad("sigma must be a number from 0 to 3");
  }
  for (const auto& [service, name] : names) {
    if (!integer(body, name, 0, kMostLatencyMs, 0)) {
      return bad(fmt::format("{} must be an integer from 0 to {}", name, kMostLatencyMs));
    }
  }
  for (const auto& [service, name] : names) {
    const std::int64_t kept = world_.latency(service).median.count();
    const auto median = integer(body, name, 0, kMostLatencyMs, kept);
    world_.latency(service) = Latency{runtime::Millis{median.value_or(kept)}, sigma};
  }
  return {};
}

Control::Outcome Control::contribute(const Body& body, runtime::TimePoint now) {
  const Person* person = world_.people().by_login(text(body, "login"));
  if (person == nullptr) {
    return bad("login: no such user");
  }
  const runtime::TimePoint when = world_.at(now);
  Day day = world_.activity().moment(*person, when).today;
  if (body.contains("label")) {
    const auto given = parse_day(text(body, "label"));
    if (!given) {
      return bad("label must be a date such as 2026-08-06");
    }
    day = *given;
  }
  const auto count = integer(body, "count", 1, 10'000, 1);
  if (!count) {
    return bad("count must be an integer from 1 to 10000");
  }
  world_.activity().contribute(*person, day, static_cast<int>(*count), when);
  return {};
}

Control::Outcome Control::down(const Body& body) {
  const auto service = parse_service(text(body, "service"));
  const auto is_down = flag(body, "down", std::nullopt);
  if (!service || !is_down) {
    return bad("service must be github, oauth, discord or telegram, and down true or false");
  }
  world_.down(*service) = *is_down;
  return {};
}

Control::Outcome Control::start(const Body& body, runtime::TimePoint now) {
  const Person* person = world_.people().by_login(text(body, "login"));
  if (person == nullptr || person->telegram == TelegramState::none) {
    return bad("login: no such user with a Telegram chat");
  }
  world_.telegram().press_start(*person, text(body, "payload"), world_.at(now));
  return {};
}

std::string Control::stats() const {
  std::string out = fmt::format("{{\"users_asked\":{}", world_.users_asked());
  for (const Service service :
       {Service::github, Service::oauth, Service::discord, Service::telegram}) {
    const ServiceStats& stats = world_.stats(service);
    fmt::format_to(std::back_inserter(out),
                   R"(,"{}":{{"requests":{},"faults":{},"in_flight":{},"peak_in_flight":{}}})",
                   to_text(service), stats.requests, stats.faults, stats.in_flight,
                   stats.peak_in_flight);
  }
  return out + "}";
}

std::string Control::truth(runtime::TimePoint now) {
  std::string out;
  for (const Person& person : world_.people()) {
    const Expectation expected = world_.expects(person, now);
    fmt::format_to(std::back_inserter(out),
                   R"({{"login":"{}","imported_as":"{}","truth":"{}","streak":{}}})"
                   "\n",
                   person.login, People::imported_login(person), to_text(expected.truth),
                   expected.streak);
  }
  return out;
}

}  // namespace streaky::sim

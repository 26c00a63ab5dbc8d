#include "sim/world.h"

#include <algorithm>
#include <utility>

namespace streaky::sim {
namespace {

constexpr std::int64_t kSlowLeastMs = 1'000;
/// Slow, but within what a client waits: a channel's answer must not be lost for being slow.
constexpr std::uint64_t kSlowSpreadMs = 3'000;

/// Faults that strike after the service has acted.
void strike_answer(Answer& answer, Fault fault) {
  if (answer.reset || answer.hang) {
    return;
  }
  switch (fault) {
    case Fault::reset_after:
      answer.reset = true;
      break;
    case Fault::hang_after:
      answer.hang = true;
      break;
    case Fault::cut:
      answer.cut_after = static_cast<std::ptrdiff_t>(answer.response.body.size() / 2);
      break;
    default:
      break;
  }
}

}  // namespace

World::World(WorldOptions options)
    : options_(std::move(options)),
      random_(options_.seed),
      people_(options_.seed),
      activity_(zones_),
      ledger_(people_, activity_),
      github_(people_, activity_, options_.github, random_),
      discord_(people_, options_.discord, random_, ledger_),
      telegram_(people_, options_.telegram, random_, ledger_),
      oauth_(people_, options_.oauth, random_) {
  github_.set_service_tokens(options_.service_tokens);
  github_.set_grants([this](std::string_view token) { return oauth_.find(token); });
}

void World::seed(const SeedOptions& options, runtime::TimePoint now) {
  people_.seed(options, zones_, at(now));
  activity_.forget();
  github_.forget();
  discord_.forget();
  telegram_.forget();
  oauth_.forget();
  ledger_.reset(at(now));
  reset_stats();
}

std::optional<Service> World::route(std::string_view path) {
  if (path == "/graphql") {
    return Service::github;
  }
  if (path.starts_with("/login/")) {
    return Service::oauth;
  }
  if (path.starts_with("/api/")) {
    return Service::discord;
  }
  if (path.starts_with("/bot")) {
    return Service::telegram;
  }
  return std::nullopt;
}

Answer World::handle(Service service, const Request& request, runtime::TimePoint now) {
  const runtime::TimePoint when = at(now);
  const std::optional<Fault> fault = faults_.strike(service, random_);
  runtime::Millis latency = latencies_.at(static_cast<std::size_t>(service)).draw(random_);
  if (fault == Fault::slow) {
    latency +=
        runtime::Millis{kSlowLeastMs + static_cast<std::int64_t>(random_.below(kSlowSpreadMs))};
  }
  Answer answer = ask(service, request, when, fault, latency);
  if (fault) {
    strike_answer(answer, *fault);
    ++stats_.at(static_cast<std::size_t>(service)).counts.faults;
  }
  tally(service, when, answer.latency);
  return answer;
}

Answer World::ask(Service service, const Request& request, runtime::TimePoint now,
                  std::optional<Fault> fault, runtime::Millis latency) {
  Answer answer;
  if (route(request.path()) != service) {
    answer = json_answer(404, R"({"message":"Not Found"})");
    answer.latency = latency;
    return answer;
  }
  switch (service) {
    case Service::github:
      return github_.handle(request, now, fault, latency);
    case Service::oauth:
      answer = oauth_.handle(request, now, fault);
      break;
    case Service::discord:
      answer = discord_.handle(request, now, fault);
      break;
    case Service::telegram:
      answer = telegram_.handle(request, now, fault);
      break;
  }
  answer.latency += latency;
  return answer;
}

void World::tally(Service service, runtime::TimePoint now, runtime::Millis latency) {
  Tally& tally = stats_.at(static_cast<std::size_t>(service));
  while (!tally.ends.empty() && tally.ends.top() <= now) {
    tally.ends.pop();
  }
  tally.ends.push(now + latency);
  ++tally.counts.requests;
  tally.counts.in_flight = tally.ends.size();
  tally.counts.peak_in_flight = std::max(tally.counts.peak_in_flight, tally.ends.size());
}

void World::lift_limits(bool lifted) {
  options_.github.lifted = lifted;
  options_.discord.lifted = lifted;
  options_.telegram.lifted = lifted;
}

Expectation World::expects(const Person& person, runtime::TimePoint now) const {
  return expectation(person, activity_, at(now));
}

Audit World::audit(runtime::TimePoint now) const {
  return sim::audit(people_, activity_, ledger_, at(now));
}

void World::reset_ledger(runtime::TimePoint now) { ledger_.reset(at(now)); }

void World::reset_stats() {
  stats_ = {};
  users_before_ = github_.users_asked();
}

}  // namespace streaky::sim

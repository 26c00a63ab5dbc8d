#include "simulation/wire.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string_view>
#include <utility>

namespace streaky::simulation {

namespace {

using sim::Service;

/// A connection that was open when the machine fell asleep is dead when it wakes up after this.
constexpr runtime::Millis kKeptAlive{60'000};

struct Place {
  Service service = Service::github;
  std::string target;
};

std::optional<Place> locate(std::string_view url) {
  constexpr std::pair<std::string_view, Service> kKnown[] = {
      {"https://api.github.com", Service::github},
      {"https://discord.com", Service::discord},
      {"https://api.telegram.org", Service::telegram},
  };
  for (const auto& [origin, service] : kKnown) {
    if (url.starts_with(origin)) return Place{service, std::string(url.substr(origin.size()))};
  }
  return std::nullopt;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// Every user's answer in its neighbour's place.
std::string swapped(const std::string& body) {
  boost::system::error_code failed;
  boost::json::value answer = boost::json::parse(body, failed);
  if (failed || !answer.is_object()) return body;
  boost::json::value* nodes = answer.find_pointer("/data/nodes", failed);
  if (nodes == nullptr || !nodes->is_array() || nodes->get_array().size() < 2) return body;
  boost::json::array& users = nodes->get_array();
  boost::json::value first = users.front();
  users.erase(users.begin());
  users.push_back(std::move(first));
  return boost::json::serialize(answer);
}

}  // namespace

std::string damaged(const std::string& body, Damage damage) {
  switch (damage) {
    case Damage::none:
      break;
    case Damage::null_calendars:
      return replaced(body, R"("contributionCalendar":{)", R"("contributionCalendar":null,"x":{)");
    case Damage::negative:
      return replaced(body, R"("contributionCount":)", R"("contributionCount":-1)");
    case Damage::wrong_years:
      return replaced(body, R"("date":"20)", R"("date":"19)");
    case Damage::swapped:
      return swapped(body);
    case Damage::cut_days:
      return replaced(body, R"("contributionDays":[)", R"("contributionDays":[],"x":[)");
  }
  return body;
}

runtime::Task<runtime::Result<net::HttpResponse>> Wire::send(net::HttpRequest request) {
  ++state_.requests;
  runtime::VirtualClock& clock = machine_.clock();
  const std::optional<Place> place = locate(request.url);
  if (!place || world_.down(place->service)) {
    co_await clock.sleep_for(runtime::Millis{5});
    co_return runtime::fail("connect", "no connection to the host");
  }
  sim::Request asked;
  asked.method = std::move(request.method);
  asked.target = place->target;
  asked.headers = std::move(request.headers);
  asked.body = std::move(request.body);
  const runtime::TimePoint sent_at = machine_.truth();
  const runtime::Millis begun = clock.monotonic();
  const std::size_t before = world_.ledger().entries().size();
  sim::Answer answer = world_.handle(place->service, asked, sent_at);
  std::optional<sim::Entry> delivered;
  if (world_.ledger().entries().size() > before) delivered = world_.ledger().entries().back();
  const bool late = answer.hang || answer.latency >= request.timeout;
  const bool lucky = dice_.percent(50);
  const bool damages = place->service == Service::github && dice_.unit() < state_.damage_chance;
  const Damage damage = state_.damage;

  co_await clock.sleep_for(late ? request.timeout : answer.latency);
  const runtime::Millis slept =
      (machine_.truth() - sent_at) - (clock.monotonic() - begun);  // no answer, half of the time
  const bool broken = slept > kKeptAlive && !lucky;
  const bool lost = late || broken || answer.reset || answer.cut_after >= 0;
  if (lost && delivered) {
    ++state_.lost_answers;
    state_.on_lost(*delivered);
  }
  if (late) co_return runtime::fail("timeout", "no answer within the time limit");
  if (lost) {
    co_return runtime::fail("reset", "the connection broke before the answer was complete");
  }
  if (answer.response.body.size() > request.max_body_bytes) {
    co_return runtime::fail("too_large", "the answer exceeds the size limit");
  }
  if (damages) answer.response.body = damaged(answer.response.body, damage);
  co_return std::move(answer.response);
}

}  // namespace streaky::simulation

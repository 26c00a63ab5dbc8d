#include "sim/world_client.h"

#include <utility>

namespace streaky::sim {

WorldClient::WorldClient(World& world, runtime::Clock& clock, WorldOrigins origins,
                         std::string address)
    : world_(world),
      clock_(clock),
      origins_(std::move(origins)),
      address_(std::move(address)),
      started_(clock.now() - clock.monotonic()) {}

std::optional<WorldClient::Place> WorldClient::locate(std::string_view url) const {
  const std::pair<const std::string*, Service> known[] = {
      {&origins_.github_api, Service::github},
      {&origins_.github_web, Service::oauth},
      {&origins_.discord, Service::discord},
      {&origins_.telegram, Service::telegram},
  };
  for (const auto& [origin, service] : known) {
    if (url.starts_with(*origin) && url.substr(origin->size()).starts_with('/')) {
      return Place{service, std::string(url.substr(origin->size()))};
    }
  }
  return std::nullopt;
}

runtime::Task<runtime::Result<net::HttpResponse>> WorldClient::send(net::HttpRequest request) {
  const std::optional<Place> place = locate(request.url);
  if (!place || world_.down(place->service)) {
    co_return runtime::fail("connect", "no connection to the host");
  }
  Request asked;
  asked.method = std::move(request.method);
  asked.target = place->target;
  asked.headers = std::move(request.headers);
  asked.body = std::move(request.body);
  asked.address = address_;
  Answer answer = world_.handle(place->service, asked, world_now());
  if (answer.hang || answer.latency >= request.timeout) {
    co_await clock_.sleep_for(request.timeout);
    co_return runtime::fail("timeout", "no answer within the time limit");
  }
  const runtime::TimePoint give_up = world_now() + request.timeout;
  while (answer.held) {
    co_await clock_.sleep_for(Telegram::kLook);
    auto ended = world_.telegram().look_again(*answer.held, world_now());
    if (ended) {
      answer = std::move(*ended);
    } else if (world_now() >= give_up) {
      co_return runtime::fail("timeout", "no answer within the time limit");
    }
  }
  co_await clock_.sleep_for(answer.latency);
  if (answer.reset || answer.cut_after >= 0) {
    co_return runtime::fail("reset", "the connection broke before the answer was complete");
  }
  if (answer.response.body.size() > request.max_body_bytes) {
    co_return runtime::fail("too_large", "the answer exceeds the size limit");
  }
  co_return std::move(answer.response);
}

}  // namespace streaky::sim

// The world as an HTTP client: what tests hand to the engine instead of libcurl.
//
// The origin of a URL decides the service. Latency is slept on the given clock; a hang ends as
// `timeout` at the request's deadline; a broken answer as `reset`, although the world may have
// acted. The world's own time runs with the clock's monotonic time: stepping the wall clock of the
// machine under test does not move the world. Threading: the executor's thread. Borrows both.
#pragma once

#include <string>

#include "net/http_client.h"
#include "sim/world.h"

namespace streaky::sim {

struct WorldOrigins {
  std::string github_api = "https://api.github.com";
  std::string github_web = "https://github.com";
  std::string discord = "https://discord.com";
  std::string telegram = "https://api.telegram.org";
};

class WorldClient final : public net::HttpClient {
 public:
  WorldClient(World& world, runtime::Clock& clock, WorldOrigins origins = {},
              std::string address = "127.0.0.1");

  runtime::Task<runtime::Result<net::HttpResponse>> send(net::HttpRequest request) override;

  /// The world's clock.
  [[nodiscard]] runtime::TimePoint world_now() const { return started_ + clock_.monotonic(); }

 private:
  struct Place {
    Service service = Service::github;
    std::string target;
  };
  [[nodiscard]] std::optional<Place> locate(std::string_view url) const;

  World& world_;
  runtime::Clock& clock_;
  WorldOrigins origins_;
  std::string address_;
  runtime::TimePoint started_;
};

}  // namespace streaky::sim

// The way from the process to the world, and what gets lost on it: the HTTP client of the
// simulated machine. It runs on the world's time, breaks what was under way while the machine
// slept, damages GitHub's answers, and tells of messages whose answer never came back.
//
// Threading: the executor's thread. Borrows everything it is constructed with.
#pragma once

#include <functional>

#include "net/http_client.h"
#include "sim/world.h"
#include "simulation/dice.h"
#include "simulation/machine.h"

namespace streaky::simulation {

/// Ways in which an answer of GitHub can be well-formed JSON and wrong all the same.
enum class Damage : std::uint8_t { none, null_calendars, negative, wrong_years, swapped, cut_days };
inline constexpr int kDamages = 5;

/// What the weather sets and every process's wire goes by.
struct WireState {
  Damage damage = Damage::none;
  double damage_chance = 0;
  std::uint64_t requests = 0;
  std::uint64_t lost_answers = 0;  // of messages that were delivered
  /// A message was delivered and its sender will not learn of it.
  std::function<void(const sim::Entry&)> on_lost;
};

class Wire final : public net::HttpClient {
 public:
  Wire(sim::World& world, Machine& machine, WireState& state, std::uint64_t seed)
      : world_(world), machine_(machine), state_(state), dice_(seed) {}

  runtime::Task<runtime::Result<net::HttpResponse>> send(net::HttpRequest request) override;

 private:
  sim::World& world_;
  Machine& machine_;
  WireState& state_;
  Dice dice_;
};

/// The body as damaged; unchanged where there is nothing to damage.
std::string damaged(const std::string& body, Damage damage);

}  // namespace streaky::simulation

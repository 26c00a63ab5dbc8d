// The simulated world: GitHub, Discord and Telegram as pure request → answer logic.
//
// No sockets and no clock: the caller says what time it is, and applies the answer's latency and
// end (reset, hang, cut). The same seed, requests and instants give the same answers. Tests put it
// behind `WorldClient`; `streaky-sim` behind a listener.
//
// Threading: one thread. Ownership: owns everything; references live as long as the world.
#pragma once

#include <array>
#include <cstdint>
#include <queue>
#include <vector>

#include "runtime/random.h"
#include "sim/audit.h"
#include "sim/discord.h"
#include "sim/faults.h"
#include "sim/github.h"
#include "sim/oauth.h"
#include "sim/telegram.h"

namespace streaky::sim {

struct WorldOptions {
  std::uint64_t seed = 1;
  int service_tokens = 10;
  GithubRules github;
  DiscordRules discord;
  TelegramRules telegram;
  OauthApp oauth;
};

struct ServiceStats {
  std::uint64_t requests = 0;
  std::uint64_t faults = 0;
  std::size_t in_flight = 0;
  std::size_t peak_in_flight = 0;
};

class World {
 public:
  explicit World(WorldOptions options);

  /// Replaces everybody, opens a new ledger and forgets limits and stats. Throws
  /// std::invalid_argument for too many users.
  void seed(const SeedOptions& options, runtime::TimePoint now);

  /// Which service answers a path; nothing when none does.
  static std::optional<Service> route(std::string_view path);
  Answer handle(Service service, const Request& request, runtime::TimePoint now);

  /// The world's instant for the caller's `now`.
  [[nodiscard]] runtime::TimePoint at(runtime::TimePoint now) const { return now + offset_; }
  void set_offset(runtime::Millis offset) { offset_ = offset; }

  People& people() { return people_; }
  Activity& activity() { return activity_; }
  Ledger& ledger() { return ledger_; }
  Faults& faults() { return faults_; }
  Telegram& telegram() { return telegram_; }
  /// The services' rules, to be changed at any time.
  WorldOptions& rules() { return options_; }
  Latency& latency(Service service) { return latencies_.at(static_cast<std::size_t>(service)); }
  /// An outage: connections to the service are refused.
  bool& down(Service service) { return down_.at(static_cast<std::size_t>(service)); }

  void lift_limits(bool lifted);
  [[nodiscard]] Expectation expects(const Person& person, runtime::TimePoint now) const;
  [[nodiscard]] Audit audit(runtime::TimePoint now) const;
  void reset_ledger(runtime::TimePoint now);

  [[nodiscard]] const ServiceStats& stats(Service service) const {
    return stats_.at(static_cast<std::size_t>(service)).counts;
  }
  [[nodiscard]] std::uint64_t users_asked() const { return github_.users_asked() - users_before_; }
  void reset_stats();

 private:
  using Ends =
      std::priority_queue<runtime::TimePoint, std::vector<runtime::TimePoint>, std::greater<>>;
  struct Tally {
    ServiceStats counts;
    Ends ends;  // when each answer under way arrives
  };

  Answer ask(Service service, const Request& request, runtime::TimePoint now,
             std::optional<Fault> fault, runtime::Millis latency);
  void tally(Service service, runtime::TimePoint now, runtime::Millis latency);

  WorldOptions options_;
  runtime::SeededRandom random_;
  Zones zones_;
  People people_;
  Activity activity_;
  Ledger ledger_;
  Github github_;
  Discord discord_;
  Telegram telegram_;
  Oauth oauth_;
  Faults faults_;
  std::array<Latency, kServices> latencies_{};
  std::array<bool, kServices> down_{};
  std::array<Tally, kServices> stats_{};
  runtime::Millis offset_{0};
  std::uint64_t users_before_ = 0;  // asked about before the stats were last reset
};

}  // namespace streaky::sim

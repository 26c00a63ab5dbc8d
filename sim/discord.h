// Discord's webhooks: validation, limits in both of their versions, bans.
// docs/remote-apis.md §3. Threading: one thread; borrows people, rules and randomness.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/random.h"
#include "sim/exchange.h"
#include "sim/faults.h"
#include "sim/ledger.h"
#include "sim/people.h"

namespace streaky::sim {

struct DiscordRules {
  std::size_t per_webhook = 5;
  runtime::Millis webhook_window{2'000};
  /// Hidden: headers never show it.
  std::size_t per_channel = 30;
  runtime::Millis channel_window{60'000};
  std::size_t per_address = 50;
  runtime::Millis address_window{1'000};
  std::size_t invalid_limit = 10'000;
  runtime::Millis invalid_window{600'000};
  runtime::Millis ban{3'600'000};
  bool lifted = false;
};

class Discord {
 public:
  static constexpr std::size_t kMostBodyBytes = 1U << 20U;

  Discord(const People& people, const DiscordRules& rules, runtime::Random& random, Ledger& ledger)
      : people_(people), rules_(rules), random_(random), ledger_(ledger) {}

  Answer handle(const Request& request, runtime::TimePoint now, std::optional<Fault> fault);
  void forget();

 private:
  /// Instants of requests within a window, oldest first. A vector, since there is one per webhook
  /// and an empty deque takes half a kilobyte.
  using Times = std::vector<runtime::TimePoint>;
  struct Address {
    Times requests;
    Times invalid;
    runtime::TimePoint banned_until;
  };
  struct Bucket {
    runtime::TimePoint resets;
    std::size_t used = 0;
    Times channel;
  };
  struct Call {
    const Request& request;
    runtime::TimePoint now;
    int version = 6;
    std::uint64_t webhook = 0;
    std::string_view token;
  };

  Answer banned();
  Answer limited(const Call& call, runtime::Millis wait, const char* scope);
  std::optional<Answer> before_acting(Fault fault, const Call& call);
  Answer serve(const Call& call);
  std::optional<Answer> over_limit(const Call& call, Bucket& bucket);
  Answer execute(const Call& call, const Person& person);
  Answer message(const Call& call, const Person& person, const boost::json::object& body);
  void add_bucket(Answer& answer, const Call& call, const Bucket& bucket) const;

  const People& people_;
  const DiscordRules& rules_;
  runtime::Random& random_;
  Ledger& ledger_;
  std::unordered_map<std::string, Address> addresses_;
  std::unordered_map<std::uint64_t, Bucket> buckets_;
  std::uint64_t next_message_ = 1'200'000'000'000'000'000ULL;
};

}  // namespace streaky::sim

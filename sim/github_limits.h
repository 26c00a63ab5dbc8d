// What GitHub lets one account spend, kept honestly: points per hour, and the secondary limits
// (concurrency, points per minute, CPU per minute). docs/remote-apis.md §1.7.
//
// All tokens of an account share its limits. Threading: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/time.h"

namespace streaky::sim {

struct GithubRules {
  int points_per_hour = 5'000;
  int points_per_minute = 2'000;
  int concurrent = 100;
  runtime::Millis cpu_per_minute{60'000};
  /// CPU of a query: for itself, per user's window, and per hundred days of it.
  double cpu_query_ms = 5;
  double cpu_window_ms = 2;
  double cpu_hundred_days_ms = 10;
  /// A query that needs longer is cut off with 502 or 504, and costs extra points next hour.
  runtime::Millis query_time{10'000};
  int timeout_penalty = 10;
  /// Users × days that one query may read before RESOURCE_LIMITS_EXCEEDED.
  int most_user_days = 4'000;
  int most_root_fields = 992;
  /// For measurements: the caps on query time and resources hold, but short queries take no time.
  bool lifted = false;
};

struct RateSnapshot {
  int limit = 0;
  int used = 0;
  int remaining = 0;
  runtime::TimePoint reset_at;
};

enum class Admission : std::uint8_t { granted, primary, secondary };

class GithubLimits {
 public:
  explicit GithubLimits(const GithubRules& rules) : rules_(rules) {}

  Admission admit(const std::string& owner, runtime::TimePoint now);
  void charge(const std::string& owner, runtime::TimePoint now, int points);
  /// A query under way until `ends`, which takes that much CPU.
  void occupy(const std::string& owner, runtime::TimePoint now, runtime::TimePoint ends,
              double cpu_ms);
  void penalise(const std::string& owner, runtime::TimePoint now);
  RateSnapshot snapshot(const std::string& owner, runtime::TimePoint now);
  void forget() { accounts_.clear(); }

 private:
  struct Account {
    runtime::TimePoint hour_ends;
    int used = 0;
    int owed = 0;  // to be deducted in the next hour
    runtime::TimePoint minute_ends;
    int minute_points = 0;
    double minute_cpu_ms = 0;
    std::vector<runtime::TimePoint> under_way;  // when each query ends
  };

  Account& account(const std::string& owner, runtime::TimePoint now);

  const GithubRules& rules_;  // borrowed: may change at run time
  std::unordered_map<std::string, Account> accounts_;
};

}  // namespace streaky::sim

#include "sim/github_limits.h"

#include <algorithm>
#include <chrono>

namespace streaky::sim {
namespace {

constexpr int kLiftedLimit = 1'000'000'000;

}  // namespace

GithubLimits::Account& GithubLimits::account(const std::string& owner, runtime::TimePoint now) {
  Account& account = accounts_[owner];
  if (now >= account.hour_ends) {
    account.hour_ends = now + std::chrono::hours{1};
    account.used = account.owed;
    account.owed = 0;
  }
  if (now >= account.minute_ends) {
    account.minute_ends = now + std::chrono::minutes{1};
    account.minute_points = 0;
    account.minute_cpu_ms = 0;
  }
  std::erase_if(account.under_way, [now](runtime::TimePoint ends) { return ends <= now; });
  return account;
}

Admission GithubLimits::admit(const std::string& owner, runtime::TimePoint now) {
  const Account& state = account(owner, now);
  if (rules_.lifted) {
    return Admission::granted;
  }
  if (state.used >= rules_.points_per_hour) {
    return Admission::primary;
  }
  const bool over =
      state.under_way.size() >= static_cast<std::size_t>(std::max(rules_.concurrent, 0)) ||
      state.minute_points >= rules_.points_per_minute ||
      state.minute_cpu_ms >= static_cast<double>(rules_.cpu_per_minute.count());
  return over ? Admission::secondary : Admission::granted;
}

void GithubLimits::charge(const std::string& owner, runtime::TimePoint now, int points) {
  Account& state = account(owner, now);
  state.used += points;
  state.minute_points += points;
}

void GithubLimits::occupy(const std::string& owner, runtime::TimePoint now, runtime::TimePoint ends,
                          double cpu_ms) {
  Account& state = account(owner, now);
  state.minute_cpu_ms += cpu_ms;
  state.under_way.push_back(ends);
}

void GithubLimits::penalise(const std::string& owner, runtime::TimePoint now) {
  account(owner, now).owed += rules_.timeout_penalty;
}

RateSnapshot GithubLimits::snapshot(const std::string& owner, runtime::TimePoint now) {
  const Account& state = account(owner, now);
  const int limit = rules_.lifted ? kLiftedLimit : rules_.points_per_hour;
  return RateSnapshot{limit, state.used, std::max(limit - state.used, 0), state.hour_ends};
}

}  // namespace streaky::sim

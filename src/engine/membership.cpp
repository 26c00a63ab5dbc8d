#include "engine/membership.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

namespace streaky::engine {

namespace {

constexpr std::array<std::string_view, 3> kRoles = {"scheduler", "worker", "web"};

std::int64_t per_minute(std::int64_t more, runtime::Millis elapsed) {
  constexpr std::int64_t kMinute = 60'000;
  return more * kMinute / std::max<std::int64_t>(elapsed.count(), 1);
}

}  // namespace

Membership::Membership(Parts parts)
    : parts_(std::move(parts)),
      loop_("membership", parts_.clock, parts_.log, [this] { return pass(); }) {}

runtime::Task<runtime::Millis> Membership::pass() {
  const runtime::TimePoint now = parts_.clock.now();
  co_await beat(now);
  if (parts_.forgets) co_await forget(now);
  const auto fleet = co_await parts_.members.list();
  show(fleet);
  if (parts_.on_fleet) tell(fleet, now);
  co_return parts_.beat;
}

bool Membership::silent() const {
  return joined_ && parts_.clock.monotonic() - beaten_ > parts_.beat * (kBeatsMissed - 2);
}

runtime::Task<void> Membership::beat(runtime::TimePoint now) {
  const runtime::Millis at = parts_.clock.monotonic();
  const Load load = parts_.load();
  store::Member self = parts_.self;
  // Who was silent for long may have been forgotten: it joins again.
  const bool back = joined_ && at - beaten_ >= parts_.beat * kBeatsMissed;
  if (!joined_ || silent()) steady_ = at;
  if (!joined_ || back) beats_ = 0;
  if (!joined_) parts_.self.started_at = self.started_at = now;
  self.in_flight = load.in_flight;
  if (joined_) {
    self.checks_per_minute = per_minute(load.checks - before_.checks, at - beaten_);
    self.sends_per_minute = per_minute(load.sends - before_.sends, at - beaten_);
  }
  const runtime::Millis ahead = co_await parts_.members.beat(std::move(self), now);
  compare_clocks(ahead);
  // By a clock that was set forward everybody's beats are old, until each has beaten again.
  if (std::chrono::abs(ahead - ahead_) > parts_.beat) steady_ = at;
  ahead_ = ahead;
  joined_ = true;
  beaten_ = at;
  before_ = load;
}

/// Leases bear any difference. What people feel goes by this machine's clock.
void Membership::compare_clocks(runtime::Millis server_ahead) {
  constexpr double kMsPerSecond = 1e3;
  parts_.metrics.gauge("streaky_database_clock_ahead_seconds",
                       static_cast<double>(server_ahead.count()) / kMsPerSecond);
  const runtime::Millis now = parts_.clock.monotonic();
  if (std::chrono::abs(server_ahead) < kClocksDiffer || now < clock_warned_ + kWarnAgain) return;
  clock_warned_ = now;
  parts_.log.warn(
      "this machine's clock and the database's differ: one of them is wrong, and reminders come by "
      "this machine's",
      {{"database_ahead_s", server_ahead.count() / static_cast<std::int64_t>(kMsPerSecond)}});
}

/// Whose own beats were late may have been away together with everybody, from a database that was
/// down: the others' rows are old then, and they need a moment to say that they live.
runtime::Task<void> Membership::forget(runtime::TimePoint now) {
  if (beaten_ - steady_ < parts_.beat * kBeatsMissed) co_return;
  const auto gone = co_await parts_.members.forget_silent(now, parts_.beat * kBeatsMissed);
  for (const std::string& name : gone) {
    parts_.log.warn("a process fell silent: what it had claimed is free", {{"process", name}});
    parts_.metrics.count("streaky_fleet_silent_total");
  }
  if (!gone.empty()) parts_.on_forgotten();
}

void Membership::show(const std::vector<store::Member>& fleet) {
  const auto total = [&fleet](std::int64_t store::Member::* field) {
    std::int64_t sum = 0;
    for (const store::Member& member : fleet) sum += member.*field;
    return static_cast<double>(sum);
  };
  for (const std::string_view role : kRoles) {
    const auto count = std::ranges::count_if(fleet, [role](const store::Member& member) {
      return member.roles.find(role) != std::string::npos;
    });
    parts_.metrics.gauge("streaky_fleet_processes", static_cast<double>(count),
                         {{"role", std::string(role)}});
  }
  parts_.metrics.gauge("streaky_fleet_in_flight", total(&store::Member::in_flight));
  parts_.metrics.gauge("streaky_fleet_checks_per_minute", total(&store::Member::checks_per_minute));
  parts_.metrics.gauge("streaky_fleet_sends_per_minute", total(&store::Member::sends_per_minute));
}

void Membership::tell(const std::vector<store::Member>& fleet, runtime::TimePoint now) {
  Fleet heard{.workers = 0, .workers_on_host = 0, .newcomer = beats_ < kNewcomerBeats};
  beats_ = std::min(beats_ + 1, kNewcomerBeats);
  for (const store::Member& member : fleet) {
    const bool alive = member.beat_at > now - parts_.beat * kBeatsMissed;
    if (!alive) continue;
    const auto is = [&member](const char* role) { return member.roles.contains(role); };
    if (is("worker")) {
      ++heard.workers;
      if (member.host == parts_.self.host) ++heard.workers_on_host;
    } else if (is("web")) {
      ++heard.visitors;
    }
  }
  heard.workers = std::max(heard.workers, 1);
  heard.workers_on_host = std::max(heard.workers_on_host, 1);
  parts_.on_fleet(heard);
}

runtime::Task<void> Membership::leave() {
  if (!std::exchange(joined_, false)) co_return;
  try {
    co_await parts_.members.leave(parts_.self.name);
  } catch (const store::DatabaseError& error) {
    parts_.log.warn("the fleet could not be left in order", {{"error", error.what()}});
  }
}

}  // namespace streaky::engine

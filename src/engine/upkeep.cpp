#include "engine/upkeep.h"

#include <algorithm>
#include <utility>

#include "streak/mutant.h"

namespace streaky::engine {

namespace {

constexpr runtime::Millis kOnTime{0};  // tests plant a reaper that comes too early

}  // namespace

Reaper::Reaper(Parts parts)
    : parts_(std::move(parts)),
      loop_("reaper", parts_.clock, parts_.log, [this] { return pass(); }) {}

runtime::Task<runtime::Millis> Reaper::pass() {
  const runtime::TimePoint now = parts_.clock.now();
  store::InHand in_hand = parts_.in_hand();
  runtime::Millis ahead{0};
  if (parts_.shared || !in_hand.empty() || jumped(ahead)) {
    // That it answers says, too, that the database is back.
    ahead = co_await parts_.jobs.extend(parts_.owner, std::move(in_hand), now + parts_.lease);
  }
  const runtime::Millis monotonic = parts_.clock.monotonic();
  if (jumped(ahead)) reaps_from_ = monotonic + (parts_.shared ? grace() : parts_.lease / 3);
  if (monotonic < reaps_from_ || planted(Mutant::leases_kept)) {
    note_passed(ahead);
    const runtime::Millis left = reaps_from_ - monotonic;
    co_return left > runtime::Millis{0} ? std::min(left, parts_.lease / 3) : parts_.lease / 3;
  }
  const runtime::Millis too_early = planted(Mutant::claims_not_fenced) ? parts_.lease : kOnTime;
  const store::Reaped reaped = co_await parts_.upkeep.reap(now + too_early);
  if (reaped.all() > 0) {
    parts_.log.warn("reaped", {{"jobs_returned", reaped.jobs_returned},
                               {"jobs_given_up", reaped.jobs_given_up},
                               {"jobs_expired", reaped.jobs_expired},
                               {"deliveries_returned", reaped.deliveries_returned},
                               {"deliveries_expired", reaped.deliveries_expired}});
    parts_.metrics.count("streaky_jobs_returned_total", {}, reaped.jobs_returned);
    parts_.metrics.count("streaky_jobs_expired_total", {}, reaped.jobs_expired);
    parts_.on_returned();
  }
  note_passed(ahead);
  if (reaped.more) co_return runtime::Millis{0};
  co_return parts_.lease / 3;
}

/// Others renew within a second of the database's return, but for those whose connection hangs.
runtime::Millis Reaper::grace() const { return std::min(parts_.lease * 2 / 3, kGrace); }

/// Whether a clock was set, the process stood still or the database was away since the last pass
/// that succeeded.
bool Reaper::jumped(runtime::Millis ahead) const {
  if (passed_at_ == runtime::TimePoint{}) return parts_.shared;
  if (std::chrono::abs(ahead - passed_ahead_) > parts_.lease / 3) return true;
  const runtime::Millis by_wall = parts_.clock.now() - passed_at_;
  const runtime::Millis elapsed = parts_.clock.monotonic() - passed_monotonic_;
  const runtime::Millis most = parts_.lease * 2 / 3;
  return std::chrono::abs(by_wall - elapsed) > most || elapsed > most;
}

void Reaper::note_passed(runtime::Millis ahead) {
  passed_ahead_ = ahead;
  passed_at_ = parts_.clock.now();
  passed_monotonic_ = parts_.clock.monotonic();
}

Cleaner::Cleaner(Parts parts)
    : parts_(parts), loop_("cleaner", parts_.clock, parts_.log, [this] { return pass(); }) {}

runtime::Task<runtime::Millis> Cleaner::pass() {
  const runtime::TimePoint now = parts_.clock.now();
  if (parts_.clock.monotonic() >= days_at_) co_await keep_days(now);
  int deleted = co_await parts_.upkeep.clean(now - kKeepBatches, now - kKeepDeliveries, kBite);
  deleted += co_await parts_.upkeep.clean_web(now, kBite);
  if (deleted > 0) parts_.log.info("cleaned", {{"rows", deleted}});
  if (deleted > 0) co_return kBetweenBites;
  co_return std::max(days_at_ - parts_.clock.monotonic(), kBetweenBites);
}

/// Tables by day, on PostgreSQL: first what was left in old ones is ended, then they can go.
runtime::Task<void> Cleaner::keep_days(runtime::TimePoint now) {
  days_at_ = parts_.clock.monotonic() + kBetweenRounds;
  const store::Reaped reaped = co_await parts_.upkeep.reap_old(now);
  if (reaped.all() > 0) {
    parts_.log.warn("what was left unfinished days ago has expired",
                    {{"jobs", reaped.jobs_expired}, {"deliveries", reaped.deliveries_expired}});
  }
  const store::DaysKept kept =
      co_await parts_.upkeep.keep_days(now, now - kKeepBatches, now - kKeepDeliveries);
  if (kept.made + kept.dropped + kept.unsettled + kept.left_in_default > 0) {
    parts_.log.info("tables by day", {{"made", kept.made},
                                      {"dropped", kept.dropped},
                                      {"unsettled", kept.unsettled},
                                      {"left_in_default", kept.left_in_default}});
  }
  runtime::Millis pause = kBetweenRounds;
  if (kept.again_soon) {
    pause = std::exchange(out_of_the_way_, std::min(pause, out_of_the_way_ * 2));
  } else {
    out_of_the_way_ = kOutOfTheWay;
  }
  days_at_ = parts_.clock.monotonic() + pause;
}

}  // namespace streaky::engine

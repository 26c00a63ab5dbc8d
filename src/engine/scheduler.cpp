#include "engine/scheduler.h"

#include <algorithm>
#include <utility>

#include "engine/plan.h"

namespace streaky::engine {

Scheduler::Scheduler(Parts parts)
    : parts_(std::move(parts)),
      loop_("scheduler", parts_.clock, parts_.log, [this] { return pass(); }) {}

runtime::Task<runtime::Millis> Scheduler::pass() {
  co_await tick();
  const auto next = co_await parts_.schedule.next_due();
  const runtime::TimePoint now = parts_.clock.now();
  if (!next || *next >= now + parts_.tick) co_return parts_.tick;
  co_return std::max(*next - now, kLeastRest);
}

runtime::Task<int> Scheduler::tick() {
  int jobs = 0;
  bool more = true;
  while (more && !loop_.stopping()) {
    const runtime::TimePoint now = parts_.clock.now();
    const auto next = co_await parts_.schedule.next_due();
    if (!next || *next > now) break;
    std::string batch_id = parts_.random.uuid();
    auto planner = [now](const store::DueUser& user) { return plan_due(user, now); };
    const store::Bite bite =
        co_await parts_.schedule.take_due(now, store::Schedule::kMostPerBite, batch_id, planner);
    jobs += bite.jobs;
    more = bite.more;
    if (bite.jobs == 0) continue;
    parts_.metrics.count("streaky_jobs_scheduled_total", {}, bite.jobs);
    parts_.log.info("batch made", {{"batch", batch_id}, {"jobs", bite.jobs}});
    if (parts_.on_jobs) parts_.on_jobs();
  }
  co_return jobs;
}

}  // namespace streaky::engine

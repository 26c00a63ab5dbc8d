#include "engine/trigger.h"

#include "engine/plan.h"
#include "store/schedule.h"

namespace streaky::engine {

runtime::Task<Triggered> trigger_round(store::Database* database, runtime::Clock* clock,
                                       runtime::Random* random) {
  store::Schedule schedule(*database);
  Triggered triggered;
  triggered.batch_id = random->uuid();
  const runtime::TimePoint now = clock->now();
  const store::Planner planner = [now](const store::DueUser& user) {
    return plan_manual(user, now);
  };
  std::int64_t after = 0;
  bool more = true;
  while (more) {
    const store::Bite bite = co_await schedule.trigger(now, store::Schedule::kMostPerBite, after,
                                                       triggered.batch_id, planner);
    triggered.jobs += bite.jobs;
    after = bite.last_user_id;
    more = bite.more;
  }
  co_return triggered;
}

runtime::Task<Triggered> trigger_user(store::Database* database, runtime::Clock* clock,
                                      runtime::Random* random, std::int64_t user_id) {
  store::Schedule schedule(*database);
  Triggered triggered;
  triggered.batch_id = random->uuid();
  const runtime::TimePoint now = clock->now();
  // The first active user from this one on; another one gets no job.
  const store::Planner planner = [now, user_id](const store::DueUser& user) {
    return user.id == user_id ? plan_manual(user, now) : store::Planned{};
  };
  const store::Bite bite =
      co_await schedule.trigger(now, 1, user_id - 1, triggered.batch_id, planner);
  triggered.jobs = bite.jobs;
  co_return triggered;
}

}  // namespace streaky::engine

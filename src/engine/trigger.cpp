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

}  // namespace streaky::engine

// A round for everybody, by hand. Threading: the executor's thread.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/clock.h"
#include "runtime/random.h"
#include "store/database.h"

namespace streaky::engine {

/// Makes one batch with a job for every active user. Gives no job when there are no users.
struct Triggered {
  std::string batch_id;
  int jobs = 0;
};
runtime::Task<Triggered> trigger_round(store::Database* database, runtime::Clock* clock,
                                       runtime::Random* random);
/// The same for one user; no job when that one is not active.
runtime::Task<Triggered> trigger_user(store::Database* database, runtime::Clock* clock,
                                      runtime::Random* random, std::int64_t user_id);

}  // namespace streaky::engine

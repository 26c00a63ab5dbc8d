// A round for everybody, by hand. Threading: the executor's thread.
#pragma once

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

}  // namespace streaky::engine

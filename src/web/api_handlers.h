// What answers at each address of the API (api_routes.cpp), by the file that it is in. Coroutines
// on the executor's thread that borrow desk and visit, as those of handlers.h.
#pragma once

#include "web/handlers.h"

namespace streaky::web {

// api_account.cpp
Answer api_profile(Desk* desk, Visit* visit);
Answer api_settings(Desk* desk, Visit* visit);
Answer api_change_settings(Desk* desk, Visit* visit);
Answer api_streak(Desk* desk, Visit* visit);
Answer api_check(Desk* desk, Visit* visit);
Answer api_deliveries(Desk* desk, Visit* visit);

// api_channels.cpp
Answer api_channels(Desk* desk, Visit* visit);
Answer api_add_channel(Desk* desk, Visit* visit);
Answer api_channel(Desk* desk, Visit* visit);
Answer api_replace_channel(Desk* desk, Visit* visit);
Answer api_change_channel(Desk* desk, Visit* visit);
Answer api_remove_channel(Desk* desk, Visit* visit);
Answer api_test_channel(Desk* desk, Visit* visit);

// api_operator.cpp
Answer api_fleet(Desk* desk, Visit* visit);
Answer api_batches(Desk* desk, Visit* visit);
Answer api_begin_batch(Desk* desk, Visit* visit);
Answer api_batch(Desk* desk, Visit* visit);
Answer api_retry_batch(Desk* desk, Visit* visit);
Answer api_users(Desk* desk, Visit* visit);
Answer api_user(Desk* desk, Visit* visit);
Answer api_pause_user(Desk* desk, Visit* visit);
Answer api_resume_user(Desk* desk, Visit* visit);

// api_jobs.cpp
Answer api_jobs(Desk* desk, Visit* visit);
Answer api_job(Desk* desk, Visit* visit);
Answer api_retry_job(Desk* desk, Visit* visit);
Answer api_run_job(Desk* desk, Visit* visit);

}  // namespace streaky::web

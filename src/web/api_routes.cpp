#include "web/api_routes.h"

#include <array>

#include "web/api_handlers.h"
#include "web/rates.h"

namespace streaky::web {

namespace {

constexpr Rate kReads{"api", 60, 120};

constexpr auto kTable = std::to_array<Route>({
    {"GET", "/api/v1/profile", Who::signed_in, &kReads, api_profile, "who one is", Face::api},
    {"GET", "/api/v1/settings", Who::signed_in, &kReads, api_settings, "what is set", Face::api},
    {"PATCH", "/api/v1/settings", Who::signed_in, &kActions, api_change_settings,
     "sets some of it, pauses, resumes", Face::api, true},
    {"GET", "/api/v1/channels", Who::signed_in, &kReads, api_channels, "one's channels", Face::api},
    {"POST", "/api/v1/channels", Who::signed_in, &kActions, api_add_channel, "adds a channel",
     Face::api, true},
    {"GET", "/api/v1/channels/{id}", Who::signed_in, &kReads, api_channel, "one channel",
     Face::api},
    {"PUT", "/api/v1/channels/{id}", Who::signed_in, &kActions, api_replace_channel,
     "replaces its credential", Face::api, true},
    {"PATCH", "/api/v1/channels/{id}", Who::signed_in, &kActions, api_change_channel,
     "makes it quiet, normal or loud", Face::api, true},
    {"DELETE", "/api/v1/channels/{id}", Who::signed_in, &kActions, api_remove_channel, "removes it",
     Face::api},
    {"POST", "/api/v1/channels/{id}/test", Who::signed_in, &kTests, api_test_channel,
     "sends a test message", Face::api},
    {"GET", "/api/v1/deliveries", Who::signed_in, &kReads, api_deliveries, "one's messages",
     Face::api},
    {"GET", "/api/v1/streak", Who::signed_in, &kReads, api_streak, "the streak as last seen",
     Face::api},
    {"POST", "/api/v1/checks", Who::signed_in, &kChecks, api_check, "looks at GitHub now",
     Face::api},
    {"GET", "/api/v1/operator/fleet", Who::operators, &kReads, api_fleet, "who is at work",
     Face::api},
    {"GET", "/api/v1/operator/batches", Who::operators, &kReads, api_batches, "rounds", Face::api},
    {"POST", "/api/v1/operator/batches", Who::operators, &kChecks, api_begin_batch,
     "checks everybody now", Face::api},
    {"GET", "/api/v1/operator/batches/{id}", Who::operators, &kReads, api_batch, "one round",
     Face::api},
    {"POST", "/api/v1/operator/batches/{id}/retry", Who::operators, &kActions, api_retry_batch,
     "tries again what failed", Face::api},
    {"GET", "/api/v1/operator/jobs", Who::operators, &kReads, api_jobs,
     "jobs of a round or of a user", Face::api},
    {"GET", "/api/v1/operator/jobs/{id}", Who::operators, &kReads, api_job, "one job", Face::api},
    {"POST", "/api/v1/operator/jobs/{id}/retry", Who::operators, &kActions, api_retry_job,
     "tries a failed job again", Face::api},
    {"POST", "/api/v1/operator/jobs/{id}/run", Who::operators, &kActions, api_run_job,
     "runs a waiting job now", Face::api},
    {"GET", "/api/v1/operator/users", Who::operators, &kReads, api_users, "users, or one by name",
     Face::api},
    {"GET", "/api/v1/operator/users/{id}", Who::operators, &kReads, api_user, "one user",
     Face::api},
    {"POST", "/api/v1/operator/users/{id}/pause", Who::operators, &kActions, api_pause_user,
     "pauses a user", Face::api},
    {"POST", "/api/v1/operator/users/{id}/resume", Who::operators, &kActions, api_resume_user,
     "ends a user's pause", Face::api},
});

}  // namespace

std::span<const Route> api_routes() { return kTable; }

}  // namespace streaky::web

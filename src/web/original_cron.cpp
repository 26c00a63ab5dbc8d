// The original's `/api/cron/*`: its cron begins a round, works on single users, and asks how far.
//
// The engine beside the site does all of this by itself, at each user's own hour. What the cron
// asks for is added to it, never doubled: a round looks at those whose hour has come today, and who
// was told for that hour is not told again.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "engine/plan.h"
#include "store/schedule.h"
#include "web/handlers.h"
#include "web/operator_actions.h"
#include "web/original.h"
#include "web/replies.h"
#include "web/test_message.h"

namespace streaky::web {

namespace {

namespace json = boost::json;
using net::ServerResponse;
using runtime::Task;

constexpr Rate kTriggers{"original_trigger", 10, 10};
/// The original gave each of its workers 30 s.
constexpr runtime::Millis kPatience{25'000};
constexpr runtime::Millis kPoll{50};
constexpr double kWhole = 100;

struct Round {
  std::string batch_id;
  int users = 0;
};

Task<Round> begin_due(Desk* desk, runtime::TimePoint now) {
  store::Schedule schedule(desk->parts.database);
  Round round;
  round.batch_id = desk->parts.random.uuid();
  const store::Planner planner = [now](const store::DueUser& user) {
    return engine::plan_due(user, now);
  };
  std::int64_t after = 0;
  bool more = true;
  while (more) {
    const store::Bite bite = co_await schedule.trigger(now, store::Schedule::kMostPerBite, after,
                                                       round.batch_id, planner);
    round.users += bite.jobs;
    after = bite.last_user_id;
    more = bite.more;
  }
  co_return round;
}

Task<ServerResponse> trigger(Desk* desk, runtime::TimePoint now) {
  const Round round = co_await begin_due(desk, now);
  json::object object{{"success", true}};
  if (round.users == 0) {
    object["message"] = "No active users to process";
  } else {
    desk->parts.hurry();
    object["message"] = fmt::format("Processing {} users", round.users);
    object["batchId"] = round.batch_id;
    object["users"] = round.users;
  }
  co_return json_reply(200, json::serialize(object));
}

/// An id as a number or as text.
std::optional<std::int64_t> id_in(const json::object& body, std::string_view name) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_int64()) return value->get_int64();
  if (value->is_string()) return parse_id(value->get_string());
  return std::nullopt;
}

bool is_given(const json::object& body, std::string_view name) {
  const json::value* value = body.if_contains(name);
  return value != nullptr && !value->is_null() && *value != json::value("");
}

Task<std::optional<store::FoundJob>> wait_for_end(Desk* desk, std::int64_t id) {
  runtime::Clock& clock = desk->parts.clock;
  const runtime::Millis give_up = clock.monotonic() + kPatience;
  auto job = co_await desk->job_search.find(id);
  while (job && (job->state == "pending" || job->state == "processing") &&
         clock.monotonic() < give_up) {
    co_await clock.sleep_for(kPoll);
    job = co_await desk->job_search.find(id);
  }
  co_return job;
}

ServerResponse processed(const json::value& queue_id, const json::value& user_id, bool success,
                         std::string_view extra, std::string_view text) {
  json::object object{{"success", success}, {"queueId", queue_id}, {"userId", user_id}};
  if (extra == "reason") object["skipped"] = true;
  if (!extra.empty()) object[extra] = text;
  return json_reply(200, json::serialize(object));
}

Task<ServerResponse> process(Desk* desk, Visit* visit) {
  const auto body = original_body(*visit);
  if (!body) co_return body.error();
  if (!is_given(*body, "queueId") || !is_given(*body, "userId")) {
    co_return original_error(400, "Missing queueId or userId");
  }
  const json::value queue_id = body->at("queueId");
  const json::value user_id = body->at("userId");
  const auto id = id_in(*body, "queueId");
  std::optional<store::FoundJob> job;
  if (id) job = co_await desk->job_search.find(*id);
  if (!job || id_in(*body, "userId") != job->user_id) {
    co_return original_error(404, "Queue item not found");
  }
  if (job->state == "completed") {
    co_return processed(queue_id, user_id, true, "reason", "Already completed");
  }
  if (job->state == "failed") {
    co_return processed(queue_id, user_id, true, "reason", "Already failed");
  }
  if (job->state == "processing") {
    co_return processed(queue_id, user_id, true, "reason", "Taken by another worker");
  }
  co_await desk->job_search.hurry(job->id, visit->now);
  desk->parts.hurry();
  auto waiting = wait_for_end(desk, job->id);
  job = co_await std::move(waiting);
  if (job && job->state == "completed") co_return processed(queue_id, user_id, true, "", "");
  std::string error = job ? job->error : std::string("gone");
  if (error.empty()) error = "still being worked on";
  co_return processed(queue_id, user_id, false, "error", error);
}

}  // namespace

Answer original_trigger(Desk* desk, Visit* visit) {
  if (auto refusal = refuse_cron(desk, *visit)) co_return *refusal;
  const std::string bucket = net::network_of(visit->address);
  auto limit = original_limit(desk, kTriggers, bucket);
  ServerResponse response;
  if (limit) {
    response = std::move(*limit);
  } else {
    auto triggering = trigger(desk, visit->now);
    response = co_await std::move(triggering);
  }
  add_original_limits(desk, kTriggers, bucket, visit->now, response);
  co_return response;
}

Answer original_process_user(Desk* desk, Visit* visit) {
  if (auto refusal = refuse_cron(desk, *visit)) co_return *refusal;
  auto processing = process(desk, visit);
  co_return co_await std::move(processing);
}

Answer original_batch(Desk* desk, Visit* visit) {
  if (auto refusal = refuse_cron(desk, *visit)) co_return *refusal;
  const auto batch = co_await find_round(desk, visit->parameters.at(0));
  if (!batch) co_return original_error(404, "Batch not found");
  const std::int64_t total = batch->total();
  const std::int64_t done = batch->count("completed") + batch->count("failed");
  json::object progress;
  for (const char* name : {"pending", "processing", "completed", "failed"}) {
    progress[name] = batch->count(name);
  }
  progress["total"] = total;
  json::object object;
  object["batchId"] = batch->id;
  object["progress"] = std::move(progress);
  object["percentage"] =
      total == 0 ? 0
                 : std::llround(kWhole * static_cast<double>(done) / static_cast<double>(total));
  co_return json_reply(200, json::serialize(object));
}

}  // namespace streaky::web

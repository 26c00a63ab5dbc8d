// The API's jobs, for operators: looked for, tried again, run now.
#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "store/schedule.h"
#include "streak/reminder_plan.h"
#include "web/api_handlers.h"
#include "web/api_replies.h"
#include "web/operator_actions.h"
#include "web/test_message.h"

namespace streaky::web {

namespace {

namespace json = boost::json;

constexpr std::size_t kLongestBatchId = 64;
constexpr std::array<std::string_view, 4> kStates = {"pending", "processing", "completed",
                                                     "failed"};

json::object job_json(const store::FoundJob& job) {
  json::object object;
  object["id"] = job.id;
  object["batch_id"] = job.batch_id;
  object["user_id"] = job.user_id;
  object["login"] = job.login;
  object["date"] = streak::to_text(job.date);
  object["zone"] = job.zone;
  object["stage"] =
      job.stage == store::kManualStage ? std::string("manual") : streak::minute_text(job.stage);
  object["state"] = job.state;
  object["verdict"] = job.verdict.empty() ? json::value(nullptr) : json::value(job.verdict);
  object["error"] = job.error.empty() ? json::value(nullptr) : json::value(job.error);
  object["attempt"] = job.attempt;
  object["tries"] = job.tries;
  object["created_at"] = runtime::to_rfc3339(job.created_at);
  object["due_at"] = runtime::to_rfc3339(job.due_at);
  object["expires_at"] = runtime::to_rfc3339(job.expires_at);
  object["ended_at"] =
      job.ended_at ? json::value(runtime::to_rfc3339(*job.ended_at)) : json::value(nullptr);
  return object;
}

net::ServerResponse bad_search(Desk* desk, const Visit* visit, std::string detail) {
  return problem(desk, visit,
                 {.status = 400,
                  .code = "bad_search",
                  .title = "Nothing to look for",
                  .detail = std::move(detail)});
}

/// What is wrong with the question; empty when nothing is.
std::string check_search(const Visit& visit) {
  const std::string_view state = field(visit.query, "state");
  if (!state.empty() && std::ranges::find(kStates, state) == kStates.end()) {
    return "state: expected pending, processing, completed or failed.";
  }
  if (field(visit.query, "batch").empty() && !has_field(visit.query, "login")) {
    return "Expected batch, login or both.";
  }
  return {};
}

runtime::Task<std::optional<store::FoundJob>> find_job(Desk* desk, std::string text) {
  std::optional<store::FoundJob> job;
  if (const auto id = parse_id(text)) job = co_await desk->job_search.find(*id);
  co_return job;
}

runtime::Task<net::ServerResponse> after_change(Desk* desk, Visit* visit, std::int64_t id,
                                                std::string action) {
  desk->parts.hurry();
  const auto job = co_await desk->job_search.find(id);
  if (!job) co_return problem(desk, visit, not_found());
  co_await note_action(desk, visit, std::move(action), job->login);
  co_return api_reply(200, job_json(*job));
}

}  // namespace

Answer api_jobs(Desk* desk, Visit* visit) {
  const auto wanted = read_page(*visit);
  const auto after = wanted ? parse_id(wanted->id.empty() ? "0" : wanted->id) : std::nullopt;
  if (!after) co_return bad_page(desk, visit);
  std::string wrong = check_search(*visit);
  if (!wrong.empty()) co_return bad_search(desk, visit, std::move(wrong));
  store::JobSearch::Wanted search;
  search.batch_id = field(visit->query, "batch");
  search.state = field(visit->query, "state");
  search.after_id = *after;
  bool nobody = search.batch_id.size() > kLongestBatchId;
  if (has_field(visit->query, "login")) {
    const auto user = co_await look_up(desk, std::string(field(visit->query, "login")));
    if (user) search.user_id = user->id;
    nobody = nobody || !user;
  }
  std::vector<store::FoundJob> jobs;
  if (!nobody) jobs = co_await desk->job_search.page(std::move(search), wanted->limit + 1);
  const auto most = static_cast<std::size_t>(wanted->limit);
  json::array items;
  for (std::size_t i = 0; i < std::min(most, jobs.size()); ++i) items.push_back(job_json(jobs[i]));
  json::object object;
  object["jobs"] = std::move(items);
  object["next_cursor"] = nullptr;
  if (jobs.size() > most) {
    object["next_cursor"] = make_cursor({}, std::to_string(jobs[most - 1].id));
  }
  co_return api_reply(200, object);
}

Answer api_job(Desk* desk, Visit* visit) {
  const auto job = co_await find_job(desk, visit->parameters.at(0));
  if (!job) co_return problem(desk, visit, not_found());
  co_return api_reply(200, job_json(*job));
}

Answer api_retry_job(Desk* desk, Visit* visit) {
  const auto job = co_await find_job(desk, visit->parameters.at(0));
  if (!job) co_return problem(desk, visit, not_found());
  const bool retried = co_await desk->job_search.retry(job->id, visit->now);
  if (!retried) {
    co_return problem(desk, visit,
                      {.status = 409,
                       .code = "not_to_retry",
                       .title = "This job is not tried again",
                       .detail = "It has not failed, its day is over, or a later one of the same "
                                 "day has followed."});
  }
  auto replying = after_change(desk, visit, job->id, "tried a job again");
  co_return co_await std::move(replying);
}

Answer api_run_job(Desk* desk, Visit* visit) {
  const auto job = co_await find_job(desk, visit->parameters.at(0));
  if (!job) co_return problem(desk, visit, not_found());
  const bool hurried = co_await desk->job_search.hurry(job->id, visit->now);
  if (!hurried) {
    co_return problem(desk, visit,
                      {.status = 409,
                       .code = "not_waiting",
                       .title = "This job does not wait",
                       .detail = "It is being worked on, or has ended."});
  }
  auto replying = after_change(desk, visit, job->id, "ran a job now");
  co_return co_await std::move(replying);
}

}  // namespace streaky::web

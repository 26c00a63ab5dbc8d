// Rounds, as operators see them: how far, what failed and why, and to try it again.
#include <fmt/format.h>

#include <algorithm>

#include "engine/trigger.h"
#include "web/handlers.h"
#include "web/replies.h"
#include "web/words.h"

namespace streaky::web {

namespace {

constexpr int kRounds = 20;
constexpr int kFailedShown = 100;
constexpr int kActionsShown = 20;
constexpr std::size_t kLongestId = 64;

runtime::Task<std::string> rounds_mark(store::Batches* batches) {
  const auto newest = co_await batches->newest(kRounds);
  std::string mark;
  for (const store::Batch& batch : newest) {
    mark += batch.id;
    for (const auto& [name, value] : batch.counts) mark += fmt::format(" {}={}", name, value);
  }
  co_return mark;
}

Pulse::Marker rounds_marker(Desk* desk) {
  store::Batches* batches = &desk->batches;
  return [batches] { return rounds_mark(batches); };
}

Data round_data(const store::Batch& batch, const Visit& visit) {
  const std::int64_t total = batch.total();
  const std::int64_t done = batch.count("completed") + batch.count("failed");
  const std::int64_t waiting = batch.count("delivery:pending") + batch.count("delivery:sending");
  const streak::Zone zone = zone_or_utc(visit.user().time_zone);
  Data row;
  row.set("id", batch.id);
  row.set("when", local_when(zone, batch.created_at, visit.now));
  row.set("origin", std::string(batch.origin == "manual" ? "by hand" : "scheduled"));
  row.set("total", std::to_string(total));
  row.set("done", std::to_string(done));
  row.set("at_risk", std::to_string(batch.count("verdict:at_risk")));
  row.set("sent", std::to_string(batch.count("delivery:sent")));
  row.set("waiting", std::to_string(waiting));
  row.set("failed", std::to_string(batch.count("failed")));
  row.set("dead", std::to_string(batch.count("delivery:dead")));
  row.set("any_failed", batch.count("failed") + batch.count("delivery:dead") > 0);
  row.set("settled", batch.settled());
  const auto seconds = std::chrono::duration<double>(visit.now - batch.created_at).count();
  row.set("speed", fmt::format("{:.0f}", static_cast<double>(done) / std::max(seconds, 1.0)));
  return row;
}

Data counts_data(const store::Batch& batch) {
  Data list{Data::type::list};
  for (const auto& [name, value] : batch.counts) {
    std::string words = name;
    std::ranges::replace(words, ':', ' ');
    std::ranges::replace(words, '_', ' ');
    Data row;
    row.set("name", words);
    row.set("value", std::to_string(value));
    list.push_back(row);
  }
  return list;
}

Data actions_data(const std::vector<store::OperatorAction>& actions, const Visit& visit) {
  const streak::Zone zone = zone_or_utc(visit.user().time_zone);
  Data list{Data::type::list};
  for (const store::OperatorAction& action : actions) {
    Data row;
    row.set("when", local_when(zone, action.at, visit.now));
    row.set("who", action.who);
    row.set("action", action.action);
    row.set("subject", action.subject);
    list.push_back(row);
  }
  return list;
}

runtime::Task<void> note(Desk* desk, const Visit* visit, std::string action, std::string subject) {
  store::OperatorAction entry;
  entry.at = visit->now;
  entry.who = visit->user().login;
  entry.action = std::move(action);
  entry.subject = std::move(subject);
  co_await desk->operator_log.add(std::move(entry));
}

}  // namespace

Answer operator_rounds(Desk* desk, Visit* visit) {
  PageFrame frame;
  frame.title = "Rounds";
  frame.place = "operator";
  frame.mark = co_await Pulse::mark(rounds_marker(desk));
  frame.news_at = "/operator/live";
  const auto rounds = co_await desk->batches.newest(kRounds);
  const auto actions = co_await desk->operator_log.newest(kActionsShown);
  const std::int64_t users = co_await desk->users.count_active();
  desk->parts.refresh_metrics();
  Data list{Data::type::list};
  for (const store::Batch& batch : rounds) list.push_back(round_data(batch, *visit));
  Data data;
  data.set("rounds", list);
  data.set("has_rounds", !rounds.empty());
  data.set("actions", actions_data(actions, *visit));
  data.set("has_actions", !actions.empty());
  data.set("users", std::to_string(users));
  data.set("healthy", desk->parts.healthy());
  data.set("tokens",
           fmt::format("{:.0f}", desk->parts.metrics.value("streaky_github_service_tokens_alive")));
  co_return page(desk, visit, "operator_rounds", std::move(frame), std::move(data));
}

Answer operator_live(Desk* desk, Visit* visit) {
  co_return live_reply(
      desk, visit,
      desk->pulse.listen(visit->user().id, std::string(field(visit->query, "mark")),
                         rounds_marker(desk)));
}

Answer begin_round(Desk* desk, Visit* visit) {
  const auto triggered = co_await engine::trigger_round(&desk->parts.database, &desk->parts.clock,
                                                        &desk->parts.random);
  if (triggered.jobs == 0) co_return see_other("/operator?said=nobody");
  desk->parts.hurry();
  co_await note(desk, visit, "began a round", triggered.batch_id);
  co_return see_other("/operator/rounds/" + triggered.batch_id + "?said=round");
}

Answer operator_round(Desk* desk, Visit* visit) {
  const std::string& id = visit->parameters.at(0);
  PageFrame frame;
  frame.title = "A round";
  frame.place = "operator";
  frame.mark = co_await Pulse::mark(rounds_marker(desk));
  frame.news_at = "/operator/live";
  std::optional<store::Batch> batch;
  if (id.size() <= kLongestId) batch = co_await desk->batches.find(id);
  if (!batch) co_return problem(desk, visit, not_found());
  const auto reasons = co_await desk->batches.failures(id);
  const auto failed = co_await desk->batches.failed_jobs(id, kFailedShown);
  Data data = round_data(*batch, *visit);
  data.set("counts", counts_data(*batch));
  Data why{Data::type::list};
  for (const auto& reason : reasons) {
    Data row;
    row.set("error", reason.error);
    row.set("jobs", std::to_string(reason.jobs));
    why.push_back(row);
  }
  data.set("reasons", why);
  Data jobs{Data::type::list};
  for (const store::BatchJob& job : failed) {
    Data row;
    row.set("login", job.login);
    row.set("error", job.error);
    jobs.push_back(row);
  }
  data.set("jobs", jobs);
  data.set("has_jobs", !failed.empty());
  data.set("most", std::to_string(kFailedShown));
  co_return page(desk, visit, "operator_round", std::move(frame), std::move(data));
}

Answer retry_round(Desk* desk, Visit* visit) {
  const std::string id = visit->parameters.at(0);
  std::optional<store::Batch> batch;
  if (id.size() <= kLongestId) batch = co_await desk->batches.find(id);
  if (!batch) co_return problem(desk, visit, not_found());
  co_await desk->batches.retry_failed(id, visit->now);
  desk->parts.hurry();
  co_await note(desk, visit, "tried again what failed", id);
  co_return see_other("/operator/rounds/" + id + "?said=retried");
}

}  // namespace streaky::web

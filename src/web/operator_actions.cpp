#include "web/operator_actions.h"

#include <utility>

#include "account/change.h"
#include "account/user_draft.h"
#include "engine/trigger.h"

namespace streaky::web {

namespace {

constexpr std::size_t kLongestName = 100;
constexpr std::size_t kLongestRoundId = 64;

}  // namespace

runtime::Task<void> note_action(Desk* desk, const Visit* visit, std::string action,
                                std::string subject) {
  store::OperatorAction entry;
  entry.at = visit->now;
  entry.who = visit->user().login;
  entry.action = std::move(action);
  entry.subject = std::move(subject);
  co_await desk->operator_log.add(std::move(entry));
}

runtime::Task<std::optional<store::User>> look_up(Desk* desk, std::string name) {
  if (name.empty() || name.size() > kLongestName) co_return std::nullopt;
  store::UserKey by_login;
  by_login.login = name;
  auto user = co_await desk->users.find(by_login);
  account::UserDraft by_id;
  if (!user && account::set_github_id(by_id, name).empty()) {
    user = co_await desk->users.find(by_id.key());
  }
  co_return user;
}

runtime::Task<runtime::Result<store::User>> pause_or_resume(Desk* desk, const Visit* visit,
                                                            std::int64_t user_id, Verb verb) {
  const runtime::TimePoint now = visit->now;
  account::Edit edit = [verb, now](const store::Allotted& allotted) {
    const bool told = account::told_today(allotted, now);
    if (verb == Verb::pause) {
      return account::pause_user(*allotted.existing, std::nullopt, told, now);
    }
    return account::resume_user(*allotted.existing, told, now);
  };
  auto changing = account::change_user(&desk->users, user_id, std::move(edit), now);
  auto result = co_await std::move(changing);
  if (result) {
    std::string done = verb == Verb::pause ? "paused" : "resumed";
    co_await note_action(desk, visit, std::move(done), result->login);
  }
  co_return result;
}

runtime::Task<std::optional<std::string>> begin_round_now(Desk* desk, const Visit* visit) {
  const auto triggered = co_await engine::trigger_round(&desk->parts.database, &desk->parts.clock,
                                                        &desk->parts.random);
  if (triggered.jobs == 0) co_return std::nullopt;
  desk->parts.hurry();
  co_await note_action(desk, visit, "began a round", triggered.batch_id);
  co_return triggered.batch_id;
}

runtime::Task<std::optional<store::Batch>> find_round(Desk* desk, std::string id) {
  std::optional<store::Batch> batch;
  if (id.size() <= kLongestRoundId) batch = co_await desk->batches.find(std::move(id));
  co_return batch;
}

runtime::Task<std::optional<int>> retry_round_now(Desk* desk, const Visit* visit, std::string id) {
  const auto batch = co_await find_round(desk, id);
  if (!batch) co_return std::nullopt;
  const int retried = co_await desk->batches.retry_failed(id, visit->now);
  desk->parts.hurry();
  co_await note_action(desk, visit, "tried again what failed", id);
  co_return retried;
}

}  // namespace streaky::web

#include "web/looks.h"

#include <algorithm>
#include <utility>

#include "account/user_edit.h"
#include "engine/decide.h"
#include "streak/streak.h"

namespace streaky::web {

using runtime::Task;

namespace {

/// An account that did not exist yet had no contributions: that is known.
void fill_before(streak::Calendar& calendar, streak::Label created, streak::Label today) {
  streak::Calendar before;
  streak::Label label = today - std::chrono::days{store::Calendars::kMostDays};
  for (; label < created && label <= today; label += std::chrono::days{1}) before.set(label, 0);
  calendar.merge_larger(before);
}

}  // namespace

Looks::Looks(LooksParts parts)
    : parts_(std::move(parts)),
      checker_(parts_.github, parts_.sealer, parts_.clock, parts_.log),
      stored_(parts_.database),
      calendars_(parts_.database),
      tasks_(parts_.executor, [this](const std::exception_ptr&) {
        parts_.log.error("a look at GitHub ended with an exception");
      }) {}

bool Looks::begin(std::int64_t user_id) {
  if (users_.contains(user_id)) return true;
  if (stopping_ || users_.size() >= kMostAtOnce) return false;
  users_.insert(user_id);
  tasks_.spawn(look(user_id));
  return true;
}

std::optional<Looks::Failure> Looks::failure(std::int64_t user_id) const {
  const auto found = failures_.find(user_id);
  if (found == failures_.end()) return std::nullopt;
  return found->second;
}

void Looks::fail(std::int64_t user_id, std::string code) {
  parts_.metrics.count("streaky_web_looks_failed_total", {{"code", code}});
  if (failures_.size() >= kMostFailures) failures_.clear();
  failures_[user_id] = Failure{.code = std::move(code), .at = parts_.clock.now()};
}

Task<void> Looks::look(std::int64_t user_id) {
  std::string failure;
  try {
    failure = co_await try_look(user_id);
  } catch (const std::exception& error) {
    parts_.log.error("a look at GitHub failed", {{"user", user_id}, {"error", error.what()}});
    failure = "internal";
  }
  users_.erase(user_id);
  if (failure.empty()) {
    failures_.erase(user_id);
  } else {
    fail(user_id, std::move(failure));
  }
}

/// Gives the code of what went wrong, if anything.
Task<std::string> Looks::try_look(std::int64_t user_id) {
  const std::optional<store::User> user = co_await stored_.get(user_id);
  if (!user) co_return "gone";
  const streak::Label today = account::today_of(*user, parts_.clock.now());
  auto subject = checker_.subject_of(*user, today, false);
  if (!subject) co_return subject.error().code;
  subject->full_history = true;
  const github::SeenPtr seen =
      co_await parts_.github.see(std::move(*subject), parts_.clock.now() + kPatience);
  if (!*seen) co_return seen->error().error.code;
  co_await keep(&*user, &**seen, today);
  co_return "";
}

Task<void> Looks::keep(const store::User* user, const github::Sight* sight, streak::Label today) {
  store::SeenCalendar seen;
  seen.calendar = sight->calendar;
  seen.seen_at = sight->seen_at;
  if (sight->created_on) fill_before(seen.calendar, *sight->created_on, today);
  co_await calendars_.save(user->id, std::move(seen), today + std::chrono::days{1});
  auto state = engine::remembered(*user, *sight, today);
  if (!state) co_return;
  const streak::Longest longest = streak::longest_streak(sight->calendar, user->rules);
  state->longest = std::max(state->longest, longest.length);
  co_await stored_.save_streak(user->id, user->settings_version, std::move(*state));
}

}  // namespace streaky::web

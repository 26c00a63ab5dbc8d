#include "engine/checker.h"

#include <utility>

namespace streaky::engine {

namespace {

/// What the service alone saw says nothing of the private days that a token shows since.
bool history_is_good(const store::User& user, runtime::TimePoint now) {
  const store::StreakState& state = user.streak;
  const bool own_view = !user.sealed_token.empty() && !user.token_dead;
  if (own_view && state.views == github::to_text(github::Views::service)) return false;
  return state.history_at && now - *state.history_at <= Checker::kHistoryTrust;
}

runtime::Task<github::SeenPtr> known(github::SeenPtr seen) { co_return std::move(seen); }

}  // namespace

runtime::Result<github::Subject> Checker::subject_of(const store::User& user, streak::Label today,
                                                     bool use_anchor) {
  github::Subject subject;
  subject.user_id = user.id;
  subject.login = user.login;
  subject.node_id = user.node_id;
  subject.database_id = user.database_id;
  subject.own_token_dead = user.token_dead;
  subject.rules = user.rules;
  subject.today = today;
  if (use_anchor) subject.anchor = user.streak.anchor;
  if (!user.sealed_token.empty() && !user.token_dead) {
    auto opened = sealer_.open(
        user.sealed_token,
        {.purpose = crypto::Purpose::github_token, .user_id = user.id, .channel_id = 0});
    if (!opened) {
      // A wrong or missing key is no word of GitHub's: nothing is marked dead, the check waits.
      log_.error("a GitHub token does not open",
                 {{"user", user.id}, {"error", opened.error().code}});
      return std::unexpected(std::move(opened.error()));
    }
    subject.own_token = std::move(*opened);
  }
  return subject;
}

github::SeenPtr Checker::without_asking(const store::User& user, streak::Label today) const {
  if (!user.rules.paused(today)) return nullptr;
  github::Sight sight;
  sight.judgement.verdict = streak::Verdict::day_off;
  sight.judgement.streak = user.streak.length;
  sight.judgement.began = user.streak.began;
  sight.seen_at = clock_.now();
  sight.own_token_dead = user.token_dead;
  return std::make_unique<github::Seen>(std::move(sight));
}

/// No coroutine itself: what the question is made of does not stay in a frame while it is asked.
runtime::Task<github::SeenPtr> Checker::ask(const Request& request, bool use_anchor) {
  auto subject = subject_of(request.user, request.today, use_anchor);
  if (subject) return github_.see(std::move(*subject), request.deadline);
  github::Unseen unseen;
  unseen.error = std::move(subject.error());
  return known(std::make_unique<github::Seen>(std::unexpected(std::move(unseen))));
}

runtime::Task<github::SeenPtr> Checker::look(const store::User* user, streak::Label today,
                                             runtime::TimePoint deadline) {
  github::SeenPtr seen = without_asking(*user, today);
  if (seen) co_return std::move(seen);
  Request request{.user = *user, .today = today, .deadline = deadline};
  const runtime::Millis span = deadline - clock_.now();
  const bool trusted = history_is_good(*user, clock_.now());
  seen = co_await ask(request, trusted);
  // History that cannot be read again is still better than none: the days since are fresh, and
  // what lies before them is what was last seen there.
  const bool walk_failed = !*seen && seen->error().partial.has_value();
  if (walk_failed && !trusted && user->streak.anchor) {
    request.deadline = clock_.now() + span;  // the walk has used up the first one
    github::SeenPtr second = co_await ask(request, true);
    if (*second) {
      (*second)->history_read = false;
      seen = std::move(second);
    }
  }
  co_return std::move(seen);
}

}  // namespace streaky::engine

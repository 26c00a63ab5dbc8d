#include "engine/checker.h"

#include <utility>

namespace streaky::engine {

namespace {

bool history_is_old(const store::StreakState& state, runtime::TimePoint now) {
  return !state.history_at || now - *state.history_at > Checker::kHistoryTrust;
}

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

runtime::Task<Look> Checker::look(const store::User* user, streak::Label today,
                                  runtime::TimePoint deadline) {
  if (user->rules.paused(today)) {
    github::Sight sight;
    sight.judgement.verdict = streak::Verdict::day_off;
    sight.judgement.streak = user->streak.length;
    sight.judgement.began = user->streak.began;
    sight.seen_at = clock_.now();
    sight.own_token_dead = user->token_dead;
    co_return Look(std::move(sight));
  }
  const bool trusted = !history_is_old(user->streak, clock_.now());
  auto subject = subject_of(*user, today, trusted);
  if (!subject) {
    github::Unseen unseen;
    unseen.error = std::move(subject.error());
    co_return std::unexpected(std::move(unseen));
  }
  Look look = co_await github_.see(std::move(*subject), deadline);
  // History that cannot be read again is still better than none: the days since are fresh, and
  // what lies before them is what was last seen there.
  const bool walk_failed = !look && look.error().partial.has_value();
  if (walk_failed && !trusted && user->streak.anchor) {
    auto again = subject_of(*user, today, true);
    if (!again) co_return look;
    Look second = co_await github_.see(std::move(*again), deadline);
    if (second) {
      second->history_read = false;
      co_return second;
    }
  }
  co_return look;
}

}  // namespace streaky::engine

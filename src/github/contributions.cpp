#include "github/contributions.h"

#include <utility>

#include "github/batcher.h"
#include "github/look.h"

namespace streaky::github {

namespace {

BatcherOptions batcher_options(const ContributionsOptions& options) {
  return {.request_timeout = options.request_timeout,
          .first_batch = options.first_batch,
          .most_per_batch = options.most_per_batch};
}

/// The budget's name of a user's own token; the service's are 0 and above.
TokenBudget::TokenId own_id_of(std::int64_t user_id) { return -1 - user_id; }

AskFailure no_usable_token(bool own_dead) {
  if (own_dead) return {{Trouble::bad_token, "the own token is dead, the service has none"}, {}};
  return {{Trouble::no_credentials, "neither the service nor the user has a token"}, {}};
}

}  // namespace

const char* to_text(Views views) {
  switch (views) {
    case Views::service:
      return "service";
    case Views::own:
      return "own";
    case Views::both:
      return "both";
  }
  return "service";
}

class Contributions::Impl {
 public:
  Impl(net::HttpClient& http, TokenBudget& budget, runtime::Clock& clock, runtime::Random& random,
       runtime::Log& log, runtime::Metrics& metrics, runtime::Executor executor,
       const ContributionsOptions& options)
      : budget_(budget),
        clock_(clock),
        log_(log),
        exchange_(http, metrics, options.api_url),
        batcher_(exchange_, budget, clock, random, log, std::move(executor),
                 batcher_options(options)) {}

  runtime::Task<std::expected<Sight, Unseen>> see(Subject subject, runtime::TimePoint deadline);
  runtime::Task<void> wait_idle() { return batcher_.wait_idle(); }

 private:
  Question question_for(const Look& look, streak::LabelRange window,
                        runtime::TimePoint deadline) const;
  runtime::Task<BothViews> ask(Question question, runtime::Secret own_token, bool service,
                               std::int64_t user_id);
  void note_dead_token(Look& look, const BothViews& views);

  TokenBudget& budget_;    // borrowed
  runtime::Clock& clock_;  // borrowed
  runtime::Log& log_;      // borrowed
  Exchange exchange_;
  Batcher batcher_;
};

Question Contributions::Impl::question_for(const Look& look, streak::LabelRange window,
                                           runtime::TimePoint deadline) const {
  Question question;
  question.who = look.who();
  question.window = window;
  question.utc_today = look.utc_today();
  question.deadline = deadline;
  return question;
}

/// Both views at the same time, as far as there are tokens for them.
runtime::Task<BothViews> Contributions::Impl::ask(Question question, runtime::Secret own_token,
                                                  bool service, std::int64_t user_id) {
  Batcher::AskPtr own;
  if (!own_token.empty()) {
    Question copy{question.who,      question.window,      question.utc_today,
                  question.deadline, std::move(own_token), own_id_of(user_id)};
    own = batcher_.begin(std::move(copy));
  }
  BothViews views;
  if (service) {
    const Batcher::AskPtr asked = batcher_.begin(std::move(question));
    views.service = co_await batcher_.wait(asked);
  }
  if (own) views.own = co_await batcher_.wait(own);
  co_return views;
}

void Contributions::Impl::note_dead_token(Look& look, const BothViews& views) {
  look.mark_own_dead();
  const char* reason = to_text(views.own->error().failure.trouble);
  log_.warn("a user's own token is refused", {{"user", look.subject().user_id}, {"code", reason}});
}

runtime::Task<std::expected<Sight, Unseen>> Contributions::Impl::see(Subject subject,
                                                                     runtime::TimePoint deadline) {
  const auto utc_today = std::chrono::floor<std::chrono::days>(clock_.now());
  Look look(std::move(subject), utc_today);
  const bool service = budget_.service_tokens() > 0;
  for (;;) {
    runtime::Secret own_token;
    if (!look.own_dead()) own_token = look.subject().own_token.clone();
    if (!service && own_token.empty()) {
      const AskFailure failure = no_usable_token(look.own_dead());
      co_return std::unexpected(look.unseen(failure));
    }
    Question question = question_for(look, look.walk().current(), deadline);
    BothViews views =
        co_await ask(std::move(question), std::move(own_token), service, look.subject().user_id);
    if (too_heavy(views) && look.walk().shorten()) continue;

    if (own_token_refused(views)) note_dead_token(look, views);
    const Combined window = combine(std::move(views));
    if (!window.complete()) {
      if (window.reading) {
        auto half = look.sight_of_half(window, clock_.now());
        if (half) co_return std::move(*half);
      }
      co_return std::unexpected(look.unseen(*window.failure));
    }
    look.add(window, clock_.now());
    if (!look.wants_older() || !look.walk().go_back(look.earliest())) break;
  }
  if (look.wants_older()) {
    const AskFailure failure{{Trouble::bad_answer, "the history has no end"}, {}};
    co_return std::unexpected(look.unseen(failure));
  }
  co_return look.sight();
}

Contributions::Contributions(net::HttpClient& http, TokenBudget& budget, runtime::Clock& clock,
                             runtime::Random& random, runtime::Log& log, runtime::Metrics& metrics,
                             runtime::Executor executor, ContributionsOptions options)
    : impl_(std::make_unique<Impl>(http, budget, clock, random, log, metrics, std::move(executor),
                                   options)) {}

Contributions::~Contributions() = default;

runtime::Task<std::expected<Sight, Unseen>> Contributions::see(Subject subject,
                                                               runtime::TimePoint deadline) {
  return impl_->see(std::move(subject), deadline);
}

runtime::Task<void> Contributions::wait_idle() { return impl_->wait_idle(); }

}  // namespace streaky::github

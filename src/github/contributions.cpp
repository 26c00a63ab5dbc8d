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

  runtime::Task<SeenPtr> see(Subject subject, runtime::TimePoint deadline);
  runtime::Task<void> wait_idle() { return batcher_.wait_idle(); }

 private:
  /// One call of `see`. Apart from its coroutine, whose frame stays small that way.
  struct Glance {
    Glance(Subject subject, streak::Label utc_today, runtime::TimePoint end)
        : look(std::move(subject), utc_today), deadline(end) {}

    Look look;
    runtime::TimePoint deadline;
    Batcher::AskPtr service;  // the views that are being asked
    Batcher::AskPtr own;
    SeenPtr seen;  // set by what ends the look
  };

  runtime::Task<SeenPtr> look_on(std::unique_ptr<Glance> glance);
  void ask(Glance& glance);
  void take_in(Glance& glance);
  static void fail(Glance& glance, const AskFailure& failure);
  Question question_for(const Look& look, streak::LabelRange window,
                        runtime::TimePoint deadline) const;
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
void Contributions::Impl::ask(Glance& glance) {
  Look& look = glance.look;
  glance.service.reset();
  glance.own.reset();
  runtime::Secret own_token;
  if (!look.own_dead()) own_token = look.subject().own_token.clone();
  const bool service = budget_.service_tokens() > 0;
  if (!service && own_token.empty()) return fail(glance, no_usable_token(look.own_dead()));
  if (!own_token.empty()) {
    Question question = question_for(look, look.walk().current(), glance.deadline);
    question.own_token = std::move(own_token);
    question.own_id = own_id_of(look.subject().user_id);
    glance.own = batcher_.begin(std::move(question));
  }
  if (service) {
    glance.service = batcher_.begin(question_for(look, look.walk().current(), glance.deadline));
  }
}

void Contributions::Impl::note_dead_token(Look& look, const BothViews& views) {
  look.mark_own_dead();
  const char* reason = to_text(views.own->error().failure.trouble);
  log_.warn("a user's own token is refused", {{"user", look.subject().user_id}, {"code", reason}});
}

void Contributions::Impl::fail(Glance& glance, const AskFailure& failure) {
  glance.seen = std::make_unique<Seen>(std::unexpected(glance.look.unseen(failure)));
}

/// Ends the look, or asks on.
void Contributions::Impl::take_in(Glance& glance) {
  Look& look = glance.look;
  BothViews views;
  if (glance.service) views.service = Batcher::take(glance.service);
  if (glance.own) views.own = Batcher::take(glance.own);
  if (too_heavy(views) && look.walk().shorten()) return ask(glance);

  if (own_token_refused(views)) note_dead_token(look, views);
  const Combined window = combine(std::move(views));
  if (!window.complete()) {
    std::optional<Sight> half;
    if (window.reading) half = look.sight_of_half(window, clock_.now());
    if (!half) return fail(glance, *window.failure);
    if (half->judgement.verdict == streak::Verdict::at_risk) {
      // The refusal may pass, and private work show: what is certain now waits for its hour.
      Unseen unseen = look.unseen(*window.failure);
      unseen.partial = std::move(half);
      glance.seen = std::make_unique<Seen>(std::unexpected(std::move(unseen)));
      return;
    }
    glance.seen = std::make_unique<Seen>(std::move(*half));
    return;
  }
  look.add(window, clock_.now());
  if (!look.wants_older()) {
    glance.seen = std::make_unique<Seen>(look.sight());
  } else if (look.walk().go_back(look.earliest())) {
    ask(glance);
  } else {
    fail(glance, {{Trouble::bad_answer, "the history has no end"}, {}});
  }
}

runtime::Task<SeenPtr> Contributions::Impl::look_on(std::unique_ptr<Glance> glance) {
  ask(*glance);
  while (!glance->seen) {
    if (glance->service) co_await batcher_.answered(glance->service);
    if (glance->own) co_await batcher_.answered(glance->own);
    take_in(*glance);
  }
  co_return std::move(glance->seen);
}

runtime::Task<SeenPtr> Contributions::Impl::see(Subject subject, runtime::TimePoint deadline) {
  const auto utc_today = std::chrono::floor<std::chrono::days>(clock_.now());
  return look_on(std::make_unique<Glance>(std::move(subject), utc_today, deadline));
}

Contributions::Contributions(net::HttpClient& http, TokenBudget& budget, runtime::Clock& clock,
                             runtime::Random& random, runtime::Log& log, runtime::Metrics& metrics,
                             runtime::Executor executor, ContributionsOptions options)
    : impl_(std::make_unique<Impl>(http, budget, clock, random, log, metrics, std::move(executor),
                                   options)) {}

Contributions::~Contributions() = default;

runtime::Task<SeenPtr> Contributions::see(Subject subject, runtime::TimePoint deadline) {
  return impl_->see(std::move(subject), deadline);
}

runtime::Task<void> Contributions::wait_idle() { return impl_->wait_idle(); }

}  // namespace streaky::github

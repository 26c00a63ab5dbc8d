// The sending side of the batcher: one batch until each of its questions is settled.
#include <algorithm>
#include <utility>

#include "github/ask.h"
#include "github/batcher.h"

namespace streaky::github {

using runtime::Millis;
using runtime::TimePoint;

namespace {

constexpr Millis kLeastNap{100};  // so that a refusal without a future cannot spin

/// Failures of the service as a whole, as far as one answer can tell.
bool hints_at_outage(Trouble trouble) {
  return trouble == Trouble::timeout || trouble == Trouble::unavailable ||
         trouble == Trouble::bad_answer;
}

}  // namespace

runtime::Task<void> Batcher::carry(Batch batch, TokenBudget::Lease lease) {
  for (;;) {
    prune(batch);
    if (batch.empty()) co_return;
    if (!lease.held()) {
      auto leased = co_await lease_for(batch.front());
      if (!leased) {
        refuse(batch, leased.error());
        const TimePoint at = std::max(leased.error().retry_at, clock_.now() + kLeastNap);
        if (!batch.empty()) co_await clock_.sleep_until(at);
        continue;
      }
      lease = std::move(*leased);
      prune(batch);  // some may have left while the token was busy
      if (batch.empty()) co_return;
    }
    batch = co_await send_once(std::move(batch), std::move(lease));
    lease = TokenBudget::Lease{};
    const Millis pause = prepare_next(batch);
    if (!batch.empty() && pause > Millis{0}) co_await clock_.sleep_for(pause);
  }
}

runtime::Task<void> Batcher::carry_after(Batch batch, Millis pause) {
  if (pause > Millis{0}) co_await clock_.sleep_for(pause);
  co_await carry(std::move(batch), TokenBudget::Lease{});
}

runtime::Task<std::expected<TokenBudget::Lease, TokenBudget::Refusal>> Batcher::lease_for(
    AskPtr ask) {
  const TimePoint deadline = ask->question.deadline;
  if (!ask->own()) co_return co_await budget_.lease_service(deadline);
  co_return co_await budget_.lease_own(ask->question.own_id, deadline);
}

runtime::Task<Batcher::Batch> Batcher::send_once(Batch batch, TokenBudget::Lease lease) {
  for (const AskPtr& ask : batch) {
    ++ask->sends;
    ask->last_size = batch.size();
  }
  Request request = request_for(batch, lease);
  const Millis begun = clock_.monotonic();
  const Answer answer = co_await exchange_.send(std::move(request), std::move(lease));
  learn(batch, answer, begun);
  co_return settle(std::move(batch), answer);
}

Request Batcher::request_for(const Batch& batch, const TokenBudget::Lease& lease) const {
  const Question& first = batch.front()->question;
  Request request;
  request.by = ask_by(first.who);
  request.window = first.window;
  request.utc_today = first.utc_today;
  TimePoint latest = first.deadline;
  for (const AskPtr& ask : batch) {
    request.whom.push_back(ask->question.who);
    latest = std::max(latest, ask->question.deadline);
  }
  const bool own = batch.front()->own();
  request.authorization = "Bearer ";
  request.authorization += own ? first.own_token.reveal() : lease.service_text();
  request.timeout = std::min(options_.request_timeout, latest - clock_.now());
  return request;
}

Batcher::Batch Batcher::settle(Batch batch, const Answer& answer) {
  Batch left;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const AskPtr& ask = batch[i];
    if (answer.whole) {
      ask->last = *answer.whole;
      left.push_back(ask);
    } else if (answer.users[i]) {
      resolve(ask, *answer.users[i]);
    } else if (remedy_of(answer.users[i].error().trouble) == Remedy::accept) {
      resolve(ask, std::unexpected(AskFailure{answer.users[i].error(), {}}));
    } else {
      ask->last = answer.users[i].error();
      left.push_back(ask);
    }
  }
  return left;
}

void Batcher::learn(const Batch& batch, const Answer& answer, Millis begun) {
  const bool answered = !answer.whole;
  const int users = static_cast<int>(batch.size());
  const bool heavy = !answered && remedy_of(answer.whole->trouble) == Remedy::split;
  if (answered) {
    outage_.answered();
  } else if (hints_at_outage(answer.whole->trouble)) {
    outage_.failed(begun, clock_.monotonic(), users, heavy);
  }
  if (batch.front()->own()) return;
  BatchSize& size = sizes_.of(batch.front()->question.window);
  const bool heavy_user = std::ranges::any_of(answer.users, [](const auto& user) {
    return !user && remedy_of(user.error().trouble) == Remedy::split;
  });
  // While GitHub is down, its failures say nothing about sizes. Nor do those of smaller and smaller
  // parts of one request: they lead to one heavy user, and that user alone asks for less.
  const bool part = users < 2 || batch.front()->sends > 1;
  if (heavy_user || (heavy && !outage_.likely())) {
    if (!part) size.too_heavy(users);
  } else if (answered) {
    size.succeeded(users);
  }
}

/// Decides what becomes of the questions that a request left open: they stay in `batch` to be sent
/// again after the returned pause, or are settled as failed.
Millis Batcher::prepare_next(Batch& batch) {
  prune(batch);
  if (batch.empty()) return Millis{0};
  const Trouble trouble = batch.front()->last->trouble;
  const Remedy remedy = remedy_of(trouble);
  const bool own = batch.front()->own();
  // For a user's own token there is no other one to ask with.
  const bool own_refused = own && (remedy == Remedy::drop_token || trouble == Trouble::forbidden);
  if (remedy == Remedy::give_up || own_refused) {
    if (!own) log_.error("GitHub refuses our query", {{"code", to_text(trouble)}});
    fail_all(batch);
    return Millis{0};
  }
  if (remedy == Remedy::drop_token) {
    log_.error("GitHub refuses a service token", {{"code", to_text(trouble)}});
  }
  if (remedy == Remedy::drop_token || remedy == Remedy::change_token) {
    std::erase_if(batch, [this](const AskPtr& ask) {
      if (ask->sends < kMostSends) return false;
      resolve(ask, std::unexpected(AskFailure{*ask->last, {}}));
      return true;
    });
    return Millis{0};
  }
  if (outage_.likely() && hints_at_outage(trouble)) {
    // When everything fails, insisting would only add load: the callers come back later. Nor is it
    // the window's length, so that must not be what they try next.
    for (const AskPtr& ask : batch) ask->last->trouble = Trouble::unavailable;
    fail_all(batch);
    return Millis{0};
  }
  const int tries = batch.front()->tries;
  Millis pause = random_.jitter(kFirstPause * (1 << std::min(tries, kMostQuickTries)));
  if (trouble == Trouble::resource_limits) pause = Millis{0};
  if (!split(batch, pause)) drop_tired(batch);
  const bool in_time = std::ranges::any_of(batch, [this, pause](const AskPtr& ask) {
    return clock_.now() + pause < ask->question.deadline;
  });
  if (!in_time) fail_all(batch);
  return pause;
}

/// Cuts a batch that failed as a whole, or for the most part, in two. The other half goes its own
/// way from here.
bool Batcher::split(Batch& batch, Millis pause) {
  const bool smaller_may_help = std::ranges::any_of(batch, [](const AskPtr& ask) {
    return remedy_of(ask->last->trouble) == Remedy::split ||
           ask->last->trouble == Trouble::bad_answer;
  });
  if (!smaller_may_help || batch.front()->last_size < 2) return false;
  if (batch.size() * 2 <= batch.front()->last_size) return true;  // small enough by itself
  const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
  if (middle == batch.begin()) return true;
  Batch other(middle, batch.end());
  batch.erase(middle, batch.end());
  tasks_.spawn(carry_after(std::move(other), pause));
  return true;
}

/// Settles those that were tried often enough. A long window that is too heavy for one user is not
/// tried again as it is: its asker comes back with a shorter one.
void Batcher::drop_tired(Batch& batch) {
  std::erase_if(batch, [this](const AskPtr& ask) {
    ++ask->tries;
    const bool heavy = remedy_of(ask->last->trouble) == Remedy::split;
    const bool shorter_helps = heavy && days_in(ask->question.window) > kShortestWindow;
    if (!shorter_helps && ask->tries <= kMostQuickTries && ask->sends < kMostSends) return false;
    resolve(ask, std::unexpected(AskFailure{*ask->last, {}}));
    return true;
  });
}

}  // namespace streaky::github

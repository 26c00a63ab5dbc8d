// The queue side: how questions gather and leave. What happens to a batch then: batch_carry.cpp.
#include "github/batcher.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "github/ask.h"

namespace streaky::github {

using runtime::Millis;
using runtime::TimePoint;

Batcher::Batcher(Exchange& exchange, TokenBudget& budget, runtime::Clock& clock,
                 runtime::Random& random, runtime::Log& log, runtime::Executor executor,
                 BatcherOptions options)
    : exchange_(exchange),
      budget_(budget),
      clock_(clock),
      random_(random),
      log_(log),
      executor_(executor),
      options_(options),
      sizes_(options.first_batch, options.most_per_batch),
      tasks_(std::move(executor), [&log](const std::exception_ptr&) {
        // The questions of that batch end at their deadlines.
        log.error("a request to GitHub ended with an exception");
      }) {}

Batcher::~Batcher() {
  for (const auto& [key, group] : groups_) {
    if (group.linger) clock_.cancel(*group.linger);
  }
}

Batcher::AskPtr Batcher::begin(Question question) {
  auto ask = std::make_shared<Ask>(std::move(question), clock_);
  if (!can_be_asked(ask->question.who)) {
    resolve(ask, std::unexpected(AskFailure{{Trouble::not_found, "not a GitHub name"}, {}}));
  } else if (ask->own()) {
    Batch batch{ask};
    tasks_.spawn(carry(std::move(batch), TokenBudget::Lease{}));
  } else if (waiting_ >= kMostWaiting) {
    resolve(ask, std::unexpected(AskFailure{{Trouble::unavailable, "too many questions"}, {}}));
  } else {
    enqueue(ask);
  }
  return ask;
}

runtime::Task<void> Batcher::answered(AskPtr ask) {
  while (!ask->result) {
    const Millis left = ask->question.deadline - clock_.now();
    if (left > Millis{0}) {
      co_await ask->wake.wait_for(left);
    } else {
      abandon(ask);
    }
  }
}

void Batcher::abandon(const AskPtr& ask) {
  ask->abandoned = true;
  AskFailure late;
  late.failure = ask->last.value_or(Failure{Trouble::timeout, {}});
  late.deadline = true;
  ask->result = std::unexpected(std::move(late));
}

AskResult Batcher::take(const AskPtr& ask) { return std::move(*ask->result); }

void Batcher::enqueue(const AskPtr& ask) {
  const Question& question = ask->question;
  const GroupKey key{ask_by(question.who), question.window.from, question.window.to,
                     question.utc_today};
  Group& group = groups_[key];
  group.window = question.window;
  group.latest_deadline = std::max(group.latest_deadline, question.deadline);
  group.waiting.push_back(ask);
  ++waiting_;
  call_senders(key, group, false);
  linger_over(key, group);
}

void Batcher::linger_over(const GroupKey& key, Group& group) {
  if (group.linger) return;
  group.linger = clock_.call_at(clock_.monotonic() + kLinger, [this, key] {
    const auto found = groups_.find(key);
    if (found == groups_.end()) return;
    found->second.linger.reset();
    call_senders(key, found->second, true);
    leave(key, found->second);
  });
}

void Batcher::call_senders(const GroupKey& key, Group& group, bool for_few) {
  const auto size = static_cast<std::size_t>(sizes_.of(group.window).current());
  while (group.senders_in_line * size < group.waiting.size()) {
    const std::size_t unserved = group.waiting.size() - group.senders_in_line * size;
    if (!for_few && unserved < size) return;
    ++group.senders_in_line;
    ++group.senders;
    tasks_.spawn(send_group(key));
  }
}

runtime::Task<void> Batcher::send_group(GroupKey key) {
  Group& group = groups_.at(key);  // stays while it has senders
  while (!group.waiting.empty()) {
    auto leased = co_await budget_.lease_service(group.latest_deadline);
    const int size = sizes_.of(group.window).current();
    const std::size_t most = leased ? static_cast<std::size_t>(size) : group.waiting.size();
    Batch batch = take_waiting(group, most);
    --group.senders_in_line;
    if (leased && !batch.empty()) {
      co_await carry(std::move(batch), std::move(*leased));
    } else if (!leased) {
      refuse(batch, leased.error());
      const TimePoint at = leased.error().retry_at;
      if (!batch.empty()) co_await wait_and_enqueue(std::move(batch), at);
    }
    ++group.senders_in_line;
  }
  --group.senders_in_line;
  --group.senders;
  leave(key, group);
}

Batcher::Batch Batcher::take_waiting(Group& group, std::size_t most) {
  Batch batch;
  const TimePoint now = clock_.now();
  while (batch.size() < most && !group.waiting.empty()) {
    AskPtr ask = std::move(group.waiting.front());
    group.waiting.pop_front();
    --waiting_;
    if (!ask->abandoned && now < ask->question.deadline) batch.push_back(std::move(ask));
  }
  return batch;
}

void Batcher::leave(const GroupKey& key, Group& group) {
  if (group.senders == 0 && group.waiting.empty() && !group.linger) groups_.erase(key);
}

runtime::Task<void> Batcher::wait_and_enqueue(Batch batch, TimePoint at) {
  co_await clock_.sleep_until(at);
  for (const AskPtr& ask : batch) enqueue(ask);
}

void Batcher::refuse(Batch& batch, const TokenBudget::Refusal& refusal) {
  if (refusal.dead) {
    const bool none = budget_.service_tokens() == 0;
    const Failure failure{none ? Trouble::no_credentials : Trouble::bad_token,
                          none ? "the service has no token" : "no service token works"};
    for (const AskPtr& ask : batch) ask->last = failure;
    fail_all(batch);
    return;
  }
  // Those who can wait for the limit's end do; the others hear now when asking will help.
  std::erase_if(batch, [this, &refusal](const AskPtr& ask) {
    if (refusal.retry_at < ask->question.deadline) return false;
    AskFailure failure;
    failure.failure = ask->last.value_or(Failure{Trouble::primary_limit, "no token may ask now"});
    failure.retry_at = refusal.retry_at;
    resolve(ask, std::unexpected(std::move(failure)));
    return true;
  });
}

void Batcher::resolve(const AskPtr& ask, AskResult result) {
  if (ask->result || ask->abandoned) return;
  ask->result = std::move(result);
  // Not at once: the caller would run inside this loop over its neighbours.
  boost::asio::post(executor_, [ask] { ask->wake.notify(); });
}

void Batcher::prune(Batch& batch) const {
  const TimePoint now = clock_.now();
  std::erase_if(batch, [now](const AskPtr& ask) {
    return ask->result || ask->abandoned || ask->question.deadline <= now;
  });
}

void Batcher::fail_all(Batch& batch) {
  for (const AskPtr& ask : batch) {
    AskFailure failure;
    failure.failure = ask->last.value_or(Failure{Trouble::unavailable, {}});
    resolve(ask, std::unexpected(std::move(failure)));
  }
  batch.clear();
}

}  // namespace streaky::github

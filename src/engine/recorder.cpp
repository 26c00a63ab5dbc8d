#include "engine/recorder.h"

#include <exception>
#include <unordered_map>
#include <utility>

namespace streaky::engine {

Recorder::Recorder(Parts parts, const runtime::Executor& executor,
                   const runtime::TaskGroup::OnException& on_exception)
    : parts_(std::move(parts)),
      jobs_(parts_.clock, parts_.log, executor, on_exception,
            [this](const std::vector<store::JobOutcome>* items) { return write_jobs(items); }),
      deliveries_(parts_.clock, parts_.log, executor, on_exception,
                  [this](const std::vector<store::DeliveryOutcome>* items) {
                    return write_deliveries(items);
                  }),
      retries_(
          parts_.clock, parts_.log, executor, on_exception,
          [this](const std::vector<store::DeliveryOutcome>* items) {
            return write_deliveries(items);
          },
          Effort::once) {}

runtime::Task<std::vector<store::FinishResult>> Recorder::write_jobs(
    const std::vector<store::JobOutcome>* items) {
  const auto now = parts_.clock.now();
  auto results = co_await parts_.jobs.finish(parts_.owner, *items, now, now + parts_.lease);
  std::unordered_map<std::int64_t, store::FinishResult> by_job;
  for (auto& result : results) by_job.emplace(result.job_id, std::move(result));
  std::vector<store::FinishResult> answers;
  answers.reserve(items->size());
  for (const auto& item : *items) {
    store::FinishResult answer;
    answer.job_id = item.job_id;
    answer.finish = store::Finish::stale;
    if (const auto found = by_job.find(item.job_id); found != by_job.end()) {
      answer = std::move(found->second);
    }
    answers.push_back(std::move(answer));
  }
  co_return answers;
}

runtime::Task<std::vector<Recorder::SwitchedOffs>> Recorder::write_deliveries(
    const std::vector<store::DeliveryOutcome>* items) {
  auto switched_off = co_await parts_.deliveries.record(parts_.owner, *items, parts_.clock.now());
  std::unordered_map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < items->size(); ++i) index.emplace((*items)[i].id, i);
  std::vector<SwitchedOffs> answers(items->size());
  for (auto& channel : switched_off) {
    const auto found = index.find(channel.delivery_id);
    if (found != index.end()) answers[found->second].push_back(std::move(channel));
  }
  co_return answers;
}

runtime::Task<std::optional<bool>> Recorder::still_ours(std::string delivery_id, streak::Label date,
                                                        int attempt) {
  const runtime::TimePoint now = parts_.clock.now();
  try {
    co_return co_await parts_.deliveries.still_held({.owner = parts_.owner,
                                                     .id = std::move(delivery_id),
                                                     .date = date,
                                                     .attempt = attempt,
                                                     .needed_until = now + parts_.lease / 2,
                                                     .lease_until = now + parts_.lease});
  } catch (const std::exception& error) {
    // Whatever it was: who asked has others waiting, and asks again.
    parts_.log.warn("whose a message is cannot be asked", {{"error", error.what()}});
  }
  co_return std::nullopt;
}

runtime::Task<void> Recorder::drain() {
  co_await jobs_.drain();
  co_await deliveries_.drain();
  co_await retries_.drain();
}

void Recorder::give_up() {
  jobs_.give_up();
  deliveries_.give_up();
  retries_.give_up();
}

}  // namespace streaky::engine

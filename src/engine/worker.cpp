#include "engine/worker.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "engine/plan.h"

namespace streaky::engine {

namespace {

store::ClaimedDelivery claimed(const store::ClaimedJob& job, const store::Channel& channel,
                               store::NewDelivery written) {
  store::ClaimedDelivery delivery;
  delivery.id = std::move(written.id);
  delivery.batch_id = job.batch_id;
  delivery.job_id = job.id;
  delivery.user_id = job.user.id;
  delivery.channel_id = channel.id;
  delivery.channel_kind = channel.kind;
  delivery.channel_level = channel.level;
  delivery.sealed = channel.sealed;
  delivery.kind = std::move(written.kind);
  delivery.message = std::move(written.message);
  delivery.date = job.date;
  delivery.zone = job.zone;
  delivery.stage = job.stage;
  delivery.checked_at = written.checked_at;
  delivery.expires_at = job.expires_at;
  delivery.attempt = 1;
  return delivery;
}

bool is_due(const std::optional<runtime::TimePoint>& at, runtime::TimePoint now) {
  return at && *at <= now;
}

runtime::Millis until_first(const store::Jobs::Due& due, runtime::TimePoint now) {
  runtime::Millis rest = runtime::Millis::max();
  for (const auto& at : {due.jobs, due.alone, due.deliveries}) {
    if (at) rest = std::min(rest, *at - now);
  }
  return rest;
}

}  // namespace

Worker::Worker(Parts parts, Options options, runtime::Executor executor,
               runtime::TaskGroup::OnException on_exception)
    : parts_(std::move(parts)),
      options_(options),
      loop_("worker", parts_.clock, parts_.log, [this] { return pass(); }),
      changed_(parts_.clock),
      tasks_(std::move(executor), std::move(on_exception)) {}

void Worker::stop() {
  loop_.stop();
  changed_.notify();
}

runtime::Task<runtime::Millis> Worker::pass() {
  const runtime::TimePoint now = parts_.clock.now();
  const store::Jobs::Due due = co_await parts_.jobs.next_due(now);
  const bool jobs_wait = is_due(due.jobs, now) || is_due(due.alone, now);
  const bool deliveries_wait = is_due(due.deliveries, now);
  if (!jobs_wait && !deliveries_wait) co_return std::min(options_.poll, until_first(due, now));
  int taken = 0;
  if (jobs_wait) taken += co_await claim_jobs(takes_alone(due, now));
  if (deliveries_wait) taken += co_await claim_deliveries();
  if (taken > 0) co_return runtime::Millis{0};
  // What is due cannot be taken now: everything is full, or a job runs alone.
  co_return kBusyPause;
}

bool Worker::takes_alone(const store::Jobs::Due& due, runtime::TimePoint now) const {
  if (!is_due(due.alone, now)) return false;
  const bool others_wait = is_due(due.jobs, now) || is_due(due.deliveries, now);
  return !others_wait || parts_.clock.monotonic() >= alone_again_;
}

std::size_t Worker::room() const {
  return options_.in_flight - std::min(options_.in_flight, in_hand_.size());
}

/// Small claims cost a transaction each: wait until a decent one fits.
std::size_t Worker::worthwhile() const {
  return std::min<std::size_t>(options_.in_flight, static_cast<std::size_t>(options_.claim)) / 4;
}

runtime::Task<int> Worker::claim_jobs(bool alone_next) {
  const std::size_t room = this->room();
  full_ = room <= worthwhile();
  if (alone_ || full_) co_return 0;
  // Nothing joins what is in hand while a job waits for it to end.
  if (alone_next && in_hand_.size() > put_off_) co_return 0;
  const int limit =
      static_cast<int>(std::min<std::size_t>(room, static_cast<std::size_t>(options_.claim)));
  const runtime::TimePoint now = parts_.clock.now();
  auto jobs =
      co_await parts_.jobs.claim(parts_.owner, limit, alone_next, now, now + options_.lease);
  const int count = static_cast<int>(jobs.size());
  for (store::ClaimedJob& job : jobs) {
    in_hand_.insert(job.id);
    alone_ = alone_ || job.alone;
    tasks_.spawn(work(std::move(job)));
  }
  co_return count;
}

runtime::Task<int> Worker::claim_deliveries() {
  const std::size_t room = parts_.sender.room();
  if (room == 0 || loop_.stopping()) co_return 0;
  const runtime::TimePoint now = parts_.clock.now();
  const runtime::Millis since = parts_.clock.monotonic();
  const int limit = static_cast<int>(std::min<std::size_t>(room, kDeliveriesPerClaim));
  auto deliveries = co_await parts_.deliveries.claim(parts_.owner, limit, now, now + options_.lease,
                                                     kDeliveriesAhead);
  const int count = static_cast<int>(deliveries.size());
  for (store::ClaimedDelivery& delivery : deliveries)
    parts_.sender.take(std::move(delivery), since);
  co_return count;
}

runtime::Task<void> Worker::work(store::ClaimedJob job) {
  const std::int64_t id = job.id;
  const bool was_alone = job.alone;
  if (!loop_.stopping()) {
    std::string trouble;
    try {
      co_await judge(&job);
    } catch (const std::exception& error) {
      trouble = error.what();
    }
    if (!trouble.empty()) {
      ++put_off_;
      co_await put_off(&job, std::move(trouble));
      --put_off_;
    }
    in_hand_.erase(id);
    if (full_ && room() > worthwhile()) {
      full_ = false;
      loop_.hurry();
    }
  }
  if (was_alone) {
    alone_ = false;
    alone_again_ = parts_.clock.monotonic() + kBetweenAlone;
  }
  changed_.notify();
}

runtime::Task<void> Worker::judge(store::ClaimedJob* job) {
  for (int round = 0; round < kMostRejudged; ++round) {
    const runtime::TimePoint deadline = parts_.clock.now() + options_.deadline;
    github::SeenPtr seen = co_await parts_.checker.look(&job->user, job->date, deadline);
    job->expires_at =
        end_of_day(job->user, job->zone, job->date, job->expires_at, parts_.clock.now());
    const runtime::Millis since = parts_.clock.monotonic();
    auto finishing = finish(job, record(*job, *seen), since);
    seen.reset();
    const bool done = co_await std::move(finishing);
    if (done) co_return;
  }
  auto releasing = parts_.jobs.release(parts_.owner, {job->id});
  co_await std::move(releasing);
}

/// False when the settings have changed meanwhile: `job` has the new ones, to be judged again.
/// Apart from `judge`, which is held for each user who is being asked about.
runtime::Task<bool> Worker::finish(store::ClaimedJob* job,
                                   runtime::Task<store::FinishResult> recording,
                                   runtime::Millis since) {
  store::FinishResult result = co_await std::move(recording);
  if (result.finish == store::Finish::accepted) {
    send_written(*job, std::move(result.written), since);
    if (result.end == store::JobEnd::retry) loop_.hurry();
    co_return true;
  }
  if (result.finish == store::Finish::stale) {
    parts_.log.info("result came too late", {{"batch", job->batch_id}, {"job", job->id}});
    co_return true;
  }
  auto user = co_await parts_.jobs.reread(job->user.id);
  if (!user) co_return true;
  job->user = std::move(*user);
  co_return false;
}

/// No coroutine itself: what was seen and decided does not stay in a frame while it is written.
runtime::Task<store::FinishResult> Worker::record(const store::ClaimedJob& job, const Look& look) {
  if (!look) {
    parts_.log.info("check has no answer", {{"batch", job.batch_id},
                                            {"job", job.id},
                                            {"error", look.error().error.code},
                                            {"detail", look.error().error.message}});
  }
  const Circumstances circumstances{
      .job = job, .now = parts_.clock.now(), .send_at_once = parts_.sender.room() > 0};
  store::JobOutcome outcome = decide(circumstances, look, parts_.random);
  ++checks_;
  parts_.metrics.count("streaky_checks_total", {{"verdict", streak::to_text(outcome.verdict)}});
  return parts_.recorder.finish(std::move(outcome));
}

void Worker::send_written(const store::ClaimedJob& job, std::vector<store::NewDelivery> written,
                          runtime::Millis since) {
  bool waiting = false;
  for (store::NewDelivery& delivery : written) {
    if (!delivery.leased) {
      waiting = true;
      continue;
    }
    const auto channel =
        std::ranges::find(job.user.channels, delivery.channel_id, &store::Channel::id);
    if (channel == job.user.channels.end()) continue;
    parts_.sender.take(claimed(job, *channel, std::move(delivery)), since);
  }
  if (waiting) loop_.hurry();
}

/// An exception is a bug of ours, or a row that the database refuses: the job waits its turn like
/// one without an answer. It stays in hand, and so under its lease, until that is written.
runtime::Task<void> Worker::put_off(store::ClaimedJob* job, std::string trouble) {
  parts_.log.error("a job failed unexpectedly",
                   {{"batch", job->batch_id}, {"job", job->id}, {"error", trouble}});
  parts_.metrics.count("streaky_job_exceptions_total");
  while (!co_await record_trouble(job, trouble)) {
    const runtime::Millis again = parts_.clock.monotonic() + kPutOffPause;
    while (!loop_.stopping() && parts_.clock.monotonic() < again) {
      co_await changed_.wait_for(again - parts_.clock.monotonic());
    }
    if (loop_.stopping()) co_return;  // its lease lapses
  }
}

runtime::Task<bool> Worker::record_trouble(store::ClaimedJob* job, std::string trouble) {
  github::Unseen unseen;
  unseen.error = {.code = "exception", .message = std::move(trouble)};
  const Look look = std::unexpected(std::move(unseen));
  const Circumstances circumstances{.job = *job, .now = parts_.clock.now(), .send_at_once = false};
  try {
    store::JobOutcome outcome = decide(circumstances, look, parts_.random);
    const store::FinishResult result = co_await parts_.recorder.finish(std::move(outcome));
    if (result.finish == store::Finish::settings_changed) {
      const std::vector<std::int64_t> again{job->id};
      co_await parts_.jobs.release(parts_.owner, again);
    }
    co_return true;
  } catch (const std::exception& error) {
    parts_.log.error("a job could not be put off yet",
                     {{"batch", job->batch_id}, {"job", job->id}, {"error", error.what()}});
  }
  co_return false;
}

runtime::Task<void> Worker::settle() {
  const runtime::Millis give_up = parts_.clock.monotonic() + options_.stop_grace;
  parts_.sender.stop();
  while (tasks_.running() > 0 && parts_.clock.monotonic() < give_up) {
    co_await changed_.wait_for(give_up - parts_.clock.monotonic());
  }
  const std::vector<std::int64_t> unfinished(in_hand_.begin(), in_hand_.end());
  in_hand_.clear();
  if (!unfinished.empty()) {
    parts_.log.info("handing back claimed jobs", {{"jobs", unfinished.size()}});
    try {
      co_await parts_.jobs.release(parts_.owner, unfinished);
    } catch (const store::DatabaseError& error) {
      // Their leases lapse by themselves.
      parts_.log.warn("claimed jobs could not be handed back", {{"error", error.what()}});
    }
  }
  // What was handed back ends by its deadline at the latest; its results are refused. A database
  // that is still away is waited for no longer.
  parts_.recorder.give_up();
  co_await tasks_.wait_empty();
}

}  // namespace streaky::engine

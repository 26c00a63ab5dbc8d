// Gathers what many tasks have to write and writes it in few transactions (group commit).
//
// A caller of `add` awaits its own answer; meanwhile whatever arrives within `kLinger` joins the
// same group. A database that is away is tried again until it is back or the owner gives up: what
// was found out or sent is not forgotten while the process lives.
//
// Threading: the executor's thread. Bounded by what is in flight, since every caller waits.
// Errors: `add` throws NotRecorded after `give_up`, and whatever bug the writer throws.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "runtime/clock.h"
#include "runtime/log.h"
#include "store/database.h"

namespace streaky::engine {

/// The database stayed away until the process gave up: the lease will lapse and somebody else will
/// do the work again.
class NotRecorded : public std::runtime_error {
 public:
  NotRecorded() : std::runtime_error("the result could not be recorded before stopping") {}
};

template <typename Item, typename Answer>
class GroupCommit {
 public:
  static constexpr runtime::Millis kLinger{50};
  static constexpr std::size_t kMostPerGroup = 1'000;
  static constexpr runtime::Millis kRetryPause{1'000};

  /// Writes the items in one transaction and gives an answer for each, in their order.
  using Write = std::function<runtime::Task<std::vector<Answer>>(const std::vector<Item>*)>;

  GroupCommit(runtime::Clock& clock, runtime::Log& log, runtime::Executor executor,
              runtime::TaskGroup::OnException on_exception, Write write)
      : clock_(clock),
        log_(log),
        tasks_(std::move(executor), std::move(on_exception)),
        write_(std::move(write)) {}

  runtime::Task<Answer> add(Item item) {
    if (!open_) {
      open_ = std::make_shared<Group>(clock_);
      tasks_.spawn(commit(open_));
    }
    const auto group = open_;
    const std::size_t index = group->items.size();
    group->items.push_back(std::move(item));
    if (group->items.size() >= kMostPerGroup) {
      open_.reset();
      group->full.notify();
    }
    while (!group->ended) co_await group->done.wait();
    if (group->bug) std::rethrow_exception(group->bug);
    if (group->answers.empty()) throw NotRecorded();
    co_return std::move(group->answers[index]);
  }

  /// Waits until all that was handed in has been written; callers must have stopped coming.
  runtime::Task<void> drain() { co_await tasks_.wait_empty(); }
  void give_up() { giving_up_ = true; }

 private:
  struct Group {
    explicit Group(runtime::Clock& clock) : done(clock), full(clock) {}

    std::vector<Item> items;
    std::vector<Answer> answers;
    bool ended = false;
    std::exception_ptr bug;
    runtime::Wake done;
    runtime::Wake full;
  };

  // A group is shared by the callers that wait for it and the task that writes it.
  runtime::Task<void> commit(std::shared_ptr<Group> group) {
    co_await group->full.wait_for(kLinger);
    if (open_ == group) open_.reset();
    while (!group->ended) {
      try {
        group->answers = co_await write_(&group->items);
        group->ended = true;
      } catch (const store::DatabaseError& error) {
        log_.error("results cannot be recorded yet", {{"error", error.what()}});
        group->ended = giving_up_;
      } catch (const std::exception&) {
        group->bug = std::current_exception();
        group->ended = true;
      }
      if (!group->ended) co_await clock_.sleep_for(kRetryPause);
    }
    group->done.notify();
  }

  runtime::Clock& clock_;  // borrowed
  runtime::Log& log_;      // borrowed
  runtime::TaskGroup tasks_;
  Write write_;
  std::shared_ptr<Group> open_;
  bool giving_up_ = false;
};

}  // namespace streaky::engine

// Gathers what many tasks have to write and writes it in few transactions (group commit).
//
// A caller of `add` awaits its own answer; meanwhile whatever arrives within `kLinger` joins the
// same group. A database that is away is tried again until it is back or the owner gives up: what
// was found out or sent is not forgotten while the process lives; a caller that keeps it itself is
// told instead (`Effort::once`). An item that the schema refuses, or whose rows somebody holds,
// spoils its group: the group is split until that item stands alone. One that is refused ends with
// that error; one whose rows are held is tried again, behind the others.
//
// Threading: the executor's thread. Bounded by what is in flight, since every caller waits.
// Errors: `add` throws NotRecorded after `give_up`, DatabaseError for an item that is refused, or
// that was tried once, and whatever bug the writer throws.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
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

enum class Effort { until_written, once };

template <typename Item, typename Answer>
class GroupCommit {
 public:
  static constexpr runtime::Millis kLinger{50};
  static constexpr std::size_t kMostPerGroup = 500;
  static constexpr runtime::Millis kRetryPause{1'000};

  /// Writes the items in one transaction and gives an answer for each, in their order.
  using Write = std::function<runtime::Task<std::vector<Answer>>(const std::vector<Item>*)>;

  GroupCommit(runtime::Clock& clock, runtime::Log& log, runtime::Executor executor,
              runtime::TaskGroup::OnException on_exception, Write write,
              Effort effort = Effort::until_written)
      : clock_(clock),
        log_(log),
        tasks_(std::move(executor), std::move(on_exception)),
        write_(std::move(write)),
        effort_(effort) {}

  /// Joins a group at once; the task waits for the answer. No coroutine itself, so that the item
  /// does not stay in a frame while it waits.
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
    return answer_of(group, index);
  }

  /// Waits until all that was handed in has been written; callers must have stopped coming.
  runtime::Task<void> drain() { co_await tasks_.wait_empty(); }
  void give_up() { giving_up_ = true; }

 private:
  struct Group;

  runtime::Task<Answer> answer_of(std::shared_ptr<Group> group, std::size_t index) {
    while (!group->ended && !group->has_reply(index)) co_await group->done.wait();
    Reply& reply = group->replies[index];
    if (reply.error) std::rethrow_exception(reply.error);
    if (!reply.answer) throw NotRecorded();
    co_return std::move(*reply.answer);
  }

  struct Reply {
    std::optional<Answer> answer;
    std::exception_ptr error;
  };
  struct Group {
    explicit Group(runtime::Clock& clock) : done(clock), full(clock) {}

    [[nodiscard]] bool has_reply(std::size_t index) const {
      return index < replies.size() && (replies[index].answer || replies[index].error);
    }

    std::vector<Item> items;
    std::vector<Reply> replies;
    bool ended = false;
    runtime::Wake done;
    runtime::Wake full;
  };
  /// Neighbours of a group that are written together.
  struct Part {
    std::size_t first = 0;
    std::vector<Item> items;
  };
  using Parts = std::vector<Part>;

  // A group is shared by the callers that wait for it and the task that writes it.
  runtime::Task<void> commit(std::shared_ptr<Group> group) {
    co_await group->full.wait_for(kLinger);
    if (open_ == group) open_.reset();
    group->replies.resize(group->items.size());
    Parts parts;
    parts.push_back({0, std::move(group->items)});
    while (!parts.empty()) {
      Part part = std::move(parts.back());
      parts.pop_back();
      co_await write_part(group.get(), &part, &parts);
    }
    group->ended = true;
    group->done.notify();
  }

  /// Writes a part, or puts it, or its halves, back among the parts.
  runtime::Task<void> write_part(Group* group, Part* part, Parts* parts) {
    bool pause = false;
    try {
      auto answers = co_await write_(&part->items);
      for (std::size_t i = 0; i < answers.size(); ++i) {
        group->replies[part->first + i].answer = std::move(answers[i]);
      }
    } catch (const store::DatabaseError& error) {
      pause = put_back(error, *group, *part, *parts);
    } catch (const std::exception&) {
      fail(group, *part);
    }
    group->done.notify();
    if (pause) co_await clock_.sleep_for(kRetryPause);
  }

  /// True when it is to be tried again after a pause.
  bool put_back(const store::DatabaseError& error, Group& group, Part& part, Parts& parts) {
    const bool held = error.kind() == store::DatabaseError::Kind::locked;
    if ((error.refuses_rows() || held) && part.items.size() > 1) {
      split(std::move(part), parts);
      return false;
    }
    if (error.refuses_rows() || effort_ == Effort::once) {
      fail(&group, part);
      return false;
    }
    log_.error("results cannot be recorded yet", {{"error", error.what()}});
    if (giving_up_) return false;
    const bool others_first = held && !parts.empty();
    parts.insert(others_first ? parts.begin() : parts.end(), std::move(part));
    return !others_first;
  }

  static void fail(Group* group, const Part& part) {
    for (std::size_t i = 0; i < part.items.size(); ++i) {
      group->replies[part.first + i].error = std::current_exception();
    }
  }

  static void split(Part part, Parts& parts) {
    const std::size_t half = part.items.size() / 2;
    const auto middle = part.items.begin() + static_cast<std::ptrdiff_t>(half);
    Part second{part.first + half,
                {std::make_move_iterator(middle), std::make_move_iterator(part.items.end())}};
    part.items.erase(middle, part.items.end());
    parts.push_back(std::move(second));
    parts.push_back(std::move(part));
  }

  runtime::Clock& clock_;  // borrowed
  runtime::Log& log_;      // borrowed
  runtime::TaskGroup tasks_;
  Write write_;
  const Effort effort_;
  std::shared_ptr<Group> open_;
  bool giving_up_ = false;
};

}  // namespace streaky::engine

// The coroutine type of the program, and the one way to start a coroutine that nobody awaits.
//
// A Task runs on the executor that it was spawned on; the engine uses one thread, so tasks that
// share state need no locks. Coroutines take their parameters by value.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <vector>

namespace streaky::runtime {

template <typename T>
using Task = boost::asio::awaitable<T>;

using Executor = boost::asio::any_io_executor;

/// Starts tasks and knows when all of them have ended.
///
/// Threading: the executor's thread only. An exception that leaves a task is a bug of that task:
/// it goes to `on_exception` and ends that task alone. The group must outlive its tasks: await
/// `wait_empty()` before destroying it, or destroy the executor first.
class TaskGroup {
 public:
  using OnException = std::function<void(std::exception_ptr)>;

  TaskGroup(Executor executor, OnException on_exception);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  void spawn(Task<void> task);
  [[nodiscard]] std::size_t running() const { return running_; }

  /// Returns once no task of the group is running.
  Task<void> wait_empty();

 private:
  void ended(std::exception_ptr error);

  Executor executor_;
  OnException on_exception_;
  std::size_t running_ = 0;
  std::vector<std::function<void()>> waiting_;
};

}  // namespace streaky::runtime

#include "runtime/task.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace streaky::runtime {

TaskGroup::TaskGroup(Executor executor, OnException on_exception)
    : executor_(std::move(executor)), on_exception_(std::move(on_exception)) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(Task<void> task) {
  ++running_;
  // Posted, so that a task never begins inside the call that spawns it: whoever spawns may still
  // hold references to what the task is about to change.
  auto begin = [this, task = std::move(task)]() mutable {
    boost::asio::co_spawn(executor_, std::move(task),
                          [this](std::exception_ptr error) { ended(std::move(error)); });
  };
  boost::asio::post(executor_, std::move(begin));
}

void TaskGroup::ended(std::exception_ptr error) {
  --running_;
  if (error) on_exception_(std::move(error));
  if (running_ > 0) return;
  const auto waiting = std::exchange(waiting_, {});
  for (const auto& resume : waiting) resume();
}

Task<void> TaskGroup::wait_empty() {
  while (running_ > 0) {
    auto initiate = [this](auto handler) {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      waiting_.emplace_back([executor = executor_, shared] {
        boost::asio::post(executor, [shared] { (*shared)(); });
      });
    };
    co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
        std::move(initiate), boost::asio::use_awaitable);
  }
}

}  // namespace streaky::runtime

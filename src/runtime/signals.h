// SIGINT and SIGTERM as a call on the executor; a second one ends the process at once. SIGHUP as
// another call, each time, where somebody wants to hear of it; else it ends the process.
#pragma once

#include <functional>
#include <memory>

#include "runtime/task.h"

namespace streaky::runtime {

/// SIGHUP does not end the process while it starts. Once, before there are other threads.
void ignore_hangup();

class Signals {
 public:
  /// `on_stop` is called on the executor at the first signal. Stops listening when destroyed.
  Signals(Executor executor, std::function<void()> on_stop, std::function<void()> on_reload = {});
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with the handler that may be under way
};

}  // namespace streaky::runtime

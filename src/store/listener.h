// Hears from PostgreSQL that somebody has made work: a hint, so that a worker need not wait for its
// next look. Nothing depends on it: what it misses is found by polling.
//
// A connection of its own, straight to the server (a pooler in transaction mode has no LISTEN), on
// a thread of its own. A connection that is lost is made anew, and that counts as news, since some
// may have been missed. Threading: construct and stop on the executor's thread; `on_news` is called
// there, never after `stop()`. Errors: none; `connected()` tells.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/task.h"

namespace streaky::store {

class Listener {
 public:
  /// `url` as `store.url` has it; throws DatabaseError when it cannot be read.
  Listener(runtime::Executor executor, const std::string& url, std::function<void()> on_news);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] bool connected() const;
  /// Ends the thread. Twice is once.
  void stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with news that are on their way to the executor
};

}  // namespace streaky::store

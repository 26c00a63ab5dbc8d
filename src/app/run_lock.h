// Tells whether a `serve` is at work on a data folder: it holds a lock on `<data>/serve.lock`.
//
// The lock goes with the process, however that ends, so nothing stale is left. Several processes
// may serve one folder; the lock is shared among them.
#pragma once

#include <string>

namespace streaky::app {

class RunLock {
 public:
  /// Holds the shared lock; throws std::system_error when the file cannot be made.
  explicit RunLock(const std::string& data_dir);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

  /// True when some process holds it.
  static bool held(const std::string& data_dir);

 private:
  int file_ = -1;
};

}  // namespace streaky::app

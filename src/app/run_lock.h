// Tells whether a `serve` is at work on a data folder: it holds a lock on `<data>/serve.lock`.
//
// The lock goes with the process, however that ends, so nothing stale is left. Several processes
// may serve one folder; the lock is shared among them. Its first byte is the workers' alone, its
// second everybody's.
#pragma once

#include <string>

namespace streaky::app {

class RunLock {
 public:
  enum class Of { workers, all };

  /// Holds the shared lock, a worker's or another role's; throws std::system_error when the file
  /// cannot be made.
  RunLock(const std::string& data_dir, bool works);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

  /// True when some process holds it: one that works, or any.
  static bool held(const std::string& data_dir, Of whose);

 private:
  int file_ = -1;
};

}  // namespace streaky::app

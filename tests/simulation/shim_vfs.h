// A disk that fails on demand: SQLite's own file system layer with faults in front of it.
//
// Registered as SQLite's default while it lives, so that the product's database runs on it unaware;
// files are the real ones. `busy` refuses the writer's lock, `full` refuses to write, and
// `break_after` tears a write off in the middle of a transaction, as a killed process does:
// everything fails from then on until `mend`. Waiting for a lock costs no real time. What is
// written is not flushed to the medium: a killed process loses nothing by that.
//
// Threading: one thread. One at a time.
#pragma once

#include <memory>

namespace streaky::simulation {

class ShimVfs {
 public:
  ShimVfs();
  ~ShimVfs();
  ShimVfs(const ShimVfs&) = delete;
  ShimVfs& operator=(const ShimVfs&) = delete;

  void set_busy(bool on);
  void set_full(bool on);
  /// After that many writes more, nothing works.
  void break_after(int writes);
  [[nodiscard]] bool broken() const;
  /// Writes do not count towards the break meanwhile: they are another process's.
  void hold_break(bool on);
  void mend();

  /// The name under which files are reached past all faults.
  [[nodiscard]] const char* real_name() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace streaky::simulation

// What all loops of the engine share: run, survive a lost database, stop.
#pragma once

#include <functional>
#include <string_view>

#include "runtime/clock.h"
#include "runtime/log.h"
#include "store/database.h"

namespace streaky::engine {

/// Repeats a pass until stopped. A pass says how long to rest before the next one; a pass that
/// fails is logged and tried again after `kPauseAfterError`.
///
/// Threading: the executor's thread. The owner keeps the loop alive until `run` has returned.
class Loop {
 public:
  static constexpr runtime::Millis kPauseAfterError{1'000};

  using Pass = std::function<runtime::Task<runtime::Millis>()>;

  Loop(std::string_view name, runtime::Clock& clock, runtime::Log& log, Pass pass)
      : name_(name), log_(log), wake_(clock), pass_(std::move(pass)) {}

  runtime::Task<void> run();
  /// Ends after the pass that is under way. Twice is once.
  void stop();
  /// Makes the next pass come now.
  void hurry() { wake_.notify(); }
  [[nodiscard]] bool stopping() const { return stopping_; }
  /// True when the last pass failed for want of the database.
  [[nodiscard]] bool ailing() const { return ailing_; }

 private:
  runtime::Task<runtime::Millis> guarded_pass();

  std::string_view name_;
  runtime::Log& log_;
  runtime::Wake wake_;
  Pass pass_;
  bool stopping_ = false;
  bool ailing_ = false;
};

}  // namespace streaky::engine

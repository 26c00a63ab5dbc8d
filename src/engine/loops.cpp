#include "engine/loops.h"

#include <exception>

namespace streaky::engine {

runtime::Task<void> Loop::run() {
  while (!stopping_) {
    const runtime::Millis rest = co_await guarded_pass();
    if (!stopping_ && rest > runtime::Millis{0}) co_await wake_.wait_for(rest);
  }
}

runtime::Task<runtime::Millis> Loop::guarded_pass() {
  try {
    const runtime::Millis rest = co_await pass_();
    ailing_ = false;
    co_return rest;
  } catch (const std::exception& error) {
    ailing_ = true;
    log_.error("a pass failed and will be tried again", {{"loop", name_}, {"error", error.what()}});
  }
  co_return kPauseAfterError;
}

void Loop::stop() {
  stopping_ = true;
  wake_.notify();
}

}  // namespace streaky::engine

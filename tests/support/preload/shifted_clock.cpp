// Preloaded into a process, shifts its wall clock by SHIFTED_CLOCK_S seconds; the monotonic clock
// stays. So a bench may begin with what Streaky knew on the day before, and machines whose clocks
// differ can be had on one, without a word of it in the program. (Debian's libfaketime also touches
// the kernel's timers, and Asio's then never fire.)
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace {

time_t shift() {
  static const time_t seconds = [] {
    const char* text = std::getenv("SHIFTED_CLOCK_S");  // NOLINT(concurrency-mt-unsafe)
    return text == nullptr ? 0 : static_cast<time_t>(std::strtol(text, nullptr, 10));
  }();
  return seconds;
}

timespec shifted() {
  timespec at{};
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &at);
  at.tv_sec += shift();
  return at;
}

}  // namespace

// The C library's own declarations give these their names.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
extern "C" int clock_gettime(clockid_t clock, timespec* at) noexcept {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
    return static_cast<int>(syscall(SYS_clock_gettime, clock, at));
  }
  *at = shifted();
  return 0;
}

extern "C" int gettimeofday(timeval* at, void* /*zone*/) noexcept {
  const timespec now = shifted();
  *at = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1'000};
  return 0;
}

extern "C" time_t time(time_t* at) noexcept {
  const time_t now = shifted().tv_sec;
  if (at != nullptr) *at = now;
  return now;
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)

// Preloaded into a process, lets it live one day earlier: the wall clock is shifted, the monotonic
// clock is not. So a row may begin with what Streaky knew on the day before, without a word of it
// in the program. (Debian's libfaketime also touches the kernel's timers, and Asio's then never
// fire.)
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <ctime>

namespace {

constexpr time_t kDay = 86'400;

timespec yesterday() {
  timespec at{};
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &at);
  at.tv_sec -= kDay;
  return at;
}

}  // namespace

// The C library's own declarations give these their names.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
extern "C" int clock_gettime(clockid_t clock, timespec* at) noexcept {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
    return static_cast<int>(syscall(SYS_clock_gettime, clock, at));
  }
  *at = yesterday();
  return 0;
}

extern "C" int gettimeofday(timeval* at, void* /*zone*/) noexcept {
  const timespec now = yesterday();
  *at = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1'000};
  return 0;
}

extern "C" time_t time(time_t* at) noexcept {
  const time_t now = yesterday().tv_sec;
  if (at != nullptr) *at = now;
  return now;
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)

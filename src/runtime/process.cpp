#include "runtime/process.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <utility>

namespace streaky::runtime {

std::int64_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  }
  return 0;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string host_name() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return host.data();
}

std::string process_name() {
  const auto started =
      std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds{1};
  return fmt::format("{}:{}:{}", host_name(), getpid(), started);
}

void disable_core_dumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

std::uint64_t raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

void protect_secrets() {
  constexpr std::size_t kProtectedBytes = std::size_t{1} << 20U;
  constexpr std::size_t kLeastBlock = 32;
  // Without it (no memory, or a limit of 0) secrets lie on the ordinary heap: no reason to stop.
  CRYPTO_secure_malloc_init(kProtectedBytes, kLeastBlock);
}

}  // namespace streaky::runtime

#include "runtime/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace streaky::runtime {

namespace {

constexpr std::int64_t kMicrosPerMilli = 1'000;
constexpr Millis kLeastWatch{1};

std::optional<std::int64_t> number_in(const std::optional<std::string>& text) {
  std::int64_t value = 0;
  if (!text) return std::nullopt;
  const char* end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end || value <= 0) return std::nullopt;
  return value;
}

}  // namespace

ServiceManager::ServiceManager(Clock& clock, const Environment& environment) : clock_(clock) {
  socket_ = environment("NOTIFY_SOCKET").value_or("");
  const auto micros = number_in(environment("WATCHDOG_USEC"));
  const auto watched = environment("WATCHDOG_PID");
  // The variables may have come down from a parent whom they are about.
  const bool ours = !watched || number_in(watched) == std::int64_t{getpid()};
  if (!micros || !ours || socket_.empty()) return;
  watch_ = std::max(Millis{*micros / 2 / kMicrosPerMilli}, kLeastWatch);
}

void ServiceManager::tell(std::string_view state) const {
  sockaddr_un address{};
  const bool known = socket_.starts_with('/') || socket_.starts_with('@');
  if (!known || socket_.size() >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::ranges::copy(socket_, address.sun_path);
  if (socket_.starts_with('@')) address.sun_path[0] = '\0';  // an abstract name
  const int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  // The API of sockets: every address is passed as this type.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  const auto* to = reinterpret_cast<const sockaddr*>(&address);
  [[maybe_unused]] const auto sent =
      sendto(file, state.data(), state.size(), MSG_NOSIGNAL, to, length);
  close(file);
}

ServiceManager::~ServiceManager() { clock_.cancel(timer_); }

void ServiceManager::ready() {
  tell("READY=1");
  if (watch_) stay_alive();
}

void ServiceManager::stay_alive() {
  tell("WATCHDOG=1");
  timer_ = clock_.call_at(clock_.monotonic() + *watch_, [this] { stay_alive(); });
}

}  // namespace streaky::runtime

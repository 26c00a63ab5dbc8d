#include "net/curl_poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace streaky::net {
namespace {

constexpr std::size_t kEventsPerRound = 256;

CurlPoller* poller_of(void* self) { return static_cast<CurlPoller*>(self); }

[[noreturn]] void no_descriptor() {
  throw std::system_error(errno, std::generic_category(), "cannot start the HTTP client");
}

}  // namespace

CurlPoller::CurlPoller(CURLM* multi) : multi_(multi) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) no_descriptor();
  wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_;
  if (wake_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) {
    const int error = errno;
    if (wake_ >= 0) ::close(wake_);
    ::close(epoll_);
    errno = error;
    no_descriptor();
  }
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlPoller::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlPoller::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

CurlPoller::~CurlPoller() {
  // Closing the multi handle closes connections, and would call back for each.
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
  ::close(wake_);
  ::close(epoll_);
}

void CurlPoller::wake() const {
  const std::uint64_t one = 1;
  // Full means that it is awake already.
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

void CurlPoller::wait(runtime::Millis at_most) {
  if (due_) {
    const auto left = std::chrono::ceil<runtime::Millis>(*due_ - SteadyClock::now());
    at_most = std::clamp(left, runtime::Millis{0}, at_most);
  }
  std::array<epoll_event, kEventsPerRound> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                               static_cast<int>(at_most.count()));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    act_on(event.data.fd, event.events);
  }
  if (due_ && *due_ <= SteadyClock::now()) {
    due_.reset();
    int running = 0;
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

void CurlPoller::act_on(curl_socket_t socket, std::uint32_t events) {
  if (socket == wake_) {
    std::uint64_t times = 0;
    [[maybe_unused]] const auto taken = ::read(wake_, &times, sizeof times);
    return;
  }
  int ready = 0;
  if ((events & EPOLLIN) != 0) ready |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) ready |= CURL_CSELECT_OUT;
  // Reading or writing tells which error it is; libcurl's own error flag would hide it.
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) ready |= CURL_CSELECT_IN | CURL_CSELECT_OUT;
  int running = 0;
  curl_multi_socket_action(multi_, socket, ready, &running);
}

int CurlPoller::on_socket(CURL* /*easy*/, curl_socket_t socket, int what, void* self, void* known) {
  poller_of(self)->watch(socket, what, known != nullptr);
  return 0;
}

void CurlPoller::watch(curl_socket_t socket, int what, bool known) {
  epoll_event event{};
  event.data.fd = socket;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, &event);  // it may be closed already
    return;
  }
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  const int first = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  const int second = known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  // A number that was closed and given out again may be known to one side alone.
  if (epoll_ctl(epoll_, first, socket, &event) != 0) epoll_ctl(epoll_, second, socket, &event);
  if (!known) curl_multi_assign(multi_, socket, this);
}

/// Only notes the time: acting from inside this callback would enter libcurl twice.
int CurlPoller::on_timer(CURLM* /*multi*/, long timeout_ms, void* self) {
  auto& due = poller_of(self)->due_;
  if (timeout_ms < 0) {
    due.reset();
  } else {
    due = SteadyClock::now() + runtime::Millis{timeout_ms};
  }
  return 0;
}

}  // namespace streaky::net

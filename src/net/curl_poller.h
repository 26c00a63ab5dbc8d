// Tells libcurl which of its sockets are ready: epoll behind `curl_multi_socket_action`.
//
// `curl_multi_poll` visits every transfer in every round; this visits those that are ready. What
// still grows with the connections to one host is libcurl's own search for an idle one.
//
// Threading: `wake` from any thread, the rest on the curl thread. Ownership: the multi handle is
// borrowed and must outlive the poller.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "runtime/time.h"

namespace streaky::net {

class CurlPoller {
 public:
  /// Throws std::system_error when the machine gives no descriptors.
  explicit CurlPoller(CURLM* multi);
  CurlPoller(const CurlPoller&) = delete;
  CurlPoller& operator=(const CurlPoller&) = delete;
  ~CurlPoller();

  /// Ends the wait that is under way, or the next one.
  void wake() const;
  /// Waits for sockets, libcurl's own timers or `wake`, and lets libcurl act on what is ready.
  void wait(runtime::Millis at_most);

 private:
  using SteadyClock = std::chrono::steady_clock;

  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* known);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);
  void watch(curl_socket_t socket, int what, bool known);
  void act_on(curl_socket_t socket, std::uint32_t events);

  CURLM* multi_;
  int epoll_ = -1;
  int wake_ = -1;
  std::optional<SteadyClock::time_point> due_;  // libcurl's next timer
};

}  // namespace streaky::net

// One request on one libcurl easy handle, from its options to its result.
//
// Threading: the curl thread only. Ownership: the handle is lent by the client's pool and must
// outlive the exchange, which must not move while libcurl works on it.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "net/curl_client.h"
#include "net/http_client.h"
#include "runtime/error.h"

namespace streaky::net {

/// A request that has been accepted and has not ended.
struct PendingRequest {
  std::uint64_t id = 0;
  std::string host;  // the only part of the URL that messages may name
  HttpRequest request;
  std::chrono::steady_clock::time_point deadline;
  std::function<void(std::string)> on_piece;  // on the curl thread; set where the body is streamed
  bool public_only = false;                   // private addresses are refused (net/egress.h)
};

/// Overwrites URL, header values and body: any of them may hold a credential.
void wipe_request(HttpRequest& request) noexcept;

/// Checks what goes on the wire and gives back the host, or `bad_request`.
runtime::Result<std::string> check_request(const HttpRequest& request);

/// The bytes of libcurl's buffer for the answer. A handle keeps one size for life: libcurl 7.88
/// does not look whether the buffer that it has is large enough.
long read_buffer_of(const HttpRequest& request);

class CurlExchange {
 public:
  CurlExchange(CURL* easy, PendingRequest pending, const CurlOptions& options);
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;
  ~CurlExchange();

  [[nodiscard]] CURL* easy() const { return easy_; }
  [[nodiscard]] std::uint64_t id() const { return pending_.id; }
  [[nodiscard]] const std::string& host() const { return pending_.host; }
  /// What came of it, once libcurl reports it as done. Call once.
  runtime::Result<HttpResponse> result(CURLcode code);

 private:
  static std::size_t on_header(const char* data, std::size_t one, std::size_t size, void* self);
  static std::size_t on_body(const char* data, std::size_t one, std::size_t size, void* self);
  static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_attempt(void* self, char* peer_ip, char* own_ip, int peer_port, int own_port);

  void set_limits(const CurlOptions& options);
  void use_one_store_of_authorities();
  void set_method();
  void set_headers();
  void add_header_line(std::string_view line);
  bool take_header_line(std::string_view line);
  [[nodiscard]] bool anything_sent() const;
  [[nodiscard]] bool succeeds() const;
  [[nodiscard]] runtime::Error error_of(CURLcode code) const;

  CURL* easy_;
  PendingRequest pending_;
  HttpResponse response_;
  std::string header_lines_;             // NUL-terminated, one after the other
  std::vector<curl_slist> header_list_;  // points into header_lines_
  std::size_t header_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  int attempts_ = 0;
  bool head_done_ = false;
  bool too_large_ = false;
  bool address_refused_ = false;
};

}  // namespace streaky::net

#include "net/curl_exchange.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "net/egress.h"
#include "net/field_text.h"
#include "net/origin.h"
#include "runtime/bytes.h"
#include "runtime/secret.h"

namespace streaky::net {
namespace {

constexpr std::size_t kMaxRequestHeaders = 64;
constexpr std::size_t kMaxRequestHeaderBytes = 64U << 10U;
constexpr std::size_t kMaxAnswerHeaderBytes = 64U << 10U;
// Read buffers belong to a handle, so with thousands in flight they are most of the memory.
constexpr long kReadBuffer = 2L << 10U;
// A whole frame of HTTP/2: libcurl 7.88 writes past the end of a smaller one.
constexpr long kSecureReadBuffer = 16L << 10U;
constexpr long kUploadBuffer = 16L << 10U;  // the least that libcurl takes

bool is_repeatable(std::string_view method) { return method != "POST" && method != "PATCH"; }

bool has_header(const HttpRequest& request, std::string_view name) {
  const auto same = [name](const HttpHeader& h) { return equals_ignoring_case(h.name, name); };
  return std::ranges::any_of(request.headers, same);
}

std::size_t line_bytes(const HttpHeader& header) {
  return header.name.size() + header.value.size() + 3;  // ": " and the NUL
}

CurlExchange& exchange_of(void* self) { return *static_cast<CurlExchange*>(self); }

bool is_tls_failure(CURLcode code) {
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return true;
    default:
      return false;
  }
}

}  // namespace

void wipe_request(HttpRequest& request) noexcept {
  runtime::wipe(request.url);
  for (HttpHeader& header : request.headers) runtime::wipe(header.value);
  runtime::wipe(request.body);
}

runtime::Result<std::string> check_request(const HttpRequest& request) {
  const auto bad = [](const char* why) { return runtime::fail_for_good("bad_request", why); };
  if (!is_token(request.method)) return bad("the method is not an HTTP token");
  if (request.headers.size() > kMaxRequestHeaders) return bad("more than 64 request headers");
  std::size_t bytes = 0;
  for (const HttpHeader& header : request.headers) {
    if (!is_token(header.name)) return bad("a request header's name is malformed");
    if (!is_field_value(header.value)) return bad("a request header's value is malformed");
    bytes += line_bytes(header);
  }
  if (bytes > kMaxRequestHeaderBytes) return bad("the request headers exceed 64 KiB");
  return host_of_url(request.url);
}

long read_buffer_of(const HttpRequest& request) {
  return request.url.starts_with("https") ? kSecureReadBuffer : kReadBuffer;
}

CurlExchange::CurlExchange(CURL* easy, PendingRequest pending, const CurlOptions& options)
    : easy_(easy), pending_(std::move(pending)) {
  curl_easy_reset(easy_);
  set_limits(options);
  set_method();
  set_headers();
  curl_easy_setopt(easy_, CURLOPT_URL, pending_.request.url.c_str());
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &CurlExchange::on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &CurlExchange::on_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &CurlExchange::on_attempt);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  if (!pending_.public_only) return;
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &CurlExchange::on_socket);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
}

CurlExchange::~CurlExchange() {
  // libcurl's own copy of the URL is freed here rather than when the handle is used again.
  curl_easy_setopt(easy_, CURLOPT_URL, nullptr);
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, nullptr);
  runtime::wipe(header_lines_);
  wipe_request(pending_.request);
}

void CurlExchange::set_limits(const CurlOptions& options) {
  const auto left = std::chrono::duration_cast<runtime::Millis>(pending_.deadline -
                                                                std::chrono::steady_clock::now());
  const bool secure = pending_.request.url.starts_with("https");
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  // A name server that hangs must not hold up the thread when its request times out.
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy_, CURLOPT_PROXY, "");  // the environment does not redirect credentials
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, secure ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
  use_one_store_of_authorities();
  if (!options.source_address.empty()) {
    // The prefix says that it is an address, never the name of a network card.
    curl_easy_setopt(easy_, CURLOPT_INTERFACE, ("host!" + options.source_address).c_str());
  }
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, std::max(1L, static_cast<long>(left.count())));
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout.count()));
  const runtime::Millis idle = pending_.request.idle_timeout;
  if (idle.count() > 0) {
    curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_TIME, static_cast<long>((idle.count() + 999) / 1000));
  }
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, read_buffer_of(pending_.request));
  curl_easy_setopt(easy_, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer);
  // What libcurl can unpack it unpacks once anything is asked for; these two need little memory.
  curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, options.user_agent.c_str());
}

/// libcurl keeps the system's authorities from one connection to the next only where they come from
/// the bundle alone. With Debian's second source, the folder that the bundle is made of, each
/// connection would read and decode all of them again, which took nine tenths of the time.
void CurlExchange::use_one_store_of_authorities() {
  const char* bundle = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_CAINFO, &bundle);
  if (bundle != nullptr) curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
}

void CurlExchange::set_method() {
  const HttpRequest& request = pending_.request;
  if (request.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool post = request.method == "POST";
  if (post || !request.body.empty()) {
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request.body.c_str());
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
  if (!post) curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void CurlExchange::set_headers() {
  const HttpRequest& request = pending_.request;
  std::size_t bytes = 32;
  for (const HttpHeader& header : request.headers) bytes += line_bytes(header);
  header_lines_.reserve(bytes);                      // the list points into it
  header_list_.reserve(request.headers.size() + 2);  // and at its own members
  add_header_line("Expect:");                        // no waiting for "100 Continue"
  if (!has_header(request, "Content-Type")) add_header_line("Content-Type:");
  for (const HttpHeader& header : request.headers) {
    const std::size_t begin = header_lines_.size();
    header_lines_ += header.name;
    // libcurl's way to send a header without a value; "Name:" would remove it.
    header_lines_ += header.value.empty() ? ";" : ": ";
    header_lines_ += header.value;
    header_lines_ += '\0';
    header_list_.push_back({.data = header_lines_.data() + begin, .next = nullptr});
  }
  for (std::size_t i = 1; i < header_list_.size(); ++i) header_list_[i - 1].next = &header_list_[i];
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_.data());
}

void CurlExchange::add_header_line(std::string_view line) {
  const std::size_t begin = header_lines_.size();
  header_lines_ += line;
  header_lines_ += '\0';
  header_list_.push_back({.data = header_lines_.data() + begin, .next = nullptr});
}

std::size_t CurlExchange::on_header(const char* data, std::size_t /*one*/, std::size_t size,
                                    void* self) {
  return exchange_of(self).take_header_line({data, size}) ? size : 0;
}

bool CurlExchange::take_header_line(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxAnswerHeaderBytes) {
    too_large_ = true;
    return false;
  }
  const std::string_view text = runtime::trim_ascii(line);
  if (text.starts_with("HTTP/")) {  // also after an interim answer, or when it is asked again
    response_ = {};
    body_bytes_ = 0;
    head_done_ = false;
    return true;
  }
  if (text.empty()) head_done_ = true;
  const std::size_t colon = text.find(':');
  // What follows the body (trailers) was not vouched for by the head.
  if (head_done_ || colon == std::string_view::npos) return true;
  response_.headers.push_back({std::string(text.substr(0, colon)),
                               std::string(runtime::trim_ascii(text.substr(colon + 1)))});
  return true;
}

std::size_t CurlExchange::on_body(const char* data, std::size_t /*one*/, std::size_t size,
                                  void* self) {
  CurlExchange& exchange = exchange_of(self);
  const std::size_t limit = exchange.pending_.request.max_body_bytes;
  if (size > limit - exchange.body_bytes_) {
    exchange.too_large_ = true;
    return 0;
  }
  exchange.body_bytes_ += size;
  if (exchange.pending_.on_piece && exchange.succeeds()) {
    exchange.pending_.on_piece(std::string(data, size));
    return size;
  }
  std::string& body = exchange.response_.body;
  if (body.empty()) {
    curl_off_t announced = -1;
    curl_easy_getinfo(exchange.easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    if (announced > 0 && std::cmp_less_equal(announced, limit)) {
      body.reserve(static_cast<std::size_t>(announced));
    }
  }
  body.append(data, size);
  return size;
}

bool CurlExchange::succeeds() const {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  return status >= 200 && status < 300;
}

/// In place of libcurl's own way to make a socket, as it would make it.
curl_socket_t CurlExchange::on_socket(void* self, curlsocktype /*purpose*/,
                                      curl_sockaddr* address) {
  if (!is_public_address(address->addr)) {
    exchange_of(self).address_refused_ = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype, address->protocol);
}

/// libcurl asks here before each attempt. It repeats any request, POST too, when a reused
/// connection ends before the answer began; the other side may have acted by then, so what is not
/// repeatable by its method goes out twice only if no byte of it has left before.
int CurlExchange::on_attempt(void* self, char* /*peer_ip*/, char* /*own_ip*/, int /*peer_port*/,
                             int /*own_port*/) {
  CurlExchange& exchange = exchange_of(self);
  const bool first = exchange.attempts_++ == 0;
  if (first || is_repeatable(exchange.pending_.request.method) || !exchange.anything_sent()) {
    return CURL_PREREQFUNC_OK;
  }
  return CURL_PREREQFUNC_ABORT;
}

bool CurlExchange::anything_sent() const {
  long bytes = 0;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &bytes);
  return bytes > 0;
}

runtime::Result<HttpResponse> CurlExchange::result(CURLcode code) {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK || status < 200) return std::unexpected(error_of(code));
  response_.status = static_cast<int>(status);
  return std::move(response_);
}

runtime::Error CurlExchange::error_of(CURLcode code) const {
  const std::string& host = pending_.host;
  if (too_large_) return {"too_large", fmt::format("the answer of {} is too large", host)};
  if (is_tls_failure(code)) {
    return {"tls", fmt::format("no secure connection to {}: {}", host, curl_easy_strerror(code))};
  }
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
    return {"bad_request", fmt::format("the URL for {} is malformed", host), true};
  }
  if (address_refused_ && !anything_sent()) {
    return {"egress", fmt::format("{} leads to an address that is not public", host)};
  }
  if (!anything_sent()) {
    return {"connect", fmt::format("no connection to {}: {}", host, curl_easy_strerror(code))};
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return {"timeout", fmt::format("no answer from {} in time", host)};
  }
  const char* why = code == CURLE_OK || code == CURLE_ABORTED_BY_CALLBACK
                        ? "the connection ended before the answer"
                        : curl_easy_strerror(code);
  return {"reset", fmt::format("the exchange with {} broke off: {}", host, why)};
}

}  // namespace streaky::net

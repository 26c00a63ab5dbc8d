#include "net/http_guard.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "net/field_text.h"
#include "runtime/bytes.h"

namespace streaky::net {
namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST",   "PUT",
                                                      "PATCH", "DELETE", "OPTIONS"};
constexpr std::size_t kMaxFields = 100;

struct Seen {
  int hosts = 0;
  int lengths = 0;
  int encodings = 0;
};

constexpr Refusal bad(std::string_view reason) { return {400, reason}; }

/// One request line: method, target in origin form, version.
std::optional<Refusal> check_request_line(std::string_view line, bool& http_1_0) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return bad("malformed request line");
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method)) return bad("malformed method");
  const auto odd = [](char c) { return c <= ' ' || c == 0x7f || c == '#'; };
  if (!target.starts_with('/') || std::ranges::any_of(target, odd)) {
    return bad("the target must be a path");
  }
  if (version.size() != 8 || !version.starts_with("HTTP/")) return bad("malformed version");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return Refusal{505, "only HTTP/1.0 and HTTP/1.1"};
  }
  if (std::ranges::find(kMethods, method) == kMethods.end()) {
    return Refusal{501, "method not implemented"};
  }
  http_1_0 = version == "HTTP/1.0";
  return std::nullopt;
}

std::optional<Refusal> take_length(std::string_view value, std::size_t max_body_bytes,
                                   Framing& framing) {
  const char* begin = value.data();
  const char* end = begin + value.size();
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (value.empty() || !std::ranges::all_of(value, is_digit))
    return bad("malformed Content-Length");
  const auto [stop, error] = std::from_chars(begin, end, framing.length);
  if (error != std::errc{} || stop != end || framing.length > max_body_bytes) {
    return Refusal{413, "Request too large", max_body_bytes};
  }
  return std::nullopt;
}

std::optional<Refusal> check_field(std::string_view line, bool http_1_0, std::size_t max_body_bytes,
                                   Framing& framing, Seen& seen) {
  if (line.starts_with(' ') || line.starts_with('\t')) return bad("a folded header line");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return bad("a header line without a colon");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = runtime::trim_ascii(line.substr(colon + 1));
  if (!is_token(name)) return bad("a malformed header name");
  if (!is_field_value(value)) return bad("a control character in a header");
  if (equals_ignoring_case(name, "Host")) {
    if (++seen.hosts > 1 || value.contains(',')) return bad("more than one Host");
  } else if (equals_ignoring_case(name, "Content-Length")) {
    if (++seen.lengths > 1) return bad("more than one Content-Length");
    return take_length(value, max_body_bytes, framing);
  } else if (equals_ignoring_case(name, "Transfer-Encoding")) {
    if (http_1_0) return bad("Transfer-Encoding on HTTP/1.0");
    if (++seen.encodings > 1) return bad("more than one Transfer-Encoding");
    if (!equals_ignoring_case(value, "chunked")) return bad("Transfer-Encoding other than chunked");
    framing.chunked = true;
  } else if (equals_ignoring_case(name, "Expect")) {
    if (!equals_ignoring_case(value, "100-continue")) return Refusal{417, "unknown expectation"};
    framing.expects_continue = !http_1_0;
  }
  return std::nullopt;
}

}  // namespace

std::size_t end_of_head(std::string_view bytes) {
  const std::size_t at = bytes.find("\r\n\r\n");
  return at == std::string_view::npos ? at : at + 4;
}

std::optional<Refusal> check_head(std::string_view head, std::size_t max_body_bytes,
                                  Framing& framing) {
  Seen seen;
  bool http_1_0 = false;
  std::size_t fields = 0;
  for (std::size_t begin = 0; begin < head.size();) {
    const std::size_t end = head.find("\r\n", begin);
    if (end == std::string_view::npos) return bad("a line without an end");
    const std::string_view line = head.substr(begin, end - begin);
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
      return bad("a bare CR, LF or NUL");
    }
    std::optional<Refusal> refusal;
    if (begin == 0) {
      refusal = check_request_line(line, http_1_0);
    } else if (!line.empty()) {
      if (++fields > kMaxFields) return Refusal{431, "too many headers"};
      refusal = check_field(line, http_1_0, max_body_bytes, framing, seen);
    }
    if (refusal) return refusal;
    begin = end + 2;
  }
  if (seen.hosts == 0 && !http_1_0) return bad("the Host header is missing");
  if (seen.encodings > 0 && seen.lengths > 0) return bad("two ways to measure the body");
  return std::nullopt;
}

}  // namespace streaky::net

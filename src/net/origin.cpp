#include "net/origin.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

#include "runtime/bytes.h"

namespace streaky::net {
namespace {

constexpr std::string_view kOriginForm =
    "expected http:// or https://, a host and an optional port, such as https://api.github.com";
constexpr std::string_view kAddressForm =
    "expected host:port, such as 127.0.0.1:8420 or [::1]:8420 (port 0 to 65535)";
constexpr std::size_t kMaxHostBytes = 253;

std::unexpected<runtime::Error> bad_origin(std::string_view reason) {
  return runtime::fail_for_good("bad_origin", fmt::format("{}: {}", reason, kOriginForm));
}

std::unexpected<runtime::Error> bad_address(std::string_view reason) {
  return runtime::fail_for_good("bad_address", fmt::format("{}: {}", reason, kAddressForm));
}

bool is_web_scheme(boost::urls::scheme id) {
  return id == boost::urls::scheme::http || id == boost::urls::scheme::https;
}

bool is_bare_host(std::string_view host) {
  const auto odd = [](char c) { return c <= ' ' || c == 0x7f || c == '%'; };
  return !host.empty() && host.size() <= kMaxHostBytes && std::ranges::none_of(host, odd);
}

bool read_port(std::string_view digits, std::uint16_t& port) {
  const char* begin = digits.data();
  const char* end = begin + digits.size();
  const auto [stop, error] = std::from_chars(begin, end, port);
  return error == std::errc{} && stop == end;
}

}  // namespace

runtime::Result<Origin> parse_origin(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return bad_origin("the address is too long");
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return bad_origin("not a URL");
  const boost::urls::url_view& url = *parsed;
  if (!is_web_scheme(url.scheme_id())) return bad_origin("the scheme is neither http nor https");
  if (url.has_userinfo()) return bad_origin("a user name or password does not belong here");
  if (url.has_query() || url.has_fragment()) return bad_origin("a query does not belong here");
  if (!url.encoded_path().empty() && url.encoded_path() != "/") {
    return bad_origin("a path does not belong here");
  }
  Origin origin;
  const bool secure = url.scheme_id() == boost::urls::scheme::https;
  origin.scheme = secure ? "https" : "http";
  origin.host = runtime::to_lower_ascii(std::string(url.encoded_host_address()));
  if (!is_bare_host(origin.host)) return bad_origin("the host is missing or malformed");
  const std::uint16_t usual = secure ? 443 : 80;
  origin.port = usual;
  const std::string digits{url.port()};
  if (!digits.empty() && !read_port(digits, origin.port)) origin.port = 0;
  if (origin.port == 0) return bad_origin("the port is not between 1 and 65535");
  const bool v6 = url.host_type() == boost::urls::host_type::ipv6;
  origin.text = fmt::format(fmt::runtime(v6 ? "{}://[{}]" : "{}://{}"), origin.scheme, origin.host);
  if (origin.port != usual) origin.text += fmt::format(":{}", origin.port);
  return origin;
}

runtime::Result<std::string> host_of_url(std::string_view url) {
  const auto bad = [](const char* reason) { return runtime::fail_for_good("bad_request", reason); };
  if (url.size() > kMaxUrlBytes) return bad("the URL is longer than 8 KiB");
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return bad("the URL is malformed");
  if (!is_web_scheme(parsed->scheme_id())) {
    return bad("the URL's scheme is neither http nor https");
  }
  if (parsed->has_userinfo()) return bad("the URL holds a user name or password");
  std::string host{parsed->encoded_host_address()};
  if (!is_bare_host(host)) return bad("the URL's host is missing or malformed");
  return host;
}

runtime::Result<HostPort> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad_address("the port is missing");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (!host.contains(':')) return bad_address("the brackets do not hold an IPv6 address");
  } else if (host.contains(':')) {
    return bad_address("an IPv6 address needs brackets");
  }
  if (!is_bare_host(host) || host.contains('[') || host.contains('/')) {
    return bad_address("the host is missing or malformed");
  }
  HostPort result{.host = std::string(host)};
  if (!read_port(digits, result.port)) return bad_address("the port is not a number in range");
  return result;
}

}  // namespace streaky::net

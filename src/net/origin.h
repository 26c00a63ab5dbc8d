// Where a service lives: `https://host:port`, and where a server listens: `host:port`.
//
// Threading: pure functions. Errors: `bad_origin` and `bad_address`, permanent, one line that says
// what is wrong and what is accepted; they never repeat the text, which may hold a password.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/error.h"

namespace streaky::net {

constexpr std::size_t kMaxUrlBytes = 8U << 10U;

struct Origin {
  std::string scheme;  // http or https
  std::string host;    // lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;
  /// Paths are appended to this: no slash at the end, no port where it is the scheme's own.
  std::string text;
};

/// Accepts a scheme, a host, an optional port and an optional slash; nothing else.
runtime::Result<Origin> parse_origin(std::string_view text);

/// The host of an http or https URL without user name, for error messages. Also the check that a
/// URL may be requested at all.
runtime::Result<std::string> host_of_url(std::string_view url);

struct HostPort {
  std::string host;  // an IPv6 address without its brackets
  std::uint16_t port = 0;
};

/// `127.0.0.1:8420`, `[::1]:8420`, `localhost:0`.
runtime::Result<HostPort> parse_host_port(std::string_view text);

}  // namespace streaky::net

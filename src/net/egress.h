// Where a client may go: the egress policy of a process that sends what others asked for.
//
// With rules, a request goes to one of the listed origins or nowhere; and, unless its rule says so,
// to public addresses alone: what a name resolves to is looked at when the socket is opened, so a
// name server cannot lead a request into the operator's own network. A host that the operator wrote
// into the configuration is trusted with any address. Pure functions; any thread.
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <vector>

#include "runtime/error.h"

namespace streaky::net {

struct EgressRule {
  std::string origin;  // as `Origin::text`: https://discord.com
  bool any_address = false;
};
/// None at all: anywhere.
using EgressRules = std::vector<EgressRule>;

/// Scheme, host and port of a URL, in the form of `Origin::text`.
runtime::Result<std::string> origin_of_url(std::string_view url);

/// True when the request may go to public addresses alone. Error `egress`: it may not go there.
runtime::Result<bool> check_egress(const EgressRules& rules, std::string_view url);

/// False for everything but addresses of the public Internet: private, loopback, link-local,
/// shared, documentation, multicast and reserved ranges (IANA's special-purpose registries), also
/// where IPv6 wraps such an IPv4 address; and for other families.
bool is_public_address(const sockaddr& address);

}  // namespace streaky::net

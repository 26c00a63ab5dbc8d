// Addresses of clients: who is one customer, and who stands behind which proxy.
//
// Pure functions and values; any thread. Errors: `bad_network`, permanent, one line.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/error.h"

namespace streaky::net {

/// `10.0.0.0/8`, `fd00::/8`, or one address. An IPv4 network also holds the mapped form
/// (`::ffff:10.1.2.3`) of its addresses.
class Network {
 public:
  static runtime::Result<Network> parse(std::string_view text);
  [[nodiscard]] bool contains(std::string_view text) const;

 private:
  std::array<unsigned char, 16> bytes_{};
  unsigned bits_ = 0;
};

using Networks = std::vector<Network>;
bool contains(const Networks& networks, std::string_view address);

bool is_address(std::string_view text);
/// Whether sockets of this machine can have the address as theirs now.
bool is_own_address(std::string_view text);

/// The part of an address that belongs to one customer: IPv4 whole, IPv6 its first 64 bits.
std::string network_of(std::string_view text);

/// Who asks: `peer`, or, as long as that is one of our own proxies, who it says it speaks for.
/// `forwarded_for` is what X-Forwarded-For says, all of its lines joined by commas: its last entry
/// was added by the proxy that is nearest to us. An entry that is no address ends the way back.
std::string client_address(std::string_view peer, std::string_view forwarded_for,
                           const Networks& trusted);

}  // namespace streaky::net

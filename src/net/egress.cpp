#include "net/egress.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "net/origin.h"

namespace streaky::net {
namespace {

using V6 = std::array<std::uint8_t, 16>;

struct V4Range {
  std::uint32_t network;
  unsigned bits;
};

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24U | b << 16U | c << 8U | d;
}

// The IANA IPv4 special-purpose registry, and multicast.
constexpr std::array kSpecialV4 = {
    V4Range{v4(0, 0, 0, 0), 8},        // this network
    V4Range{v4(10, 0, 0, 0), 8},       // private
    V4Range{v4(100, 64, 0, 0), 10},    // shared by a provider's customers
    V4Range{v4(127, 0, 0, 0), 8},      // loopback
    V4Range{v4(169, 254, 0, 0), 16},   // link-local, and the clouds' metadata services
    V4Range{v4(172, 16, 0, 0), 12},    // private
    V4Range{v4(192, 0, 0, 0), 24},     // protocol assignments
    V4Range{v4(192, 0, 2, 0), 24},     // documentation
    V4Range{v4(192, 88, 99, 0), 24},   // 6to4 relays, withdrawn
    V4Range{v4(192, 168, 0, 0), 16},   // private
    V4Range{v4(198, 18, 0, 0), 15},    // benchmarks
    V4Range{v4(198, 51, 100, 0), 24},  // documentation
    V4Range{v4(203, 0, 113, 0), 24},   // documentation
    V4Range{v4(224, 0, 0, 0), 3},      // multicast, reserved, broadcast
};

bool is_public(std::uint32_t address) {
  return std::ranges::none_of(kSpecialV4, [address](const V4Range& range) {
    return (address ^ range.network) >> (32U - range.bits) == 0;
  });
}

std::uint32_t v4_at(const V6& address, std::size_t at) {
  return v4(address.at(at), address.at(at + 1), address.at(at + 2), address.at(at + 3));
}

bool starts_with(const V6& address, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

// Public are global unicast addresses (2000::/3) outside the special ranges, and NAT64's, which
// stand for an IPv4 address.
bool is_public(const V6& address) {
  if (starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) {
    return is_public(v4_at(address, 12));  // IPv4-mapped
  }
  if (starts_with(address, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) {
    return is_public(v4_at(address, 12));  // NAT64
  }
  if ((address.front() & 0xe0U) != 0x20U) return false;
  if (starts_with(address, {0x20, 0x02})) return is_public(v4_at(address, 2));  // 6to4
  const bool protocol = starts_with(address, {0x20, 0x01}) && (address.at(2) & 0xfeU) == 0;
  const bool documentation = starts_with(address, {0x20, 0x01, 0x0d, 0xb8}) ||
                             (starts_with(address, {0x3f, 0xff}) && address.at(2) < 0x10U);
  return !protocol && !documentation;
}

}  // namespace

runtime::Result<std::string> origin_of_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t from = scheme == std::string_view::npos ? 0 : scheme + 3;
  auto origin = parse_origin(url.substr(0, url.find_first_of("/?#", from)));
  if (!origin) return std::unexpected(std::move(origin).error());
  return std::move(origin->text);
}

runtime::Result<bool> check_egress(const EgressRules& rules, std::string_view url) {
  if (rules.empty()) return false;
  const auto origin = origin_of_url(url);
  if (!origin) return runtime::fail_for_good("egress", "the URL names no host to send to");
  const auto rule = std::ranges::find(rules, *origin, &EgressRule::origin);
  if (rule != rules.end()) return !rule->any_address;
  return runtime::fail_for_good("egress",
                                fmt::format("{} is none of the configured services", *origin));
}

bool is_public_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4_address{};
    std::memcpy(&v4_address, &address, sizeof v4_address);
    return is_public(ntohl(v4_address.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6_address{};
    std::memcpy(&v6_address, &address, sizeof v6_address);
    V6 bytes{};
    std::memcpy(bytes.data(), &v6_address.sin6_addr, bytes.size());
    return is_public(bytes);
  }
  return false;
}

}  // namespace streaky::net

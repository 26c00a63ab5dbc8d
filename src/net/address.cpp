#include "net/address.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <charconv>
#include <optional>

#include "runtime/bytes.h"

namespace streaky::net {

namespace {

namespace ip = boost::asio::ip;

constexpr unsigned kAllBits = 128;
constexpr unsigned kMappedBits = 96;  // before the IPv4 part of a mapped address
constexpr unsigned kCustomerBits = 64;
constexpr std::size_t kLongestAddress = 45;

std::optional<ip::address> parse_address(std::string_view text) {
  if (text.size() > kLongestAddress) return std::nullopt;
  boost::system::error_code error;
  ip::address address = ip::make_address(text, error);
  // A zone (`fe80::1%eth0`) is a matter of one machine.
  if (error || text.contains('%')) return std::nullopt;
  return address;
}

/// IPv4 in its mapped form, so that both kinds are compared alike.
ip::address_v6::bytes_type bytes_of(const ip::address& address) {
  if (address.is_v4()) return ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes();
  return address.to_v6().to_bytes();
}

}  // namespace

runtime::Result<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  unsigned bits = 0;
  bool good = address.has_value();
  if (good) {
    const unsigned most = address->is_v4() ? kAllBits - kMappedBits : kAllBits;
    bits = most;
    if (slash != std::string_view::npos) {
      const std::string_view number = text.substr(slash + 1);
      const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
      good = error == std::errc{} && end == number.data() + number.size() && bits <= most;
    }
    if (address->is_v4()) bits += kMappedBits;
  }
  if (!good) {
    return runtime::fail_for_good(
        "bad_network", "expected an address or a network such as 10.0.0.0/8 or fd00::/8");
  }
  Network network;
  network.bytes_ = bytes_of(*address);
  network.bits_ = bits;
  return network;
}

bool Network::contains(std::string_view text) const {
  const auto address = parse_address(text);
  if (!address) return false;
  const auto bytes = bytes_of(*address);
  const std::size_t whole = bits_ / 8;
  const unsigned rest = bits_ % 8;
  if (!std::equal(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(whole),
                  bytes.begin())) {
    return false;
  }
  if (rest == 0) return true;
  const unsigned mask = 0xFFU << (8 - rest);
  return ((unsigned{bytes_.at(whole)} ^ unsigned{bytes.at(whole)}) & mask & 0xFFU) == 0;
}

bool is_address(std::string_view text) { return parse_address(text).has_value(); }

bool is_own_address(std::string_view text) {
  const auto address = parse_address(text);
  if (!address) return false;
  boost::asio::io_context io;
  const ip::tcp::endpoint any_port(*address, 0);
  ip::tcp::socket socket(io);
  boost::system::error_code error;
  socket.open(any_port.protocol(), error);
  if (!error) socket.bind(any_port, error);
  return !error;
}

bool contains(const Networks& networks, std::string_view address) {
  return std::ranges::any_of(networks,
                             [address](const Network& one) { return one.contains(address); });
}

std::string network_of(std::string_view text) {
  const auto address = parse_address(text.substr(0, text.find('%')));
  if (!address) return std::string(text);
  if (address->is_v4()) return address->to_string();
  const ip::address_v6 v6 = address->to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_string();
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + kCustomerBits / 8, bytes.end(), static_cast<unsigned char>(0));
  return ip::address_v6(bytes).to_string() + "/64";
}

namespace {

/// Some proxies write `203.0.113.5:1234` and `[2001:db8::1]:1234`.
std::string_view without_port(std::string_view entry) {
  if (entry.starts_with('[')) {
    const std::size_t end = entry.find(']');
    return end == std::string_view::npos ? entry : entry.substr(1, end - 1);
  }
  const std::size_t colon = entry.find(':');
  return colon != std::string_view::npos && colon == entry.rfind(':') ? entry.substr(0, colon)
                                                                      : entry;
}

}  // namespace

std::string client_address(std::string_view peer, std::string_view forwarded_for,
                           const Networks& trusted) {
  std::string_view address = peer;
  while (!forwarded_for.empty() && contains(trusted, address)) {
    const std::size_t comma = forwarded_for.rfind(',');
    const bool last = comma == std::string_view::npos;
    const std::string_view entry =
        without_port(runtime::trim_ascii(forwarded_for.substr(last ? 0 : comma + 1)));
    forwarded_for = last ? std::string_view() : forwarded_for.substr(0, comma);
    if (!parse_address(entry)) break;
    address = entry;
  }
  return std::string(address);
}

}  // namespace streaky::net

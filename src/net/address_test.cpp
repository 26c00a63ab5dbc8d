#include "net/address.h"

#include <gtest/gtest.h>

namespace streaky::net {
namespace {

Networks networks(std::initializer_list<const char*> texts) {
  Networks all;
  for (const char* text : texts) all.push_back(Network::parse(text).value());
  return all;
}

TEST(Network, HoldsItsAddressesAndNoOthers) {
  const Networks ten = networks({"10.0.0.0/8"});
  EXPECT_TRUE(contains(ten, "10.255.0.1"));
  EXPECT_TRUE(contains(ten, "::ffff:10.1.2.3"));
  EXPECT_FALSE(contains(ten, "11.0.0.1"));
  EXPECT_FALSE(contains(ten, "not an address"));
  const Networks odd = networks({"192.168.4.0/23", "fd00::/9"});
  EXPECT_TRUE(contains(odd, "192.168.5.255"));
  EXPECT_FALSE(contains(odd, "192.168.6.0"));
  EXPECT_TRUE(contains(odd, "fd7f::1"));
  EXPECT_FALSE(contains(odd, "fd80::1"));
  EXPECT_TRUE(contains(networks({"0.0.0.0/0"}), "8.8.8.8"));
  EXPECT_FALSE(contains(networks({"0.0.0.0/0"}), "2001:db8::1"));
}

TEST(Network, WhatIsNoneIsRefused) {
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "fd00::/129", "x/8",
                           "10.0.0.0/8 ", "fe80::1%eth0", "10.0.0.0/-1"}) {
    EXPECT_FALSE(Network::parse(text)) << text;
  }
}

TEST(NetworkOf, AnIPv6CustomerHasWhole64Bits) {
  EXPECT_EQ(network_of("203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(network_of("::ffff:203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), network_of("2001:db8:1:2:ffff::1"));
  EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
}

TEST(ClientAddress, OnlyOurOwnProxiesAreBelieved) {
  const Networks trusted = networks({"127.0.0.1", "10.0.0.0/8"});
  EXPECT_EQ(client_address("203.0.113.7", "1.2.3.4", trusted), "203.0.113.7");
  EXPECT_EQ(client_address("127.0.0.1", "203.0.113.7", trusted), "203.0.113.7");
  // What the client wrote itself stands further left and is not believed.
  EXPECT_EQ(client_address("127.0.0.1", "1.2.3.4, 203.0.113.7", trusted), "203.0.113.7");
  EXPECT_EQ(client_address("127.0.0.1", "1.2.3.4, 203.0.113.7,10.0.0.9", trusted), "203.0.113.7");
  EXPECT_EQ(client_address("127.0.0.1", "203.0.113.7, nonsense", trusted), "127.0.0.1");
  EXPECT_EQ(client_address("127.0.0.1", "", trusted), "127.0.0.1");
  EXPECT_EQ(client_address("127.0.0.1", "203.0.113.7:1234", trusted), "203.0.113.7");
  EXPECT_EQ(client_address("127.0.0.1", "[2001:db8::1]:1234", trusted), "2001:db8::1");
  EXPECT_EQ(client_address("127.0.0.1", "[2001:db8::1]", trusted), "2001:db8::1");
  EXPECT_EQ(client_address("127.0.0.1", "2001:db8::1", trusted), "2001:db8::1");
  EXPECT_EQ(client_address("127.0.0.1", "[", trusted), "127.0.0.1");
  EXPECT_EQ(client_address("127.0.0.1", "203.0.113.7", {}), "127.0.0.1");
}

}  // namespace
}  // namespace streaky::net

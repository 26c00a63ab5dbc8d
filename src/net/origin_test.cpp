#include "net/origin.h"

#include <gtest/gtest.h>

#include <string>

#include "net/http_client.h"

namespace streaky::net {
namespace {

TEST(Origin, NormalisesWhatIsAnOrigin) {
  struct Case {
    const char* text;
    const char* host;
    int port;
    const char* normal;
  };
  for (const Case& c :
       {Case{"https://api.github.com", "api.github.com", 443, "https://api.github.com"},
        Case{"https://api.github.com/", "api.github.com", 443, "https://api.github.com"},
        Case{"HTTPS://API.GitHub.com:443", "api.github.com", 443, "https://api.github.com"},
        Case{"http://127.0.0.1:8080", "127.0.0.1", 8080, "http://127.0.0.1:8080"},
        Case{"http://localhost:80", "localhost", 80, "http://localhost"},
        Case{"http://[::1]:9000/", "::1", 9000, "http://[::1]:9000"}}) {
    const auto origin = parse_origin(c.text);
    ASSERT_TRUE(origin) << c.text << ": " << origin.error().message;
    EXPECT_EQ(origin->host, c.host);
    EXPECT_EQ(origin->port, c.port);
    EXPECT_EQ(origin->text, c.normal);
  }
}

TEST(Origin, RefusesWhatIsNot) {
  for (const char* text :
       {"", "api.github.com", "ftp://h", "https://", "https:///", "https://h/path", "https://h?q",
        "https://h#f", "https://user:secret@h", "https://h:0", "https://h:99999", "https://h:x",
        "https://a b", "https://h%20", "http:h", "https://h\r\n"}) {
    const auto origin = parse_origin(text);
    ASSERT_FALSE(origin) << text;
    EXPECT_EQ(origin.error().code, "bad_origin");
    EXPECT_EQ(origin.error().message.find("secret"), std::string::npos);
    EXPECT_NE(origin.error().message.find("https://api.github.com"), std::string::npos);
  }
}

TEST(HostPort, ReadsAddresses) {
  const auto v4 = parse_host_port("127.0.0.1:8420");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->host, "127.0.0.1");
  EXPECT_EQ(v4->port, 8420);
  const auto v6 = parse_host_port("[::1]:0");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->port, 0);
}

TEST(HostPort, RefusesTheRest) {
  for (const char* text : {"", "localhost", ":80", "::1:80", "[::1]", "[h]:1", "[::1]80",
                           "h:", "h:-1", "h:65536", "h:1x", "h:+1", "a b:1", "h/x:1", "[::1:80"}) {
    EXPECT_FALSE(parse_host_port(text)) << text;
  }
}

TEST(HttpClientErrors, TellWhatMayHaveBeenSeen) {
  for (const char* code : {"connect", "tls", "bad_request"}) {
    EXPECT_FALSE(may_have_been_seen({code, ""})) << code;
  }
  for (const char* code : {"timeout", "reset", "too_large", "cancelled", "unheard_of"}) {
    EXPECT_TRUE(may_have_been_seen({code, ""})) << code;
  }
}

}  // namespace
}  // namespace streaky::net

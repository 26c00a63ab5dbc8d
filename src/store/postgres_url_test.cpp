#include "store/postgres_url.h"

#include <gtest/gtest.h>

namespace streaky::store {
namespace {

TEST(PostgresUrl, GetsDeadlinesAndKeepsWhatItSays) {
  const auto plain = read_postgres_url("postgresql://ann:secret@db.example:5433/streaky");
  ASSERT_TRUE(plain.has_value());
  EXPECT_TRUE(plain->connect.starts_with(
      "postgresql://ann:secret@db.example:5433/streaky?connect_timeout=5&"))
      << plain->connect;
  EXPECT_EQ(plain->name, "the database streaky on db.example:5433");
  const std::string url =
      "postgres://ann@a.example,b.example/streaky?target_session_attrs=read-write&sslmode=require"
      "&connect_timeout=60";
  const auto several = read_postgres_url(url);
  ASSERT_TRUE(several.has_value());
  EXPECT_TRUE(several->connect.starts_with(url + "&tcp_user_timeout=")) << several->connect;
  EXPECT_EQ(several->connect.find("connect_timeout=5"), std::string::npos);
  EXPECT_EQ(several->name, "the database streaky on a.example,b.example");
}

TEST(PostgresUrl, AQuestionMarkInThePasswordIsNoParameter) {
  const auto read = read_postgres_url("postgresql://ann:se?cret@db.example/streaky");
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(
      read->connect.starts_with("postgresql://ann:se?cret@db.example/streaky?connect_timeout=5&"))
      << read->connect;
}

TEST(PostgresUrl, AWrongOneIsRefusedWithoutBeingQuoted) {
  // Passwords with characters that end them early.
  for (const char* url :
       {"postgresql://ann:hush@hush@db/streaky", "postgresql://ann:hush/hush@db/streaky",
        "postgresql://ann:hush%zz@db/streaky", "postgresql://ann:hush@db/streaky?nosuch=1",
        "postgresql://ann:hu#hush@db:x/streaky", "mysql://ann:hush@db/streaky"}) {
    const auto read = read_postgres_url(url);
    ASSERT_FALSE(read.has_value()) << url;
    EXPECT_EQ(read.error().find("hush"), std::string::npos) << read.error();
    EXPECT_NE(read.error().find("expected postgresql://"), std::string::npos);
  }
}

}  // namespace
}  // namespace streaky::store

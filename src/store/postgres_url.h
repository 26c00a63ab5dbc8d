// The url of a PostgreSQL database, as libpq reads it, checked before it is used: a password that
// was not percent-encoded would come back in libpq's errors as a host or a port.
//
//   postgresql://user:password@host1,host2:5433/name?target_session_attrs=read-write&sslmode=require
//
// Pure functions.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace streaky::store {

/// One of the servers that a url names; what is empty is libpq's default.
struct PostgresPlace {
  std::string host;
  std::string address;
  std::string port;
};

struct PostgresUrl {
  std::string connect;  // the url, with deadlines where it has none; secret
  std::string name;     // for messages: "the database streaky on db.example:5432"
  std::vector<PostgresPlace> places;
};

/// Whether the scheme is `postgresql` or `postgres`.
bool is_postgres_url(std::string_view url);

/// The error is one line that says what is wrong, without any part of the url.
std::expected<PostgresUrl, std::string> read_postgres_url(const std::string& url);

}  // namespace streaky::store

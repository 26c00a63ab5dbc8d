// `bench_postgres ROW USERS`: measures one row on the server that BENCH_POSTGRES names, whose
// database is empty, and prints its figures as JSON. bench/postgres.py starts both.
#include <boost/json/serialize.hpp>
#include <charconv>
#include <exception>
#include <iostream>
#include <string_view>

#include "pg_rows.h"

namespace {

using Row = boost::json::object (*)(std::int64_t);

struct Named {
  std::string_view name;
  Row row;
};

constexpr Named kRows[] = {{"queue", streaky::bench::pg_queue},
                           {"enqueue", streaky::bench::pg_enqueue},
                           {"rest", streaky::bench::pg_rest},
                           {"days", streaky::bench::pg_days},
                           {"hear", streaky::bench::pg_hear}};

}  // namespace

int main(int count, char** arguments) {
  const std::string_view name = count > 1 ? arguments[1] : "";
  const std::string_view users = count > 2 ? arguments[2] : "";
  std::int64_t many = 0;
  std::from_chars(users.data(), users.data() + users.size(), many);
  for (const Named& named : kRows) {
    if (named.name != name || many < 1) continue;
    try {
      std::cout << boost::json::serialize(named.row(many)) << '\n';
      return 0;
    } catch (const std::exception& error) {
      std::cerr << "bench_postgres: " << error.what() << '\n';
      return 1;
    }
  }
  std::cerr << "usage: bench_postgres ROW USERS\n";
  return 2;
}

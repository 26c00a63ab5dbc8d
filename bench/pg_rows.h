// What `bench_postgres` measures, one function for each row; figures by name.
//
// Threading: the main thread; a row may start others. Errors: exceptions.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>

namespace streaky::bench {

/// Claim and complete, the store beside raw SQL, by turns.
boost::json::object pg_queue(std::int64_t users);

/// Due users become jobs, in bites, the store beside raw SQL; and how long a claim, a result, a
/// read or an edit waits meanwhile.
boost::json::object pg_enqueue(std::int64_t users);

/// How long claims take beside a week of history: a few users each second, and all of an hour at
/// once.
boost::json::object pg_rest(std::int64_t users);

/// How long others wait while the tables of days to come are made and those of old days dropped.
boost::json::object pg_days(std::int64_t users);

/// How soon a worker that only listens hears of a batch and has claimed it, counted from before the
/// transaction that makes it.
boost::json::object pg_hear(std::int64_t users);

}  // namespace streaky::bench

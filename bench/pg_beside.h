// Somebody who works and reads while a row does something large.
//
// Threading: the work on the caller's thread, the other on one of its own. Errors: exceptions.
#pragma once

#include <algorithm>
#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace streaky::bench {

/// The longest waits, in milliseconds.
struct Waits {
  double claim = 0;
  double complete = 0;
  double read = 0;
  double edit = 0;
  std::size_t rounds = 0;
  [[nodiscard]] double longest() const { return std::max({claim, complete, read, edit}); }
};

/// As figures of a row.
void add_to(boost::json::object& figures, const Waits& waits);

/// What a worker and a person waited, who claimed and ended what there was, read a user and edited
/// another, again and again while `work` ran.
Waits waits_beside(std::int64_t users, const std::function<void()>& work);

}  // namespace streaky::bench

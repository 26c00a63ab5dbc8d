// The outcomes of one request, on their way back as lines of JSON: each as soon as it is known, and
// a sign of life where none is for a while.
//
// Threading: the executor's thread. Ownership: shared by the deliveries of the request and by the
// connection that sends what they say; a client that has gone changes nothing for the deliveries.
#pragma once

#include <cstddef>
#include <string>

#include "notify/courier.h"
#include "runtime/clock.h"

namespace streaky::proxy {

class OutcomeStream {
 public:
  /// What is known within this long of the first goes into one piece.
  static constexpr runtime::Millis kGather{5};

  OutcomeStream(runtime::Clock& clock, std::size_t expected)
      : clock_(clock), changed_(clock), open_(expected) {}

  /// One of those that are expected has ended.
  void say(std::string line);
  /// The next piece; empty once all have ended and been told.
  runtime::Task<std::string> next();

 private:
  runtime::Clock& clock_;
  runtime::Wake changed_;
  std::string lines_;
  std::size_t open_;
};

}  // namespace streaky::proxy

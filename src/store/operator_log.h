// What operators did through the pages: who, what, to whom. Threading, errors: see database.h.
#pragma once

#include <string>
#include <vector>

#include "runtime/time.h"
#include "store/database.h"

namespace streaky::store {

struct OperatorAction {
  runtime::TimePoint at{};
  std::string who;      // login
  std::string action;   // `paused`, `retried`, …
  std::string subject;  // a login or the id of a round
};

class OperatorLog {
 public:
  /// Older entries go.
  static constexpr int kMostKept = 10'000;

  explicit OperatorLog(Database& database) : database_(database) {}

  runtime::Task<void> add(OperatorAction action);
  runtime::Task<std::vector<OperatorAction>> newest(int limit);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store

// Runs a planned query against the people of the world and writes the answer as text: no document
// is built, since answers for a hundred users are the bulk of the world's work.
//
// Nulls climb to the next nullable field as the specification (6.4.4) wants. Threading: one thread;
// borrows everything it is given for the call.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/activity.h"
#include "sim/github_limits.h"
#include "sim/graphql_plan.h"

namespace streaky::sim::graphql {

/// Whose token asks.
struct Caller {
  std::string owner;               // login of the account whose limits are spent
  const Person* person = nullptr;  // a seeded user, or the account of a service token
  bool repo = false;               // may see private contributions of its own
  std::string scopes;
};

struct Context {
  const People& people;
  const Activity& activity;
  const Caller& caller;
  runtime::TimePoint now;
  RateSnapshot rate;
  int cost = 1;
  int most_user_days = 0;
  int most_root_fields = 0;
  bool half = false;  // a fault: leave weeks out
};

struct Executed {
  std::string body;
  int windows = 0;    // contribution calendars that were read
  int user_days = 0;  // and their days
  int users = 0;      // users that were looked up
};

Executed execute(const std::vector<PlanField>& plan, const Context& context);

}  // namespace streaky::sim::graphql

// Writes what lies inside a contributionsCollection: its own fields and the calendar.
// docs/remote-apis.md §1.1. Pure; appends JSON text.
#pragma once

#include <string>

#include "sim/activity.h"
#include "sim/github_window.h"
#include "sim/graphql_plan.h"

namespace streaky::sim::graphql {

struct CollectionView {
  const Person& person;
  const Activity& activity;
  const Moment& moment;
  View view;
  Collection collection;
  bool half = false;
};

/// False for a field that it does not know.
bool append_collection_field(std::string& out, const PlanField& field, const CollectionView& shown);

/// `"2026-08-06T11:00:00Z"`, as GitHub prints a DateTime.
void append_time(std::string& out, runtime::TimePoint at);

}  // namespace streaky::sim::graphql

// The window of a contributionsCollection: which days `from` and `to` mean, and what they hold.
// docs/remote-apis.md §1.1 and §1.2. Pure.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/activity.h"

namespace streaky::sim {

struct Window {
  runtime::TimePoint from;
  runtime::TimePoint to;
  Day first = 0;
  Day last = 0;  // included
};

/// Both bounds are optional; the error is GitHub's message (type VALIDATION).
std::expected<Window, std::string> make_window(std::optional<std::string_view> from,
                                               std::optional<std::string_view> to,
                                               runtime::TimePoint now);

struct Cell {
  Day day = 0;
  int count = 0;
  int restricted = 0;
};

/// The days of a window as one viewer sees them.
struct Collection {
  Window window;
  std::vector<Cell> cells;
  int total = 0;
  int restricted = 0;
  int most = 0;  // the busiest day, against which the levels are measured
};

Collection collect(const Person& person, const Activity& activity, const Window& window,
                   const Moment& moment, View view);

/// 0 (none) to 4, relative to the busiest day of the window.
int level_of(int count, int most);

}  // namespace streaky::sim

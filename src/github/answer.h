// Reads what GitHub answered: per user a complete reading or a failure, nothing in between.
//
// Strict on purpose. A calendar that is null, has holes, doubles, impossible dates or counts is a
// failure and never a 0 (docs/remote-apis.md §1.8). Pure functions; no threads, no ownership.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "github/failure.h"
#include "github/points.h"
#include "github/query.h"
#include "streak/calendar.h"

namespace streaky::github {

/// What GitHub said of one user in one window; every label of the window has a count, but for UTC's
/// tomorrow, which GitHub may leave out.
struct Reading {
  std::string login;
  std::string node_id;
  std::optional<std::int64_t> database_id;
  streak::Label created_on;
  streak::Calendar days;
};

struct Answer {
  std::optional<Failure> whole;  // set: the request failed for everybody, `users` is empty
  std::vector<std::expected<Reading, Failure>> users;  // in the order that was asked
  std::optional<Points> points;                        // from `rateLimit`, when it is well-formed
};

struct Asked {
  AskBy by = AskBy::node_id;
  const std::vector<Who>& whom;  // borrowed for the call
  streak::LabelRange window;
  streak::Label utc_today;
};

/// The body of an answer with status 200.
Answer read_answer(std::string_view body, const Asked& asked);

}  // namespace streaky::github

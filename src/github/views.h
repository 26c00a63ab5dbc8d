// Two views of the same days, and what may be concluded from them. Pure.
//
// The service's tokens see what the public sees, and a user's own token may see more or less
// (docs/remote-apis.md §1.4), so each day counts the larger. Half of the picture can prove that
// somebody is safe, but never that somebody is not.
#pragma once

#include <optional>

#include "github/batcher.h"
#include "github/contributions.h"

namespace streaky::github {

/// One view's answer; nothing when that view was not asked.
struct BothViews {
  std::optional<AskResult> service;
  std::optional<AskResult> own;
};

/// What the two views say together.
struct Combined {
  /// Present with `failure`: half of the picture, the other half failed for now.
  std::optional<Reading> reading;
  std::optional<AskFailure> failure;
  Views views = Views::service;

  [[nodiscard]] bool complete() const { return reading && !failure; }
};

/// At least one view must have been asked.
Combined combine(BothViews views);

/// True when half of the picture is all that there is to see for now: the own token is forbidden.
bool public_view_only(const Combined& window);

/// True when GitHub refused the own token for good: revoked, its owner suspended, or without the
/// scopes that the question takes.
bool own_token_refused(const BothViews& views);

/// True when a view failed in a way that a shorter window may mend.
bool too_heavy(const BothViews& views);

}  // namespace streaky::github

// What the dashboard says, from what is stored. Pure.
//
// The rule above all: what is not known, or known only of another day, never reads as 0 and never
// as a judgement of today.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/time.h"
#include "store/deliveries.h"
#include "store/jobs.h"
#include "store/users.h"

namespace streaky::web {

struct StreakView {
  std::string tone;      // `safe`, `risk`, `calm`, `unknown`: how it looks
  std::string headline;  // `You are safe today`
  std::string detail;
  std::string streak;       // `41`, or a dash where nothing is known
  std::string streak_note;  // `days`, `days, as of Thu 6 Aug`
  std::string longest;      // `112 days`
  std::string today;        // `3`, or a dash
  std::string today_note;   // `contributions today`
  std::string seen;         // `Looked at GitHub 5 min ago`
  std::string left;         // `3 h 12 min`
  runtime::TimePoint midnight{};
  std::string next_reminder;
};

/// What is going on beside the store.
struct LookState {
  bool under_way = false;
  std::string failure;  // code of the last look that gave nothing
};

StreakView view_of(const store::User& user, const LookState& look, runtime::TimePoint now);

/// True when a page should look at GitHub: nothing is known of today, or it may have changed.
bool wants_look(const store::User& user, std::optional<runtime::TimePoint> calendar_seen_at,
                runtime::TimePoint now);

struct HistoryLine {
  runtime::TimePoint at{};
  std::string when;
  std::string what;     // `Reminder on Discord`
  std::string outcome;  // `sent`, `on its way`, `not sent`, …
  std::string tone;     // `good`, `bad`, `plain`
  std::string reason;
};

/// Messages and looks that called for none, newest first, at most `most`.
std::vector<HistoryLine> history_of(const store::User& user,
                                    const std::vector<store::Deliveries::History>& deliveries,
                                    const std::vector<store::Jobs::Look>& looks, std::size_t most,
                                    runtime::TimePoint now);

}  // namespace streaky::web

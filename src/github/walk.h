// Which windows of days to ask for, latest first. Pure.
//
// The first window is short and ends tomorrow; its start is rounded to one of a few steps, so that
// most users ask for the same window and share requests. Older windows follow while the streak is
// open: 30 days, then calendar years. A window never exceeds one calendar year, nor 366 days
// (docs/remote-apis.md §1.2).
#pragma once

#include <optional>

#include "streak/streak.h"

namespace streaky::github {

class Walk {
 public:
  static constexpr int kMonth = 30;         // days of the first older window
  static constexpr int kLongest = 366;      // days
  static constexpr int kMostWindows = 120;  // of one look, shortened ones included

  /// `today` is the user's; `anchor` is what is settled already.
  Walk(streak::Label utc_today, streak::Label today, const std::optional<streak::Anchor>& anchor);

  [[nodiscard]] streak::LabelRange current() const { return current_; }
  /// The current window was too heavy: asks for its later part alone. False when it cannot get
  /// shorter.
  bool shorten();
  /// The current window was answered; goes to the next older one. False when nothing lies before
  /// `earliest`, or when the walk has become too long.
  bool go_back(streak::Label earliest);

  /// January 1 of the account's first year: contributions may carry dates before the account's own,
  /// but GitHub shows whole years.
  static streak::Label earliest_for(streak::Label created_on);

 private:
  streak::LabelRange current_;
  int longest_ = kLongest;  // days; halved by heavy windows, doubled by answers
  int windows_ = 1;
  bool month_done_ = false;
};

}  // namespace streaky::github

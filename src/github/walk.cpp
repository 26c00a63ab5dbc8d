#include "github/walk.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "github/batch_size.h"

namespace streaky::github {

namespace {

using std::chrono::days;
using streak::Label;
using streak::LabelRange;

/// How far back the first window may reach, in days before UTC today. The first is what every
/// check reads again; the others are for what happened since the last check. Of the last days each
/// has a step of its own: a window that begins right behind the anchor leaves no doubt about rest
/// days, one that overlaps it may (streak.cpp), and would have the history read again.
constexpr std::array<int, 7> kSteps{3, 4, 5, 6, 7, 14, 30};
/// For who has no anchor: as far as the label that the next anchor will end with, so that a streak
/// that was broken since gets one too.
constexpr int kFirstStep = 4;
/// A heavy window shrinks to the next of these.
constexpr std::array<int, 5> kShorter{183, 92, 31, 14, 7};

Label first_day_of_year(Label label) {
  const std::chrono::year_month_day date{label};
  return Label{date.year() / std::chrono::January / 1};
}

}  // namespace

Walk::Walk(Label utc_today, Label today, const std::optional<streak::Anchor>& anchor)
    : current_{utc_today, utc_today + days{1}} {
  Label wanted = std::min(utc_today, today) - days{kSteps.front()};
  wanted = std::min(wanted, anchor ? anchor->through + days{1} : utc_today - days{kFirstStep});
  int back = kSteps.back();
  for (const int step : kSteps) {
    if (utc_today - days{step} > wanted) continue;
    back = step;
    break;
  }
  month_done_ = back == kSteps.back();
  current_.from = utc_today - days{back};
}

bool Walk::shorten() {
  const int present = days_in(current_);
  const auto* next =
      std::ranges::find_if(kShorter, [present](int length) { return length < present; });
  if (next == kShorter.end() || windows_ >= kMostWindows) return false;
  ++windows_;
  longest_ = *next;
  current_.from = current_.to - days{longest_ - 1};
  return true;
}

bool Walk::go_back(Label earliest) {
  const Label to = current_.from - days{1};
  if (to < earliest || windows_ >= kMostWindows) return false;
  ++windows_;
  if (days_in(current_) >= longest_) longest_ = std::min(longest_ * 2, kLongest);
  Label from = month_done_ ? first_day_of_year(to) : to - days{kMonth - 1};
  month_done_ = true;
  from = std::max({from, to - days{longest_ - 1}, earliest});
  current_ = {from, to};
  return true;
}

Label Walk::earliest_for(Label created_on) { return first_day_of_year(created_on); }

}  // namespace streaky::github

#include "sim/github_window.h"

#include <algorithm>
#include <chrono>

namespace streaky::sim {
namespace {

constexpr runtime::Millis kMostSpan = std::chrono::days{366};

runtime::TimePoint years_later(runtime::TimePoint at, int years) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  std::chrono::year_month_day date{day};
  date += std::chrono::years{years};
  if (!date.ok()) {
    date = date.year() / date.month() / std::chrono::last;
  }
  return std::chrono::sys_days{date} + (at - day);
}

}  // namespace

std::expected<Window, std::string> make_window(std::optional<std::string_view> from,
                                               std::optional<std::string_view> to,
                                               runtime::TimePoint now) {
  Window window;
  const auto lower = from ? runtime::parse_rfc3339(*from) : std::nullopt;
  const auto upper = to ? runtime::parse_rfc3339(*to) : std::nullopt;
  if ((from && !lower) || (to && !upper)) {
    return std::unexpected("Could not parse a DateTime");
  }
  if (lower) {
    window.from = *lower;
    window.to = upper ? *upper : std::max(std::min(now, years_later(*lower, 1)), *lower);
  } else {
    window.to = upper ? *upper : now;
    window.from = years_later(window.to, -1);
  }
  if (window.to < window.from) {
    return std::unexpected("The 'to' date must be on or after the 'from' date");
  }
  if (window.to - window.from > kMostSpan) {
    return std::unexpected("The total time spanned by 'from' and 'to' must not exceed 1 year");
  }
  window.first = utc_day(window.from);
  window.last = utc_day(window.to);
  return window;
}

Collection collect(const Person& person, const Activity& activity, const Window& window,
                   const Moment& moment, View view) {
  Collection result;
  result.window = window;
  result.cells.reserve(static_cast<std::size_t>(window.last) -
                       static_cast<std::size_t>(window.first) + 1);
  for (Day day = window.first; day <= window.last; ++day) {
    const DayCount seen = activity.seen(person, day, moment, view);
    result.cells.push_back(Cell{day, seen.count, seen.restricted});
    result.total += seen.count;
    result.restricted += seen.restricted;
    result.most = std::max(result.most, seen.count);
  }
  return result;
}

int level_of(int count, int most) {
  if (count <= 0 || most <= 0) {
    return 0;
  }
  return std::clamp((count * 4 + most - 1) / most, 1, 4);
}

}  // namespace streaky::sim

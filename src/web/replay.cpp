#include "web/replay.h"

#include "streak/streak.h"

namespace streaky::web {

std::vector<streak::Label> replay(const streak::Calendar& calendar, const streak::DayRules& rules,
                                  streak::Label today) {
  std::vector<streak::Label> days;
  for (int back = kReplayDays; back > 0; --back) {
    const streak::Label day = today - std::chrono::days{back};
    streak::Calendar until;  // what could be known on that day
    for (const auto& [label, count] : calendar) {
      if (label <= day) until.set(label, count);
    }
    const streak::JudgeInput input{.calendar = until,
                                   .rules = rules,
                                   .today = day,
                                   .utc_today = day - std::chrono::days{1},
                                   .anchor = std::nullopt,
                                   .earliest = std::nullopt};
    if (streak::judge(input).verdict == streak::Verdict::at_risk) days.push_back(day);
  }
  return days;
}

}  // namespace streaky::web

#include "engine/plan.h"

#include <algorithm>

#include "streak/mutant.h"
#include "streak/reminder_plan.h"

namespace streaky::engine {

namespace {

constexpr std::chrono::minutes kBeforeMidnight{15};
constexpr std::chrono::minutes kLateJobTries{3};
constexpr std::chrono::minutes kLastChance{2};
constexpr std::chrono::hours kUnknownZonePause{1};
constexpr std::chrono::minutes kPlantedPatience{1};  // of faults that tests plant
constexpr std::chrono::hours kPlantedDelay{12};
constexpr runtime::Millis kInstant{1};

using runtime::TimePoint;

/// What a user's word means on the user's own day of `now`; nothing where it is about another day.
struct Word {
  std::optional<streak::Stage> snoozed;
  std::optional<TimePoint> stopped_until;  // the last instant of the day that holds no stage
};

Word word_at(const streak::Zone& zone, const std::optional<streak::DayWord>& said, TimePoint now) {
  Word word;
  const streak::Label today = zone.local_date(now);
  if (!said || said->date != today) return word;
  if (!planted(Mutant::snooze_lost)) word.snoozed = streak::snoozed_stage(zone, said);
  if (said->stopped) word.stopped_until = zone.end_of(today) - kInstant;
  return word;
}

}  // namespace

store::Planned plan_due(const store::DueUser& user, runtime::TimePoint now) {
  store::Planned planned;
  const auto zone = streak::Zone::find(user.time_zone);
  if (!zone) {
    // Not for good: the next tzdata may know it (again).
    planned.next_check_at = now + kUnknownZonePause;
    return planned;
  }
  auto stage = streak::latest_stage_today(*zone, user.remind_at, now);
  const Word word = word_at(*zone, user.day_word, now);
  if (word.snoozed && word.snoozed->at > now) {
    planned.next_check_at = word.snoozed->at;
    return planned;
  }
  if (word.snoozed && (!stage || stage->at < word.snoozed->at)) stage = word.snoozed;
  if (word.stopped_until) stage.reset();
  const bool missed = stage && now - stage->at > kPlantedPatience;
  if (stage && !(missed && planted(Mutant::no_catch_up))) {
    planned.job = store::NewJob{.date = stage->date,
                                .stage = stage->minute,
                                .due_at = stage->at,
                                .expires_at = zone->end_of(stage->date)};
    if (planted(Mutant::past_midnight)) planned.job->expires_at += kPlantedDelay;
  }
  const TimePoint after = word.stopped_until.value_or(now);
  if (const auto next = streak::next_stage(*zone, user.remind_at, after)) {
    planned.next_check_at = next->at;
  }
  return planned;
}

store::Planned plan_manual(const store::DueUser& user, runtime::TimePoint now) {
  store::Planned planned;
  planned.next_check_at = user.next_check_at;
  const auto zone = streak::Zone::find(user.time_zone);
  if (!zone) return planned;
  const streak::Label today = zone->local_date(now);
  planned.job = store::NewJob{.date = today,
                              .stage = store::kManualStage,
                              .due_at = now,
                              .expires_at = zone->end_of(today)};
  return planned;
}

std::optional<runtime::TimePoint> first_check(const streak::Zone& zone,
                                              const streak::StageMinutes& remind_at, Saved saved,
                                              runtime::TimePoint now) {
  const Word word = word_at(zone, saved.day_word, now);
  if (word.snoozed && word.snoozed->at > now) return word.snoozed->at;
  const auto next = streak::next_stage(zone, remind_at, word.stopped_until.value_or(now));
  if (!next) return std::nullopt;
  if (word.stopped_until) return next->at;
  const bool none_left_today = next->date != zone.local_date(now);
  if (!saved.is_new && none_left_today && !saved.told_today) return now;
  return next->at;
}

runtime::TimePoint called_at(const std::string& zone, streak::Label date, int stage,
                             runtime::TimePoint created_at) {
  const auto there = streak::Zone::find(zone);
  if (stage == store::kManualStage || !there) return created_at;
  return std::min(created_at,
                  std::chrono::time_point_cast<runtime::Millis>(there->instant_of(date, stage)));
}

runtime::TimePoint end_of_day(const store::User& user, const std::string& zone, streak::Label date,
                              runtime::TimePoint expires_at, runtime::TimePoint now) {
  if (user.time_zone == zone) return expires_at;
  const auto present = streak::Zone::find(user.time_zone);
  if (!present) return expires_at;
  if (present->local_date(now) != date) return std::min(expires_at, now);
  return present->end_of(date);
}

runtime::TimePoint honest_at(runtime::TimePoint created_at, runtime::TimePoint expires_at) {
  const runtime::TimePoint late =
      std::min<runtime::TimePoint>(created_at + kLateJobTries, expires_at - kLastChance);
  return std::max<runtime::TimePoint>(expires_at - kBeforeMidnight, late);
}

}  // namespace streaky::engine

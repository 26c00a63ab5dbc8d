// Has Streaky kept its promises? Every message is judged when it arrives, every stage of every user
// when the user's day is over: from what people did, what went wrong and what was heard, without
// Streaky's code and, but for one question, without its tables.
//
// Messages: nobody safe, resting, paused or without a streak is alarmed, nor anybody of whom GitHub
// did not tell; the number of days is the truth; each reminder has a stage or a change of settings
// of its own, "could not check" comes once a day and channel, and only when GitHub could not be
// asked; doubles only where an answer was lost or the process was killed between sending and
// recording, each counted once. After "no more today" there is silence, during a snooze as well; a
// rest day is no alarm; a quiet channel makes no sound, a loud one gets the day's last reminder
// alone. Duties: a stage at risk for which process, GitHub and channel were up together for ten
// minutes before the next stage, the user's next commit or midnight is heard of in that time; where
// only GitHub was away until the end, an honest word comes before midnight. A snooze takes the
// place of the stages before its end and is a stage itself.
//
// A message that arrives while the clock is wrong is judged by the clock that the machine had.
// Threading: one thread. Borrows everything it is constructed with.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "sim/ledger.h"
#include "simulation/citizen.h"
#include "simulation/diary.h"
#include "simulation/machine.h"
#include "simulation/standing.h"
#include "simulation/uptime.h"

namespace streaky::simulation {

struct Failure {
  std::uint32_t person = 0;
  runtime::TimePoint at;
  std::string what;   // stable: `missed`, `double`, `false_alarm`, …
  std::string story;  // for people: what was wrong, and the last events
};

struct Tally {
  std::uint64_t reminders = 0;
  std::uint64_t could_not_check = 0;
  std::uint64_t summaries = 0;
  std::uint64_t notices = 0;
  std::uint64_t duties = 0;         // stages and channels that had to be heard of
  std::uint64_t honest_duties = 0;  // of which an honest word would have done
  std::uint64_t doubles = 0;        // excused ones
};

class Oracle {
 public:
  static constexpr std::size_t kMostFailures = 1'000;

  Oracle(const Truth& truth, const Uptime& uptime, Machine& machine, Diary& diary);

  /// Everybody's days are watched from `now` on.
  void begin(const std::vector<Citizen>& citizens, runtime::TimePoint now);
  /// In order of arrival, before anything of a later instant changes the world.
  void heard(const Citizen& citizen, const sim::Entry& entry);
  /// A message was delivered whose sender may not know: one double more is excused.
  void excuse(const Citizen& citizen, sim::Service service, runtime::TimePoint at);
  /// Settings are about to change, and have changed.
  void close_chapter(const Citizen& citizen, runtime::TimePoint now);
  void open_chapter(const Citizen& citizen, runtime::TimePoint now);
  /// When the next day is to be judged, and everybody's days that are over by now.
  [[nodiscard]] runtime::TimePoint next() const;
  void run(const std::vector<Citizen>& citizens, runtime::TimePoint now);
  /// The clock of the machine was set right or wrong.
  void clock_changed(runtime::TimePoint now, runtime::Millis before);

  void fail(const Citizen& citizen, runtime::TimePoint at, const char* what, std::string story);

  [[nodiscard]] const std::vector<Failure>& failures() const { return failures_; }
  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  enum class Kind : std::uint8_t { reminder, could_not_check, summary, notice };
  struct Message {
    runtime::TimePoint at;
    sim::Day day = 0;  // the user's own, by the machine's clock
    Kind kind = Kind::reminder;
    bool excused = false;
  };
  struct Ear {
    std::vector<Message> messages;            // of the last days
    std::vector<runtime::TimePoint> excuses;  // not yet used
  };
  struct Watch {
    runtime::TimePoint judged_to;         // duties up to here are settled
    runtime::TimePoint day_end;           // of the local day that is being watched
    std::vector<runtime::Millis> slacks;  // when each chapter began
    std::array<Ear, sim::kServices> ears;
  };
  struct Day {
    sim::Day label = 0;
    runtime::TimePoint from;
    runtime::TimePoint to;
  };

  void hear_reminder(const Citizen& citizen, const sim::Entry& entry, bool excused);
  void hear_could_not_check(const Citizen& citizen, const sim::Entry& entry, bool excused);
  [[nodiscard]] bool hides_a_streak(const Citizen& citizen, const sim::Entry& entry) const;
  void hear_summary(const Citizen& citizen, const sim::Entry& entry, bool excused);
  void hear_notice(const Citizen& citizen, const sim::Entry& entry, bool excused);
  /// What was asked for with a link in a message, and what the levels of the channels say.
  void check_wishes(const Citizen& citizen, const sim::Entry& entry, Kind kind);
  void check_level(const Citizen& citizen, const sim::Entry& entry, Kind kind);
  [[nodiscard]] bool may_be_loud(const Citizen& citizen, const sim::Entry& entry, Kind kind) const;
  [[nodiscard]] static bool moved_lately(const Citizen& citizen, runtime::TimePoint at);
  [[nodiscard]] std::vector<runtime::TimePoint> lately(runtime::TimePoint at) const;
  /// True when one more of that kind is too many for the day and nothing excuses it.
  bool take_excuse(Ear& ear, runtime::TimePoint at);
  [[nodiscard]] std::size_t heard_on(const Ear& ear, Kind kind, sim::Day day) const;
  [[nodiscard]] std::size_t most_today(const Citizen& citizen, Kind kind, const Day& day,
                                       runtime::TimePoint by) const;
  /// Whether something calls for one reminder more since the last one.
  [[nodiscard]] bool has_cause(const Citizen& citizen, const Ear& ear, runtime::TimePoint at) const;
  [[nodiscard]] bool heard_between(const Ear& ear, runtime::TimePoint from, runtime::TimePoint to,
                                   bool honest_too) const;
  [[nodiscard]] Day day_of(const Citizen& citizen, runtime::TimePoint at) const;
  [[nodiscard]] runtime::Millis slack(runtime::TimePoint at) const;
  [[nodiscard]] std::vector<runtime::TimePoint> moments(runtime::TimePoint at) const;
  /// False when the text names no length.
  bool check_length(const Citizen& citizen, const sim::Entry& entry,
                    const std::vector<runtime::TimePoint>& moments);

  [[nodiscard]] bool hears_of(const Settings& settings, sim::Service service,
                              runtime::TimePoint stage) const;
  void judge_until(const Citizen& citizen, Watch& watch, runtime::TimePoint until);
  /// `stage`: when it was due first; `from`: since when under the settings that are in force.
  struct Due {
    runtime::TimePoint stage;
    runtime::TimePoint from;
  };
  void judge_stage(const Citizen& citizen, const Watch& watch, sim::Service service, Due due,
                   runtime::TimePoint to);
  void judge_last_words(const Citizen& citizen, const Watch& watch, sim::Service service,
                        runtime::TimePoint from, runtime::TimePoint midnight);
  [[nodiscard]] std::vector<Due> due_within(const Citizen& citizen, const Watch& watch, Day day,
                                            runtime::TimePoint from, runtime::TimePoint to) const;
  void forget_old(Watch& watch, runtime::TimePoint now);

  const Truth& truth_;
  const Uptime& uptime_;
  Machine& machine_;
  Diary& diary_;
  std::vector<Watch> watches_;                                                // by person
  std::vector<std::pair<runtime::TimePoint, runtime::Millis>> clock_errors_;  // until when, what
  std::vector<Failure> failures_;
  Tally tally_;
  runtime::TimePoint next_;
};

/// The instants of that local day's stages, in order.
std::vector<runtime::TimePoint> stages_on(const sim::Zones& zones, const Settings& settings,
                                          sim::Day day);
/// When stages under those settings fall into [from, to].
std::vector<runtime::TimePoint> stages_within(const sim::Zones& zones, const Settings& settings,
                                              runtime::TimePoint from, runtime::TimePoint to);

/// What the person asked for with a link, put into that day's stages.
void heed_wish(const sim::Zones& zones, const Settings& settings, sim::Day day,
               std::vector<runtime::TimePoint>& stages);
/// No stage comes after that instant on its day: what is heard then is the day's last reminder.
bool is_last(const sim::Zones& zones, const Settings& settings, runtime::TimePoint at);
/// The person asked to hear nothing at that instant.
bool wants_quiet(const sim::Zones& zones, const Settings& settings, runtime::TimePoint at);

}  // namespace streaky::simulation

// What people do, drawn from the seed: commit at their hours, travel, change their hours, rest,
// pause, make channels quiet or loud, lose tokens and channels and bring new ones, and press links
// in the messages that they get: at once, late, twice, or when the day is over; some take it back.
//
// Commits go to the world's activity with the instant at which they become visible; changes of
// settings go through the clerk. What a change of settings makes of a citizen is written down here
// as well, for the oracle. Threading: one thread. Borrows everything it is constructed with.
#pragma once

#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/world.h"
#include "simulation/citizen.h"
#include "simulation/clerk.h"
#include "simulation/diary.h"
#include "simulation/dice.h"
#include "simulation/machine.h"

namespace streaky::simulation {

class Life {
 public:
  struct Parts {
    sim::World& world;
    const sim::Zones& zones;
    Machine& machine;
    Diary& diary;
    /// A change is about to be made: what was due under the old settings is judged now.
    std::function<void(const Citizen&, runtime::TimePoint)> before_change;
    std::function<void(const Citizen&, runtime::TimePoint)> after_change;
    /// A link did what it should not, or not what it should.
    std::function<void(const Citizen&, runtime::TimePoint, std::string)> wrong_link;
  };

  Life(Parts parts, std::uint64_t seed, std::size_t users);

  /// Everybody is born into the world; signs up with `move_in`.
  void move_in(Clerk& clerk, runtime::TimePoint now);
  /// A message has come: its links may be pressed later.
  void hear(const sim::Entry& entry);
  [[nodiscard]] runtime::TimePoint next() const { return events_.top().at; }
  /// Everything that is due at that instant.
  void run(Clerk& clerk, runtime::TimePoint now);

  [[nodiscard]] const std::vector<Citizen>& citizens() const { return citizens_; }
  /// Null for nobody's.
  [[nodiscard]] const Citizen* by_user_id(std::int64_t user_id) const;
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  /// Links that did something.
  [[nodiscard]] std::uint64_t presses() const { return presses_done_; }

 private:
  enum class Deed : std::uint8_t {
    plan_day,
    travel,
    new_hours,
    new_rest_days,
    pause_until,
    pause,
    resume,
    toggle_summary,
    token_dies,
    token_renewed,
    discord_dies,
    discord_renewed,
    telegram_dies,
    telegram_renewed,
    new_level,
    take_back,
    press,
  };
  struct Event {
    runtime::TimePoint at;
    std::uint64_t order = 0;
    std::size_t citizen = 0;
    Deed deed = Deed::plan_day;

    friend bool operator>(const Event& a, const Event& b) {
      return std::tie(a.at, a.order) > std::tie(b.at, b.order);
    }
  };

  /// A link that will be pressed.
  struct Press {
    std::string label;
    std::string url;
    runtime::TimePoint heard_at;
    sim::Day day = 0;   // that the message was about
    bool sure = false;  // of that day: neither the clock nor midnight leave a doubt
  };
  struct Used {
    std::string label;
    std::string url;
    sim::Day day = 0;
  };

  void be_born(std::size_t index, runtime::TimePoint now);
  account::UserDraft first_draft(const Citizen& citizen) const;
  void schedule(std::size_t citizen, Deed deed, runtime::TimePoint at);
  void schedule_in_days(std::size_t citizen, Deed deed, double low, double high,
                        runtime::TimePoint now);
  void plan_first(std::size_t index, runtime::TimePoint now);
  void plan_day(std::size_t index, runtime::TimePoint now);
  void commit(const Citizen& citizen, sim::Day day, Dice& dice, runtime::TimePoint now);
  void act(Clerk& clerk, const Event& event, runtime::TimePoint now);
  /// The world's side of a deed and the settings as they will be; nothing when there is nothing to
  /// do.
  bool change_world(Settings& after, const Event& event);
  bool tell(Clerk& clerk, const Event& event, const Settings& after);
  void schedule_press(std::size_t citizen, Press press, runtime::TimePoint at);
  void press(Clerk& clerk, const Event& event, runtime::TimePoint now);
  /// The answers that such a link may give; the first is the expected one.
  [[nodiscard]] std::vector<std::string_view> answers_to(const Citizen& citizen,
                                                         const Press& press) const;
  [[nodiscard]] std::optional<runtime::TimePoint> snooze_end(const Settings& settings) const;
  void wish(Citizen& citizen, const Press& press, runtime::TimePoint now);
  void mirror_pause(Settings& after, std::optional<sim::Day> until) const;
  void plan_next(const Event& event, runtime::TimePoint now);
  [[nodiscard]] sim::Service service_to_turn(const Event& event) const;
  [[nodiscard]] sim::Day machine_day(std::uint8_t zone) const;
  [[nodiscard]] std::string hours_text(const std::vector<int>& stages) const;

  Parts parts_;
  std::uint64_t seed_;
  Dice dice_;
  std::vector<Citizen> citizens_;
  std::vector<std::size_t> by_user_id_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::unordered_map<std::uint64_t, Press> presses_;  // by the order of their event
  std::vector<std::vector<Used>> used_;               // links that did something, by citizen
  std::uint64_t next_order_ = 0;
  std::uint64_t changes_ = 0;
  std::uint64_t presses_done_ = 0;
};

}  // namespace streaky::simulation

// A person of the world as a user of Streaky: what was told to Streaky, when, and what of it the
// world still honours. Pure values; the truth about the person's work is in sim/activity.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sim/exchange.h"
#include "sim/person.h"

namespace streaky::simulation {

struct RestEntry {
  sim::Day from = 0;
  std::uint8_t bits = 0;
};

struct PauseEntry {
  sim::Day first = 0;
  std::optional<sim::Day> last;
};

/// How loud a channel is: every message with a sound, without one, or the day's last reminder
/// alone.
enum class Level : std::uint8_t { normal, quiet, loud };

/// What was asked for one day with a link in a message. The last word holds.
struct DayWish {
  sim::Day day = 0;
  bool stopped = false;                       // nothing more
  bool rested = false;                        // the pauses have it, too
  std::optional<runtime::TimePoint> later{};  // nothing before, and then once
};

/// Everything that a verdict and a duty rest on, besides what was committed when.
struct Settings {
  std::uint8_t zone = 0;
  std::vector<int> stages;  // minutes, sorted
  bool active = true;       // false: paused until further notice
  bool summary = false;
  sim::OwnToken token = sim::OwnToken::none;  // dead: GitHub refuses it
  bool discord = false;                       // set up, and the service takes messages
  bool telegram = false;
  std::vector<RestEntry> rests;  // in order of `from`
  std::vector<PauseEntry> pauses;
  std::array<Level, sim::kServices> levels{};
  std::optional<DayWish> wish;

  [[nodiscard]] bool has(sim::Service service) const {
    return service == sim::Service::discord ? discord : telegram;
  }
  [[nodiscard]] Level level(sim::Service service) const {
    return levels.at(static_cast<std::size_t>(service));
  }
  [[nodiscard]] bool rests_on(sim::Day day) const {
    std::uint8_t bits = 0;
    for (const RestEntry& entry : rests) {
      if (entry.from <= day) bits = entry.bits;
    }
    return ((static_cast<unsigned>(bits) >> static_cast<unsigned>(sim::weekday_of(day))) & 1U) != 0;
  }
  [[nodiscard]] bool paused_on(sim::Day day) const {
    for (const PauseEntry& pause : pauses) {
      if (pause.first <= day && (!pause.last || day <= *pause.last)) return true;
    }
    return false;
  }
  [[nodiscard]] bool skips(sim::Day day) const { return rests_on(day) || paused_on(day); }
};

/// Settings from an instant on.
struct Chapter {
  runtime::TimePoint from;
  Settings settings;
  bool told = false;       // Streaky was told of it: it may look at once (job-states.md)
  bool replanned = false;  // zone or hours were changed, or the user came back: today begins anew
};

struct Habits {
  int diligence = 85;       // percent of the days
  int rest_diligence = 25;  // of rest days
  int peak_minute = 17 * 60;
  bool travels = false;
  bool presses = false;  // links in messages, now and then
  int dated_ahead = 2;   // percent of commits that lie on tomorrow's date
};

struct Citizen {
  std::uint32_t person = 0;
  std::int64_t user_id = 0;
  std::string login;
  bool gone = false;                                // GitHub knows no such account
  sim::OwnToken owned_token = sim::OwnToken::none;  // what kind of token was handed over, if any
  bool has_discord = false;                         // set up once, whether it lives or not
  bool has_telegram = false;
  Habits habits;
  std::vector<Chapter> chapters;  // by `from`; the last is in force
  sim::Day planned_through = 0;   // commits are drawn up to this local day

  [[nodiscard]] const Settings& now() const { return chapters.back().settings; }
  [[nodiscard]] const Settings& at(runtime::TimePoint when) const {
    for (auto chapter = chapters.rbegin(); chapter != chapters.rend(); ++chapter) {
      if (chapter->from <= when) return chapter->settings;
    }
    return chapters.front().settings;
  }
};

}  // namespace streaky::simulation

#include "simulation/weather.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "simulation/dice.h"

namespace streaky::simulation {

using namespace std::chrono_literals;
using runtime::Millis;
using runtime::TimePoint;
using sim::Fault;
using sim::Service;

namespace {

struct Climate {
  Trouble trouble;
  const char* name;
  double per_day;
  Millis shortest;
  Millis longest;
  int styles;
};

constexpr std::array<Climate, kTroubles> kClimate{{
    {Trouble::github_down, "GitHub is down", 0.10, 2min, 20h, 6},
    {Trouble::github_wrong, "GitHub answers nonsense", 0.10, 2min, 4h, 7},
    {Trouble::github_halves, "GitHub leaves out the last week", 0.10, 10min, 10h, 1},
    {Trouble::github_limited, "GitHub limits", 0.08, 2min, 90min, 4},
    {Trouble::github_slow, "GitHub is slow", 0.10, 2min, 6h, 3},
    {Trouble::github_drizzle, "a few failures at GitHub", 0.25, 10min, 10h, 1},
    {Trouble::discord_down, "Discord is down", 0.08, 2min, 10h, 5},
    {Trouble::discord_limited, "Discord limits", 0.08, 2min, 3h, 2},
    {Trouble::telegram_down, "Telegram is down", 0.08, 2min, 10h, 5},
    {Trouble::telegram_limited, "Telegram limits", 0.08, 2min, 3h, 2},
    {Trouble::channel_drizzle, "a few failures at the channels", 0.25, 10min, 10h, 1},
    {Trouble::database_busy, "the database is locked", 0.08, 5s, 15min, 1},
    {Trouble::database_full, "the disk is full", 0.05, 30s, 2h, 1},
    {Trouble::kill, "the process is killed", 0.45, 1s, 3min, 1},
    {Trouble::torn_kill, "the process is killed while it writes", 0.15, 1s, 10min, 1},
    {Trouble::restart, "the process is restarted", 0.10, 1s, 6h, 1},
    {Trouble::asleep, "the machine sleeps", 0.08, 1min, 9h, 1},
    {Trouble::wrong_clock, "the clock is wrong", 0.08, 5min, 5h, 1},
}};

constexpr std::array kErrors = {Fault::error_500, Fault::error_502, Fault::error_503,
                                Fault::error_504};

void expect(const runtime::Result<void>& done) {
  if (!done) throw std::logic_error("the world refuses a fault: " + done.error().message);
}

const Climate& climate_of(Trouble trouble) {
  return *std::ranges::find(kClimate, trouble, &Climate::trouble);
}

}  // namespace

const char* to_text(Trouble trouble) { return climate_of(trouble).name; }

std::vector<Spell> forecast(std::uint64_t seed, TimePoint from, TimePoint to, double severity) {
  std::vector<Spell> spells;
  for (const Climate& climate : kClimate) {
    const double rate = climate.per_day * severity;
    if (rate <= 0) continue;
    Dice dice(seed, static_cast<std::uint64_t>(climate.trouble) + 1'000);
    const Millis mean{static_cast<std::int64_t>(86'400'000.0 / rate)};
    TimePoint at = from;
    for (;;) {
      at += Millis{static_cast<std::int64_t>(-std::log(1.0 - dice.unit()) *
                                             static_cast<double>(mean.count()))};
      if (at >= to) break;
      Spell spell;
      spell.from = at;
      spell.to = at + dice.stretch(climate.shortest, climate.longest);
      spell.trouble = climate.trouble;
      spell.style = static_cast<int>(dice.below(static_cast<std::uint64_t>(climate.styles)));
      spell.key = dice.next();
      at = spell.to + 1min;
      spells.push_back(spell);
    }
  }
  std::ranges::sort(spells, {},
                    [](const Spell& spell) { return std::pair(spell.from, spell.trouble); });
  return spells;
}

Millis clock_error_of(const Spell& spell) {
  Dice dice(spell.key);
  const Millis size = dice.stretch(2s, 12min);
  return dice.percent(50) ? size : -size;
}

std::vector<Part> parts_of(const Spell& spell) {
  switch (spell.trouble) {
    case Trouble::github_down:
      return {Part::github, Part::github_dark};
    case Trouble::github_wrong:
    case Trouble::github_halves:
    case Trouble::github_limited:
    case Trouble::github_slow:
      return {Part::github};
    case Trouble::discord_down:
    case Trouble::discord_limited:
      return {Part::discord};
    case Trouble::telegram_down:
    case Trouble::telegram_limited:
      return {Part::telegram};
    case Trouble::database_busy:
    case Trouble::database_full:
    case Trouble::wrong_clock:
    case Trouble::asleep:
      return {Part::machine};
    case Trouble::kill:
    case Trouble::torn_kill:
    case Trouble::restart:  // the simulation knows when the process is really gone, and back
    case Trouble::github_drizzle:
    case Trouble::channel_drizzle:
      break;
  }
  return {};
}

Millis after_effect(const Spell& spell) {
  switch (spell.trouble) {
    case Trouble::github_limited:
      // Points: nothing may be asked before the hour that GitHub named. Others: a minute.
      return spell.style == 0 ? Millis{1h} : Millis{1min};
    case Trouble::discord_limited:
      return 21min;  // the hidden limit's window, as `apply_channel` sets it
    case Trouble::telegram_limited:
      return 1min;
    case Trouble::wrong_clock: {
      const Millis error = clock_error_of(spell);
      return std::max(error, -error);
    }
    default:
      return 0ms;
  }
}

Weather::Weather(sim::World& world, WireState& wire, ShimVfs& disk, Uptime& uptime)
    : world_(world), wire_(wire), disk_(disk), uptime_(uptime), fair_(world.rules()) {
  renew();
}

void Weather::begin(const Spell& spell, TimePoint now) {
  for (const Part part : parts_of(spell)) uptime_.down(part, now);
  spells_.push_back(spell);
  renew();
}

void Weather::end(const Spell& spell, TimePoint) {
  std::erase_if(spells_, [&spell](const Spell& one) {
    return one.trouble == spell.trouble && one.from == spell.from;
  });
  renew();
}

void Weather::renew() {
  expect(world_.faults().use("none"));
  world_.rules() = fair_;
  wire_.damage_chance = 0;
  disk_.set_busy(false);
  disk_.set_full(false);
  for (const Service service : {Service::github, Service::discord, Service::telegram}) {
    world_.down(service) = false;
  }
  world_.latency(Service::github) = {800ms, 0.5};
  world_.latency(Service::discord) = {250ms, 0.5};
  world_.latency(Service::telegram) = {250ms, 0.5};
  // Outages outrank drizzles: rules are tried in their order.
  std::ranges::sort(spells_, std::ranges::greater{}, [](const Spell& spell) {
    return std::pair(parts_of(spell).size(), spell.from);
  });
  for (const Spell& spell : spells_) apply(spell);
}

void Weather::apply(const Spell& spell) {
  switch (spell.trouble) {
    case Trouble::github_down:
    case Trouble::github_wrong:
    case Trouble::github_halves:
    case Trouble::github_limited:
    case Trouble::github_slow:
      return apply_github(spell);
    case Trouble::github_drizzle:
      return drizzle(Service::github);
    case Trouble::discord_down:
    case Trouble::discord_limited:
      return apply_channel(Service::discord, spell);
    case Trouble::telegram_down:
    case Trouble::telegram_limited:
      return apply_channel(Service::telegram, spell);
    case Trouble::channel_drizzle:
      drizzle(Service::discord);
      return drizzle(Service::telegram);
    case Trouble::database_busy:
      return disk_.set_busy(true);
    case Trouble::database_full:
      return disk_.set_full(true);
    default:
      return;
  }
}

void Weather::apply_github(const Spell& spell) {
  constexpr std::array kSlow = {6s, 14s, 40s};
  switch (spell.trouble) {
    case Trouble::github_down:
      if (spell.style == 0) world_.down(Service::github) = true;
      if (spell.style == 1) rule(Service::github, Fault::hang, 1);
      if (spell.style > 1) {
        rule(Service::github, kErrors.at(static_cast<std::size_t>(spell.style - 2)), 1);
      }
      return;
    case Trouble::github_halves:
      return rule(Service::github, Fault::half, 0.6);
    case Trouble::github_wrong:
      if (spell.style == 0) rule(Service::github, Fault::html, 1);
      if (spell.style == 1) rule(Service::github, Fault::half, 0.8);
      if (spell.style > 1) {
        wire_.damage = static_cast<Damage>(spell.style - 1);
        wire_.damage_chance = 0.9;
      }
      return;
    case Trouble::github_limited:
      if (spell.style == 0) world_.rules().github.points_per_hour = 1;
      if (spell.style == 1) rule(Service::github, Fault::secondary, 1);
      if (spell.style == 2) world_.rules().github.most_user_days = 3;
      if (spell.style == 3) rule(Service::github, Fault::rate_limited, 0.9);
      return;
    default:
      world_.latency(Service::github) = {kSlow.at(static_cast<std::size_t>(spell.style)), 0.4};
  }
}

void Weather::apply_channel(Service service, const Spell& spell) {
  const bool limited =
      spell.trouble == Trouble::discord_limited || spell.trouble == Trouble::telegram_limited;
  if (limited) {
    if (spell.style == 0) return rule(service, Fault::rate_limited, 0.9);
    if (service == Service::telegram) {
      world_.rules().telegram.per_bot_second = 1;
      return;
    }
    world_.rules().discord.per_channel = 1;
    world_.rules().discord.channel_window = 20min;
    return;
  }
  if (spell.style == 0) world_.down(service) = true;
  if (spell.style == 1) rule(service, Fault::hang, 1);
  if (spell.style == 2) rule(service, Fault::error_503, 1);
  if (spell.style == 3) rule(service, Fault::html, 1);
  if (spell.style == 4) rule(service, Fault::hang_after, 0.5);
}

void Weather::drizzle(Service service) {
  rule(service, Fault::error_502, 0.02);
  rule(service, Fault::error_500, 0.01);
  rule(service, Fault::html, 0.01);
  rule(service, Fault::reset_before, 0.02);
  rule(service, Fault::reset_after, 0.01);
  rule(service, Fault::rate_limited, 0.01);
  rule(service, Fault::slow, 0.04);
  rule(service, Fault::cut, 0.01);
  rule(service, Fault::hang_after, 0.005);
  if (service == Service::github) rule(service, Fault::half, 0.02);
}

void Weather::rule(Service service, Fault fault, double probability) {
  expect(world_.faults().add({service, fault, probability}));
}

}  // namespace streaky::simulation

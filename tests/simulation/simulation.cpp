#include "simulation/simulation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>

#include "simulation/dice.h"
#include "simulation/life.h"
#include "simulation/tables.h"
#include "simulation/weather.h"
#include "store/database.h"
#include "support/house.h"

namespace streaky::simulation {

using namespace std::chrono_literals;
using runtime::Millis;
using runtime::TimePoint;
using testing_support::House;

namespace {

/// The timers of an engine that has nothing to do: scheduler, worker, reaper, cleaner.
constexpr std::size_t kIdleTimers = 4;
constexpr Millis kBetweenChecks = 6h;
/// Bytes of the database, whatever it has lived through: for each job and delivery that was ever
/// kept at a time (about half of it is usual), and for everything else.
constexpr std::int64_t kMostPerRow = 1'500;
constexpr std::int64_t kMostBesides = 4'000'000;
constexpr std::int64_t kPageBytes = 4'096;
constexpr std::uintmax_t kMostUnwritten = 64U << 20U;  // bytes of the write-ahead log
/// Stuck work is looked for when the process has been well for so long.
constexpr Millis kWellFor = 15min;
constexpr Millis kStartAgain = 10s;
constexpr Millis kLongestStop = 60s;
/// Between the first handler of a round and the last of a large one.
constexpr double kHandlersBeforeKill = 4'000;
constexpr std::uint64_t kWritesBeforeKill = 40;
constexpr Millis kSeenBefore = 10min;

/// Polls find what other processes wrote; what is due is known without. Fewer of them halve the
/// time that a run takes.
constexpr Millis kPoll = 30s;

/// Memory is the fastest disk; a machine without such a folder uses the usual one.
std::string fast_folder() { return ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : ""; }

House::Settings house_settings(const Options& options) {
  House::Settings settings;
  settings.tokens = {"ghp_sim0", "ghp_sim1", "ghp_sim2"};
  settings.seed = options.seed;
  settings.rare_polls = false;
  settings.large_cache = true;
  settings.engine.tick = kPoll;
  settings.engine.worker.poll = kPoll;
  settings.folder_below = fast_folder();
  settings.public_url = kSite;
  return settings;
}

sim::WorldOptions world_options(const Options& options) {
  sim::WorldOptions world;
  world.seed = options.seed;
  return world;
}

/// As likely among the first ten handlers as between the hundredth and the thousandth.
std::uint64_t handlers_before_kill(const Spell& spell) {
  return static_cast<std::uint64_t>(std::pow(kHandlersBeforeKill, Dice(spell.key).unit()));
}

/// Something that the machine suffers, at its instant.
struct Turn {
  TimePoint at;
  std::size_t spell = 0;
  enum class What : std::uint8_t { begin, end, recover } what = What::begin;
};

}  // namespace

class Simulation::Impl {
 public:
  explicit Impl(Options options)
      : options_(std::move(options)),
        start_(runtime::parse_rfc3339(options_.start).value()),
        end_(start_ + std::chrono::days{options_.days}),
        machine_(start_),
        world_(world_options(options_)),
        house_(machine_.clock(), house_settings(options_)),
        tables_(house_.database_path(), disk_.real_name()),
        diary_(options_.users),
        truth_(world_.people(), world_.activity(), zones_),
        oracle_(truth_, uptime_, machine_, diary_),
        life_({.world = world_,
               .zones = zones_,
               .machine = machine_,
               .diary = diary_,
               .before_change = [this](const Citizen& citizen,
                                       TimePoint now) { oracle_.close_chapter(citizen, now); },
               .after_change = [this](const Citizen& citizen,
                                      TimePoint now) { oracle_.open_chapter(citizen, now); },
               .wrong_link =
                   [this](const Citizen& citizen, TimePoint now, std::string story) {
                     oracle_.fail(citizen, now, "wrong_link", std::move(story));
                   }},
              options_.seed, options_.users),
        weather_(world_, wire_, disk_, uptime_),
        spells_(forecast(options_.seed, start_ + 1h, end_ - 1h, options_.severity)) {
    world_.ledger().judge_entries(false);
    wire_.on_lost = [this](const sim::Entry& entry) {
      oracle_.excuse(life_.citizens().at(entry.person), entry.service, machine_.truth());
    };
    for (std::size_t i = 0; i < spells_.size(); ++i) plan(Turn{spells_[i].from, i});
  }

  Report run();

 private:
  void plan(Turn turn) {
    const auto place = std::ranges::upper_bound(turns_, turn.at, {}, &Turn::at);
    turns_.insert(place, turn);
  }
  void take(Turn turn);
  void begin_spell(const Spell& spell, std::size_t index);
  void end_spell(const Spell& spell, std::size_t index);
  void start_process();
  void stop_process();
  void kill_process(const char* how);
  void machine_down();

  void advance_to(TimePoint at);
  bool leap(TimePoint at_most);
  void observe();
  void check_tables();
  [[nodiscard]] std::vector<std::string> growth();
  [[nodiscard]] bool failed_enough() const {
    return oracle_.failures().size() >= options_.most_failures;
  }

  Options options_;
  TimePoint start_;
  TimePoint end_;
  Machine machine_;
  ShimVfs disk_;  // before whatever opens the database
  sim::World world_;
  sim::Zones zones_;
  House house_;
  Tables tables_;
  WireState wire_;
  Uptime uptime_;
  Diary diary_;
  Truth truth_;
  Oracle oracle_;
  Life life_;
  Weather weather_;
  std::vector<Spell> spells_;
  std::deque<Turn> turns_;
  std::unique_ptr<Clerk> clerk_;
  std::optional<std::uint64_t> kill_in_;  // handlers from now
  std::optional<TimePoint> start_at_;     // a process that is not there yet
  bool down_ = false;
  std::size_t observed_ = 0;  // entries of the ledger
  TimePoint next_check_;
  std::int64_t most_rows_ = 0;  // that were kept at a time
  std::uint64_t kills_ = 0;
  std::uint64_t starts_ = 0;
};

Report Simulation::Impl::run() {
  start_process();
  clerk_ = std::make_unique<Clerk>(house_.database_path(), house_.sealer());
  life_.move_in(*clerk_, start_);
  oracle_.begin(life_.citizens(), start_);
  next_check_ = start_ + kBetweenChecks;
  while (machine_.truth() < end_ && !failed_enough()) {
    TimePoint at = std::min({end_, life_.next(), oracle_.next(), next_check_});
    if (!turns_.empty()) at = std::min(at, turns_.front().at);
    if (start_at_) at = std::min(at, *start_at_);
    advance_to(at);
    observe();
    const TimePoint now = machine_.truth();
    while (!turns_.empty() && turns_.front().at <= now) {
      const Turn turn = turns_.front();
      turns_.pop_front();
      take(turn);
    }
    if (start_at_ && *start_at_ <= machine_.truth()) start_process();
    disk_.hold_break(true);
    life_.run(*clerk_, machine_.truth());
    disk_.hold_break(false);
    if (oracle_.next() <= machine_.truth()) oracle_.run(life_.citizens(), machine_.truth());
    if (next_check_ <= machine_.truth()) check_tables();
  }
  Report report;
  report.failures = oracle_.failures();
  report.tally = oracle_.tally();
  report.sum = diary_.sum();
  report.events = diary_.events();
  report.requests = wire_.requests;
  report.lost_answers = wire_.lost_answers;
  report.changes = life_.changes();
  report.presses = life_.presses();
  report.spells = spells_.size();
  report.kills = kills_;
  report.starts = starts_;
  report.pages = tables_.pages();
  report.end = machine_.truth();
  return report;
}

void Simulation::Impl::take(Turn turn) {
  const Spell spell = spells_[turn.spell];
  switch (turn.what) {
    case Turn::What::begin:
      diary_.note_world(machine_.truth(), fmt::format("{} ({}) until {}", to_text(spell.trouble),
                                                      spell.style, runtime::to_rfc3339(spell.to)));
      return begin_spell(spell, turn.spell);
    case Turn::What::end:
      diary_.note_world(machine_.truth(), fmt::format("over: {}", to_text(spell.trouble)));
      return end_spell(spell, turn.spell);
    case Turn::What::recover:
      for (const Part part : parts_of(spell)) uptime_.up(part, machine_.truth());
  }
}

void Simulation::Impl::begin_spell(const Spell& spell, std::size_t index) {
  switch (spell.trouble) {
    case Trouble::kill:
      if (house_.running()) kill_in_ = handlers_before_kill(spell);
      return;
    case Trouble::torn_kill:
      if (house_.running()) disk_.break_after(static_cast<int>(spell.key % kWritesBeforeKill));
      return;
    case Trouble::restart:
      if (house_.running()) {
        stop_process();
        start_at_ = spell.to;
      }
      return;
    case Trouble::wrong_clock: {
      const Millis before = machine_.error();
      machine_.set_wrong(clock_error_of(spell));
      oracle_.clock_changed(machine_.truth(), before);
      break;
    }
    default:
      break;
  }
  weather_.begin(spell, machine_.truth());
  if (spell.trouble == Trouble::asleep) machine_.sleep_until(spell.to);
  plan(Turn{std::max(spell.to, machine_.truth()), index, Turn::What::end});
}

void Simulation::Impl::end_spell(const Spell& spell, std::size_t index) {
  weather_.end(spell, machine_.truth());
  if (spell.trouble == Trouble::wrong_clock) {
    const Millis before = machine_.error();
    machine_.set_wrong(0ms);
    oracle_.clock_changed(machine_.truth(), before);
  }
  plan(Turn{machine_.truth() + after_effect(spell), index, Turn::What::recover});
}

void Simulation::Impl::machine_down() {
  if (!std::exchange(down_, true)) uptime_.down(Part::machine, machine_.truth());
}

void Simulation::Impl::start_process() {
  start_at_.reset();
  ++starts_;
  const std::uint64_t wire_seed = sim::mix(options_.seed, starts_);
  try {
    house_.start([this, wire_seed](const runtime::Executor&) {
      return std::make_unique<Wire>(world_, machine_, wire_, wire_seed);
    });
  } catch (const store::DatabaseError& error) {
    // Whoever runs the process starts it again.
    diary_.note_world(machine_.truth(), fmt::format("does not start: {}", error.what()));
    house_.abandon();
    machine_down();
    start_at_ = machine_.truth() + kStartAgain;
    return;
  }
  diary_.note_world(machine_.truth(), "the process runs");
  if (std::exchange(down_, false)) uptime_.up(Part::machine, machine_.truth());
}

void Simulation::Impl::stop_process() {
  machine_down();
  const TimePoint give_up = machine_.truth() + kLongestStop;
  if (!house_.stop_until(machine_.wall(give_up))) {
    oracle_.fail(life_.citizens().front(), machine_.truth(), "does_not_stop",
                 "the process did not stop in a minute");
    house_.kill();
  }
  kill_in_.reset();
  disk_.mend();
}

void Simulation::Impl::kill_process(const char* how) {
  ++kills_;
  const TimePoint now = machine_.truth();
  diary_.note_world(now, how);
  machine_down();
  observe();
  // Between sending and recording: whatever the world took and the tables do not know of.
  const auto& entries = world_.ledger().entries();
  for (const Tables::Sending& one : tables_.sending()) {
    const Citizen* citizen = life_.by_user_id(one.user_id);
    const auto service =
        one.channel_kind == "discord" ? sim::Service::discord : sim::Service::telegram;
    for (std::size_t i = entries.size(); i-- > 0 && entries[i].at + kSeenBefore > now;) {
      if (citizen == nullptr || entries[i].person != citizen->person) continue;
      if (entries[i].service != service) continue;
      oracle_.excuse(*citizen, service, now);
      break;
    }
  }
  house_.kill();
  kill_in_.reset();
  disk_.mend();
  // The spell that killed it says when it comes back.
  TimePoint back = now + kStartAgain;
  for (const Spell& spell : spells_) {
    const bool kills = spell.trouble == Trouble::kill || spell.trouble == Trouble::torn_kill;
    if (kills && spell.from <= now) back = std::max(now + 1s, now + (spell.to - spell.from));
    if (spell.from > now) break;
  }
  start_at_ = back;
}

/// Lets the machine live until that instant, or until something happens to it.
void Simulation::Impl::advance_to(TimePoint at) {
  runtime::VirtualClock& clock = machine_.clock();
  const TimePoint wall = machine_.wall(at);
  while (house_.running()) {
    if (kill_in_) {
      if (*kill_in_ == 0) return kill_process("killed");
      if (house_.run_one_ready() > 0) {
        --*kill_in_;
        continue;
      }
    } else if (house_.run_ready() > 0) {
      if (disk_.broken()) return kill_process("killed while it wrote");
      continue;
    }
    if (disk_.broken()) return kill_process("killed while it wrote");
    const auto timer = clock.next_timer();
    if (clock.timers() <= kIdleTimers && leap(wall)) continue;
    if (!timer || *timer > wall) break;
    clock.advance_to_next();
  }
  clock.leap_to(wall);
}

/// Over a stretch in which there is nothing to do. False when there is something.
bool Simulation::Impl::leap(TimePoint at_most) {
  runtime::VirtualClock& clock = machine_.clock();
  TimePoint to = at_most;
  if (const auto work = tables_.next_work()) to = std::min(to, *work);
  if (to <= clock.now()) return false;
  clock.leap_to(to);
  return true;
}

void Simulation::Impl::observe() {
  const auto& entries = world_.ledger().entries();
  for (; observed_ < entries.size(); ++observed_) {
    const sim::Entry& entry = entries[observed_];
    oracle_.heard(life_.citizens().at(entry.person), entry);
    life_.hear(entry);
  }
}

void Simulation::Impl::check_tables() {
  const TimePoint now = machine_.truth();
  next_check_ = now + kBetweenChecks;
  const bool well = !uptime_.down_within(Part::machine, now - kWellFor, now + 1ms);
  if (!well) return;
  auto troubles = tables_.troubles(machine_.clock().now());
  const bool long_well = !uptime_.down_within(Part::machine, now - 2h, now + 1ms);
  if (long_well) {
    const auto more = tables_.leftovers(machine_.clock().now());
    troubles.insert(troubles.end(), more.begin(), more.end());
    const auto grown = growth();
    troubles.insert(troubles.end(), grown.begin(), grown.end());
  }
  for (const std::string& trouble : troubles) {
    oracle_.fail(life_.citizens().front(), now, "tables", trouble);
  }
}

std::vector<std::string> Simulation::Impl::growth() {
  std::vector<std::string> found;
  const auto log = std::filesystem::file_size(house_.database_path() + "-wal");
  if (log > kMostUnwritten) found.push_back(fmt::format("a write-ahead log of {} bytes", log));
  most_rows_ = std::max(most_rows_, tables_.rows());
  const std::int64_t bytes = tables_.pages() * kPageBytes;
  if (bytes > kMostBesides + kMostPerRow * most_rows_) {
    found.push_back(fmt::format("a database of {} bytes for {} rows", bytes, most_rows_));
  }
  return found;
}

Simulation::Simulation(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Simulation::~Simulation() = default;

Report Simulation::run() { return impl_->run(); }

}  // namespace streaky::simulation

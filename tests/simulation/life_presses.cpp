// Who presses which link, what must come of it, and what it means for the person's day.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "simulation/life.h"
#include "simulation/local_time.h"

namespace streaky::simulation {

using namespace std::chrono_literals;
using runtime::TimePoint;

namespace {

constexpr const char* kSnooze = "Snooze an hour";
constexpr const char* kRest = "Rest today";
constexpr const char* kStop = "No more today";
constexpr runtime::Millis kTryAgain = 7min;
/// Longer ago, everybody's local day is another one.
constexpr runtime::Millis kDay = 26h;
/// A message that comes so soon after midnight may have been on its way from the day before.
constexpr int kFirstMinutes = 20;

bool fits(const std::vector<std::string_view>& some, std::string_view one) {
  return std::ranges::find(some, one) != some.end();
}

bool moved_since(const Citizen& citizen, TimePoint from) {
  const std::uint8_t zone = citizen.now().zone;
  for (auto chapter = citizen.chapters.rbegin(); chapter != citizen.chapters.rend(); ++chapter) {
    if (chapter->settings.zone != zone) return true;
    if (chapter->from <= from) return false;
  }
  return false;
}

}  // namespace

void Life::hear(const sim::Entry& entry) {
  const Citizen& citizen = citizens_.at(entry.person);
  if (entry.links.empty() || !citizen.habits.presses) return;
  const std::uint64_t moment = sim::mix(static_cast<std::uint64_t>(runtime::to_unix_ms(entry.at)),
                                        static_cast<std::uint64_t>(entry.service));
  Dice dice(sim::mix(seed_, entry.person), moment);
  if (!dice.percent(50)) return;
  const sim::Zones::Local there = parts_.zones.local(citizen.now().zone, entry.at);
  Press press;
  press.heard_at = entry.at;
  press.day = there.day;
  press.sure = parts_.machine.error() == 0ms && there.minute >= kFirstMinutes;
  TimePoint at = entry.at + (dice.percent(80) ? dice.stretch(2s, 2h) : dice.stretch(2h, 30h));
  // Twice, or first one and then another.
  const int times = dice.percent(25) ? 2 : 1;
  const bool same = dice.percent(50);
  for (int i = 0; i < times; ++i) {
    if (i == 0 || !same) {
      const sim::EntryLink& link = entry.links.at(dice.below(entry.links.size()));
      press.label = link.label;
      press.url = link.url;
    }
    schedule_press(entry.person, press, at);
    at += dice.stretch(1s, 3h);
  }
}

void Life::schedule_press(std::size_t citizen, Press press, TimePoint at) {
  presses_.emplace(next_order_, std::move(press));
  schedule(citizen, Deed::press, at);
}

void Life::press(Clerk& clerk, const Event& event, TimePoint now) {
  const Press press = std::move(presses_.extract(event.order).mapped());
  Citizen& citizen = citizens_[event.citizen];
  const auto answer = clerk.press(press.url, parts_.machine.clock().now());
  if (!answer) return schedule_press(event.citizen, press, now + kTryAgain);
  parts_.diary.note(
      citizen.person, now,
      fmt::format("presses \"{}\" of {}: {}", press.label, runtime::to_rfc3339(press.heard_at),
                  answer->empty() ? "done" : *answer));
  const auto allowed = answers_to(citizen, press);
  if (!fits(allowed, *answer)) {
    parts_.wrong_link(citizen, now,
                      fmt::format("\"{}\" gave \"{}\", expected {}\"{}\"", press.label, *answer,
                                  allowed.size() > 1 ? "among others " : "", allowed.front()));
    return;
  }
  if (!answer->empty()) return;
  ++presses_done_;
  wish(citizen, press, now);
}

std::vector<std::string_view> Life::answers_to(const Citizen& citizen, const Press& press) const {
  const Settings& settings = citizen.now();
  const bool doubt = !press.sure || moved_since(citizen, press.heard_at - kDay);
  if (doubt) return {"", "day_over", "inactive", "too_late", "used", "ended"};
  if (machine_day(settings.zone) != press.day) return {"day_over"};
  if (!settings.active) return {"inactive"};
  const bool stopped = settings.wish && settings.wish->day == press.day && settings.wish->stopped;
  if (press.label == kSnooze && (stopped || settings.paused_on(press.day))) return {"ended"};
  if (press.label == kSnooze && !snooze_end(settings)) return {"too_late"};
  std::vector<std::string_view> answers = {""};
  for (const Used& used : used_[citizen.person]) {
    if (used.url == press.url) return {"used"};
    // The same reminder on two channels has one link of each kind.
    if (used.label == press.label && used.day == press.day) answers = {"", "used"};
  }
  return answers;
}

/// An hour from now by the machine's clock, on a whole minute; half an hour before midnight at the
/// latest.
std::optional<TimePoint> Life::snooze_end(const Settings& settings) const {
  const TimePoint wall = parts_.machine.wall(parts_.machine.truth());
  const TimePoint midnight = end_of(parts_.zones, settings.zone, machine_day(settings.zone));
  const TimePoint end =
      std::min<TimePoint>(std::chrono::ceil<std::chrono::minutes>(wall + 60min),
                          std::chrono::floor<std::chrono::minutes>(midnight - 30min));
  if (end <= wall) return std::nullopt;
  return end;
}

/// What the person has said, for the oracle.
void Life::wish(Citizen& citizen, const Press& press, TimePoint now) {
  Settings after = citizen.now();
  DayWish wish;
  wish.day = machine_day(after.zone);
  wish.stopped = press.label == kStop;
  wish.rested = press.label == kRest;
  if (press.label == kSnooze) wish.later = snooze_end(after);
  if (!wish.stopped && !wish.rested && !wish.later) {
    return parts_.wrong_link(citizen, now, fmt::format("\"{}\" did something", press.label));
  }
  // Who is on holiday for longer stays so.
  if (wish.rested && !after.paused_on(wish.day)) mirror_pause(after, wish.day);
  after.wish = wish;
  std::vector<Used>& used = used_[citizen.person];
  std::erase_if(used, [&wish](const Used& one) { return one.day + 2 < wish.day; });
  used.push_back(Used{press.label, press.url, wish.day});
  parts_.before_change(citizen, now);
  citizen.chapters.push_back(Chapter{now, std::move(after), false, false});
  parts_.after_change(citizen, now);
  Dice dice(sim::mix(seed_, citizen.person), static_cast<std::uint64_t>(runtime::to_unix_ms(now)));
  if (dice.percent(15)) schedule(citizen.person, Deed::take_back, now + dice.stretch(10s, 2h));
}

}  // namespace streaky::simulation

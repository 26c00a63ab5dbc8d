#include "simulation/life.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "simulation/local_time.h"

namespace streaky::simulation {

using namespace std::chrono_literals;
using runtime::TimePoint;
using sim::OwnToken;

std::vector<int> draw_hours(Dice& dice);
std::uint8_t draw_rest_days(Dice& dice);
Level draw_level(Dice& dice);
streak::ChannelLevel told_level(Level level);
std::vector<std::string> rest_day_names(std::uint8_t bits);

namespace {

constexpr runtime::Millis kTryAgain = 7min;

constexpr std::array kDeedNames = {
    "plans a day",       "travels",          "changes hours",      "changes rest days",
    "pauses for a time", "pauses",           "comes back",         "toggles the summary",
    "token dies",        "token renewed",    "webhook is deleted", "webhook is made anew",
    "blocks the bot",    "unblocks the bot", "changes a level",    "takes it back",
    "presses a link"};

}  // namespace

Life::Life(Parts parts, std::uint64_t seed, std::size_t users)
    : parts_(std::move(parts)), seed_(sim::mix(seed, 0x6C696665)), dice_(seed_) {
  const TimePoint now = parts_.machine.truth();
  for (std::size_t i = 0; i < users; ++i) be_born(i, now);
  used_.resize(users);
}

const Citizen* Life::by_user_id(std::int64_t user_id) const {
  const auto id = static_cast<std::size_t>(user_id);
  if (id >= by_user_id_.size() || by_user_id_[id] >= citizens_.size()) return nullptr;
  return &citizens_[by_user_id_[id]];
}

void Life::schedule(std::size_t citizen, Deed deed, TimePoint at) {
  events_.push(Event{at, next_order_++, citizen, deed});
}

void Life::schedule_in_days(std::size_t citizen, Deed deed, double low, double high,
                            TimePoint now) {
  const double days = low + dice_.unit() * (high - low);
  schedule(citizen, deed, now + runtime::Millis{static_cast<std::int64_t>(days * 86'400'000.0)});
}

void Life::plan_first(std::size_t index, TimePoint now) {
  const Citizen& citizen = citizens_[index];
  plan_day(index, now);
  if (citizen.habits.travels) schedule_in_days(index, Deed::travel, 3, 60, now);
  schedule_in_days(index, Deed::new_hours, 5, 200, now);
  schedule_in_days(index, Deed::new_rest_days, 5, 250, now);
  schedule_in_days(index, dice_.percent(50) ? Deed::pause_until : Deed::pause, 5, 200, now);
  schedule_in_days(index, Deed::toggle_summary, 10, citizen.now().summary ? 120 : 700, now);
  if (citizen.owned_token != OwnToken::none) {
    schedule_in_days(index, Deed::token_dies, 5, 120, now);
  }
  if (citizen.has_discord) schedule_in_days(index, Deed::discord_dies, 5, 300, now);
  if (citizen.has_telegram) schedule_in_days(index, Deed::telegram_dies, 5, 300, now);
  if (citizen.has_discord || citizen.has_telegram) {
    schedule_in_days(index, Deed::new_level, 5, 200, now);
  }
}

void Life::run(Clerk& clerk, TimePoint now) {
  while (!events_.empty() && events_.top().at <= now) {
    const Event event = events_.top();
    events_.pop();
    if (event.deed == Deed::plan_day) {
      plan_day(event.citizen, now);
    } else if (event.deed == Deed::press) {
      press(clerk, event, now);
    } else {
      act(clerk, event, now);
    }
  }
}

void Life::act(Clerk& clerk, const Event& event, TimePoint now) {
  Citizen& citizen = citizens_[event.citizen];
  sim::Person& person = parts_.world.people().at(citizen.person);
  const sim::Person person_before = person;
  const Dice dice_before = dice_;
  Settings after = citizen.now();
  if (change_world(after, event)) {
    const bool world_only = event.deed == Deed::token_dies || event.deed == Deed::discord_dies ||
                            event.deed == Deed::telegram_dies;
    if (!world_only && !tell(clerk, event, after)) {
      person = person_before;
      dice_ = dice_before;
      schedule(event.citizen, event.deed, now + kTryAgain);
      return;
    }
    ++changes_;
    parts_.diary.note(
        citizen.person, now,
        fmt::format("{}: {} {}{}{}", kDeedNames.at(static_cast<std::size_t>(event.deed)),
                    sim::Zones::names()[after.zone], hours_text(after.stages),
                    after.discord ? " discord" : "", after.telegram ? " telegram" : ""));
    parts_.before_change(citizen, now);
    const bool replanned = event.deed == Deed::travel || event.deed == Deed::new_hours ||
                           event.deed == Deed::pause || event.deed == Deed::resume ||
                           event.deed == Deed::take_back;
    const bool told = !world_only && event.deed != Deed::new_level && event.deed != Deed::take_back;
    citizen.chapters.push_back(Chapter{now, std::move(after), told, replanned});
    parts_.after_change(citizen, now);
  }
  plan_next(event, now);
}

bool Life::change_world(Settings& after, const Event& event) {
  sim::Person& person = parts_.world.people().at(citizens_[event.citizen].person);
  const std::uint8_t zones = static_cast<std::uint8_t>(sim::Zones::names().size());
  const sim::Day today = machine_day(after.zone);
  switch (event.deed) {
    case Deed::travel:
      after.zone = static_cast<std::uint8_t>(dice_.below(zones));
      return true;
    case Deed::new_hours:
      after.stages = draw_hours(dice_);
      return true;
    case Deed::new_rest_days:
      std::erase_if(after.rests, [today](const RestEntry& entry) { return entry.from >= today; });
      after.rests.push_back(RestEntry{today, draw_rest_days(dice_)});
      return true;
    case Deed::pause_until:
    case Deed::pause: {
      if (!after.active || after.paused_on(today)) return false;
      std::optional<sim::Day> until;
      if (event.deed == Deed::pause_until) until = today + dice_.between(0, 14);
      mirror_pause(after, until);
      return true;
    }
    case Deed::resume:
      if (after.active) return false;
      std::erase_if(after.pauses, [today](const PauseEntry& one) { return one.first >= today; });
      for (PauseEntry& pause : after.pauses) {
        if (!pause.last || *pause.last >= today) pause.last = today - 1;
      }
      after.active = true;
      return true;
    case Deed::toggle_summary:
      after.summary = !after.summary;
      return true;
    case Deed::token_dies:
      after.token = person.token = OwnToken::dead;
      return true;
    case Deed::token_renewed:
      after.token = person.token = citizens_[event.citizen].owned_token;
      return true;
    case Deed::discord_dies:
      person.discord = sim::DiscordState::deleted;
      after.discord = false;
      return true;
    case Deed::discord_renewed:
      person.discord = sim::DiscordState::living;
      ++person.webhooks_lost;
      return after.discord = true;
    case Deed::telegram_dies:
      person.telegram = person.telegram == sim::TelegramState::group ? sim::TelegramState::kicked
                                                                     : sim::TelegramState::blocked;
      after.telegram = false;
      return true;
    case Deed::telegram_renewed:
      person.telegram = person.telegram == sim::TelegramState::kicked ? sim::TelegramState::group
                                                                      : sim::TelegramState::living;
      return after.telegram = true;
    case Deed::new_level:
      after.levels.at(static_cast<std::size_t>(service_to_turn(event))) = draw_level(dice_);
      return true;
    case Deed::take_back:
      if (!after.wish || after.wish->day != today) return false;
      after.wish.reset();
      return true;
    case Deed::plan_day:
    case Deed::press:
      break;
  }
  return false;
}

void Life::mirror_pause(Settings& after, std::optional<sim::Day> until) const {
  const sim::Day today = machine_day(after.zone);
  std::erase_if(after.pauses, [today](const PauseEntry& pause) { return pause.first > today; });
  after.pauses.push_back(PauseEntry{today, until});
  if (!until) after.active = false;
}

bool Life::tell(Clerk& clerk, const Event& event, const Settings& after) {
  const Citizen& citizen = citizens_[event.citizen];
  const sim::People& people = parts_.world.people();
  const sim::Person& person = people.at(citizen.person);
  const TimePoint now = parts_.machine.clock().now();
  account::UserDraft draft;
  std::string trouble = account::set_login(draft, citizen.login);
  draft.revive = true;  // as `streaky user add` does: it is said now
  switch (event.deed) {
    case Deed::travel:
      trouble += account::set_time_zone(draft, sim::Zones::names()[after.zone]);
      break;
    case Deed::new_hours: {
      std::vector<std::string> hours;
      for (const int minute : after.stages) {
        hours.push_back(fmt::format("{:02}:{:02}", minute / 60, minute % 60));
      }
      trouble += account::set_remind_at(draft, hours);
      break;
    }
    case Deed::new_rest_days:
      trouble += account::set_rest_days(draft, rest_day_names(after.rests.back().bits));
      break;
    case Deed::pause_until:
      return clerk.pause(citizen.login, streak::Label{std::chrono::days{*after.pauses.back().last}},
                         now);
    case Deed::pause:
      return clerk.pause(citizen.login, std::nullopt, now);
    case Deed::resume:
      return clerk.resume(citizen.login, now);
    case Deed::take_back:
      return clerk.take_back(citizen.user_id, now);
    case Deed::new_level: {
      const sim::Service service = service_to_turn(event);
      return clerk.set_level(citizen.user_id, sim::to_text(service),
                             told_level(after.level(service)), now);
    }
    case Deed::toggle_summary:
      draft.daily_summary.set(after.summary);
      break;
    case Deed::token_renewed:
      trouble += account::set_github_token(draft, sim::People::own_token(person));
      break;
    case Deed::discord_renewed:
      trouble += account::set_discord_webhook(draft, sim::People::webhook_url(person));
      break;
    default:
      trouble += account::set_telegram(draft, people.bot_token(sim::People::bot_id(person)),
                                       std::to_string(sim::People::imported_chat(person)),
                                       runtime::Secret());
  }
  if (!trouble.empty()) throw std::logic_error("a setting was refused: " + trouble);
  return clerk.edit(std::move(draft), now);
}

void Life::plan_next(const Event& event, TimePoint now) {
  const std::size_t i = event.citizen;
  switch (event.deed) {
    case Deed::travel:
      return schedule_in_days(i, Deed::travel, 4, 60, now);
    case Deed::new_hours:
      return schedule_in_days(i, Deed::new_hours, 20, 250, now);
    case Deed::new_rest_days:
      return schedule_in_days(i, Deed::new_rest_days, 20, 300, now);
    case Deed::pause:
      return schedule_in_days(i, Deed::resume, 0.1, 12, now);
    case Deed::pause_until:
    case Deed::resume:
      return schedule_in_days(i, dice_.percent(50) ? Deed::pause_until : Deed::pause, 20, 200, now);
    case Deed::toggle_summary:
      // Few want it at any time.
      return citizens_[i].now().summary ? schedule_in_days(i, Deed::toggle_summary, 20, 120, now)
                                        : schedule_in_days(i, Deed::toggle_summary, 100, 700, now);
    // Far enough apart that Streaky has read the history again in between.
    case Deed::token_dies:
      return schedule_in_days(i, Deed::token_renewed, 18, 60, now);
    case Deed::token_renewed:
      return schedule_in_days(i, Deed::token_dies, 18, 120, now);
    case Deed::discord_dies:
      return schedule_in_days(i, Deed::discord_renewed, 0.01, 15, now);
    case Deed::discord_renewed:
      return schedule_in_days(i, Deed::discord_dies, 5, 300, now);
    case Deed::telegram_dies:
      return schedule_in_days(i, Deed::telegram_renewed, 0.01, 15, now);
    case Deed::telegram_renewed:
      return schedule_in_days(i, Deed::telegram_dies, 5, 300, now);
    case Deed::new_level:
      return schedule_in_days(i, Deed::new_level, 10, 250, now);
    case Deed::take_back:
    case Deed::plan_day:
    case Deed::press:
      break;
  }
}

/// One of the channels that were ever set up; with two, one after the other.
sim::Service Life::service_to_turn(const Event& event) const {
  const Citizen& citizen = citizens_[event.citizen];
  const bool second = event.order % 2 == 0;
  const bool discord = citizen.has_discord && (!citizen.has_telegram || second);
  return discord ? sim::Service::discord : sim::Service::telegram;
}

sim::Day Life::machine_day(std::uint8_t zone) const {
  return parts_.zones.local(zone, parts_.machine.wall(parts_.machine.truth())).day;
}

std::string Life::hours_text(const std::vector<int>& stages) const {
  std::string text;
  for (const int minute : stages) {
    text += fmt::format("{}{:02}:{:02}", text.empty() ? "" : ",", minute / 60, minute % 60);
  }
  return text;
}

}  // namespace streaky::simulation

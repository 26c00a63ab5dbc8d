// Who the people are and what they commit.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

#include "simulation/life.h"
#include "simulation/local_time.h"

namespace streaky::simulation {

using namespace std::chrono_literals;
using runtime::TimePoint;
using sim::OwnToken;

namespace {

/// Few distinct hours, so that rounds have a size; some that daylight saving falls upon, and some
/// close to midnight.
constexpr std::array kHours = {18 * 60, 20 * 60, 20 * 60, 21 * 60, 22 * 60};
constexpr std::array kOddHours = {0,       15,           90,      150,          180,
                                  12 * 60, 19 * 60 + 30, 23 * 60, 23 * 60 + 15, 23 * 60 + 50};

int draw_streak(Dice& dice) {
  const int kind = dice.between(0, 99);
  if (kind < 25) return 0;
  if (kind < 80) return dice.between(1, 40);
  return kind < 97 ? dice.between(41, 420) : dice.between(421, 1'500);
}

sim::Privacy draw_privacy(Dice& dice) {
  const int kind = dice.between(0, 99);
  if (kind < 72) return sim::Privacy::open;
  if (kind < 82) return sim::Privacy::shared;
  return kind < 92 ? sim::Privacy::hidden : sim::Privacy::private_only;
}

std::string text_of(int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); }

void expect(const std::string& trouble) {
  if (!trouble.empty()) throw std::logic_error("a setting was refused: " + trouble);
}

}  // namespace

std::vector<int> draw_hours(Dice& dice) {
  const int kind = dice.between(0, 99);
  const int count = kind < 60 ? 1 : kind < 90 ? 2 : 3;
  std::vector<int> hours;
  for (int i = 0; i < count; ++i) {
    const bool odd = dice.percent(12);
    hours.push_back(odd ? kOddHours.at(dice.below(kOddHours.size()))
                        : kHours.at(dice.below(kHours.size())));
  }
  std::ranges::sort(hours);
  hours.erase(std::ranges::unique(hours).begin(), hours.end());
  return hours;
}

std::uint8_t draw_rest_days(Dice& dice) {
  const int kind = dice.between(0, 99);
  if (kind < 70) return 0;
  return kind < 90 ? 0b1000001 : static_cast<std::uint8_t>(1U << dice.below(7));
}

std::vector<std::string> rest_day_names(std::uint8_t bits) {
  constexpr std::array kNames = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  std::vector<std::string> names;
  for (unsigned i = 0; i < kNames.size(); ++i) {
    if (((static_cast<unsigned>(bits) >> i) & 1U) != 0) names.emplace_back(kNames.at(i));
  }
  return names;
}

Level draw_level(Dice& dice) {
  const int kind = dice.between(0, 99);
  if (kind < 60) return Level::normal;
  return kind < 75 ? Level::quiet : Level::loud;
}

streak::ChannelLevel told_level(Level level) {
  if (level == Level::normal) return streak::ChannelLevel::normal;
  return level == Level::quiet ? streak::ChannelLevel::quiet : streak::ChannelLevel::loud;
}

void Life::be_born(std::size_t index, TimePoint now) {
  Dice dice(seed_, index);
  Citizen citizen;
  Settings settings;
  // Round the globe first, so that a small town has many zones as well.
  const std::size_t zones = sim::Zones::names().size();
  settings.zone = static_cast<std::uint8_t>((index * 17 + seed_) % zones);
  settings.stages = draw_hours(dice);
  settings.summary = dice.percent(12);
  settings.rests.push_back(RestEntry{-100'000, draw_rest_days(dice)});

  sim::Person person;
  person.zone = settings.zone;
  person.base = parts_.zones.local(settings.zone, now).day;
  const int streak = draw_streak(dice);
  person.has_streak = streak > 0;
  person.began = person.base - std::max(streak, 1);
  person.created = person.began - dice.between(10, 900);
  person.diligence = 0;  // what comes after `base` is drawn here
  person.privacy = draw_privacy(dice);
  const bool hides =
      person.privacy == sim::Privacy::hidden || person.privacy == sim::Privacy::private_only;
  if (dice.percent(hides ? 75 : 6)) {
    person.token = dice.percent(80) ? OwnToken::repo : OwnToken::plain;
  }
  const int channels = dice.between(0, 99);
  if (channels < 70) person.discord = sim::DiscordState::living;
  if (channels >= 50) {
    person.telegram = dice.percent(80) ? sim::TelegramState::living : sim::TelegramState::group;
  }
  if (dice.percent(1)) person.account = sim::Account::unknown;
  person.id_form = dice.percent(50) ? sim::IdForm::node : sim::IdForm::none;

  settings.token = citizen.owned_token = person.token;
  settings.discord = citizen.has_discord = lives(person.discord);
  settings.telegram = citizen.has_telegram = lives(person.telegram);
  citizen.gone = person.account == sim::Account::unknown;
  citizen.habits.diligence = dice.between(65, 98);
  citizen.habits.rest_diligence = dice.between(5, 50);
  citizen.habits.peak_minute = dice.between(8 * 60, 22 * 60);
  citizen.habits.travels = dice.percent(30);
  if (dice.percent(25)) citizen.habits.dated_ahead = 60;  // a machine with a clock further east
  citizen.habits.presses = dice.percent(50);
  for (Level& level : settings.levels) level = draw_level(dice);
  citizen.planned_through = person.base - 1;
  citizen.person = parts_.world.people().add(person);
  citizen.login = parts_.world.people().at(citizen.person).login;
  citizen.chapters.push_back(Chapter{now, settings, false, false});
  citizens_.push_back(std::move(citizen));
}

account::UserDraft Life::first_draft(const Citizen& citizen) const {
  const sim::People& people = parts_.world.people();
  const sim::Person& person = people.at(citizen.person);
  const Settings& settings = citizen.now();
  account::UserDraft draft;
  expect(account::set_login(draft, citizen.login));
  if (person.id_form == sim::IdForm::node) {
    expect(account::set_github_id(draft, sim::People::node_id(person)));
  }
  expect(account::set_time_zone(draft, sim::Zones::names()[settings.zone]));
  std::vector<std::string> hours;
  for (const int minute : settings.stages) hours.push_back(text_of(minute));
  expect(account::set_remind_at(draft, hours));
  expect(account::set_rest_days(draft, rest_day_names(settings.rests.front().bits)));
  draft.daily_summary.set(settings.summary);
  if (settings.token != OwnToken::none) {
    expect(account::set_github_token(draft, sim::People::own_token(person)));
  }
  if (settings.discord) {
    expect(account::set_discord_webhook(draft, sim::People::webhook_url(person)));
  }
  if (settings.telegram) {
    expect(account::set_telegram(draft, people.bot_token(sim::People::bot_id(person)),
                                 std::to_string(sim::People::imported_chat(person)),
                                 runtime::Secret()));
  }
  return draft;
}

void Life::move_in(Clerk& clerk, TimePoint now) {
  for (std::size_t begin = 0; begin < citizens_.size(); begin += app::kUsersPerBite) {
    const std::size_t end = std::min(citizens_.size(), begin + app::kUsersPerBite);
    std::vector<account::UserDraft> drafts;
    for (std::size_t i = begin; i < end; ++i) drafts.push_back(first_draft(citizens_[i]));
    const std::vector<std::int64_t> ids = clerk.sign_up(std::move(drafts), now);
    for (std::size_t i = begin; i < end; ++i) {
      citizens_[i].user_id = ids.at(i - begin);
      const auto id = static_cast<std::size_t>(citizens_[i].user_id);
      if (by_user_id_.size() <= id) by_user_id_.resize(id + 1, citizens_.size());
      by_user_id_[id] = i;
    }
  }
  for (const Citizen& citizen : citizens_) {
    for (const sim::Service service : {sim::Service::discord, sim::Service::telegram}) {
      const Level level = citizen.now().level(service);
      if (!citizen.now().has(service) || level == Level::normal) continue;
      clerk.set_level(citizen.user_id, sim::to_text(service), told_level(level), now);
    }
  }
  for (std::size_t i = 0; i < citizens_.size(); ++i) plan_first(i, now);
}

/// One commit of that day, at an hour that the person likes.
void Life::commit(const Citizen& citizen, sim::Day day, Dice& dice, TimePoint now) {
  sim::World& world = parts_.world;
  const sim::Person& person = world.people().at(citizen.person);
  const int spread = dice.between(-6 * 60, 3 * 60) + dice.between(-3 * 60, 3 * 60);
  const int minute = std::clamp(citizen.habits.peak_minute + spread, 5, 23 * 60 + 55);
  const TimePoint made = instant_of(parts_.zones, citizen.now().zone, day, minute);
  TimePoint seen = made + dice.stretch(1s, 5min);
  std::string manner;
  if (dice.percent(4)) {
    seen = made + dice.stretch(1h, 20h);  // pushed later, or counted late
    manner = ", seen late";
  }
  // A day that begins late (after a journey) does not change the past.
  seen = std::max(seen, now + 1s);
  sim::Day label = day;
  // A laptop that is set to a zone further east: the commit lies on tomorrow's date already.
  if (dice.percent(citizen.habits.dated_ahead) && day + 1 <= sim::utc_day(made + 14h)) {
    label = day + 1;
    manner += ", on tomorrow's date";
  }
  const bool hidden = person.privacy == sim::Privacy::private_only ||
                      (person.privacy != sim::Privacy::open && dice.percent(50));
  if (hidden) manner += ", private";
  world.activity().contribute(person, label, dice.between(1, 6), seen, hidden);
  std::string text = "commits: label ";
  sim::append_day(text, label);
  text += fmt::format(" visible {}{}", runtime::to_rfc3339(seen), manner);
  parts_.diary.note(citizen.person, std::max(made, parts_.machine.truth()), text);
}

void Life::plan_day(std::size_t index, TimePoint now) {
  Citizen& citizen = citizens_[index];
  const Settings& settings = citizen.now();
  const sim::Day today = parts_.zones.local(settings.zone, now).day;
  if (today > citizen.planned_through) {
    citizen.planned_through = today;
    Dice dice(sim::mix(seed_, index), static_cast<std::uint64_t>(today));
    const int chance =
        settings.rests_on(today) ? citizen.habits.rest_diligence : citizen.habits.diligence;
    // Who is on holiday commits little.
    const bool works = dice.percent(settings.paused_on(today) || !settings.active ? 15 : chance);
    const int commits = works ? 1 + static_cast<int>(dice.below(2)) : 0;
    for (int i = 0; i < commits; ++i) commit(citizen, today, dice, now);
  }
  schedule(index, Deed::plan_day, instant_of(parts_.zones, settings.zone, today + 1, 0));
}

}  // namespace streaky::simulation

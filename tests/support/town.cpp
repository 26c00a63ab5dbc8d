#include "support/town.h"

#include <boost/json/parse.hpp>
#include <sstream>
#include <stdexcept>

#include "streak/reminder_plan.h"

namespace streaky::testing_support {

namespace {

namespace json = boost::json;

std::string text_of(const json::object& line, const char* name) {
  const json::value* value = line.if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  if (value->is_int64()) return std::to_string(value->get_int64());
  return std::string(value->as_string());
}

/// One line of the world's import file. A GitHub number is left out: it is not a node id, and the
/// reading of numbers is the import's business.
NewUser read_line(const json::object& line) {
  NewUser user;
  user.login = text_of(line, "login");
  const json::value* id = line.if_contains("github_id");
  if (id != nullptr && id->is_string()) user.node_id = text_of(line, "github_id");
  user.time_zone = text_of(line, "time_zone");
  user.remind_at.clear();
  for (const json::value& time : line.at("remind_at").as_array()) {
    user.remind_at.push_back(streak::parse_minute(std::string(time.as_string())).value());
  }
  streak::Weekdays rest;
  if (const json::value* days = line.if_contains("rest_days")) {
    for (const json::value& day : days->as_array()) rest.add(std::string(day.as_string()));
  }
  user.rules.rest_days.push_back({streak::Label{}, rest});
  if (const json::value* summary = line.if_contains("daily_summary")) {
    user.daily_summary = summary->as_bool();
  }
  user.github_token = text_of(line, "github_token");
  user.discord_webhook = text_of(line, "discord_webhook");
  if (const json::value* telegram = line.if_contains("telegram")) {
    user.telegram_token = text_of(telegram->as_object(), "token");
    user.telegram_chat = text_of(telegram->as_object(), "chat_id");
  }
  return user;
}

}  // namespace

Town::Town(runtime::TimePoint start, House::Settings settings, sim::WorldOptions world_options)
    : clock(start), world(world_options), house(clock, std::move(settings)) {}

Neighbour Town::settle(const char* zone, int streak_days) {
  sim::Person person;
  person.zone = sim::Zones::find(zone).value();
  const sim::Zones zones;
  person.base = zones.local(person.zone, clock.now()).day;
  person.created = person.base - 20 * 365;
  person.has_streak = streak_days > 0;
  person.began = person.base - streak_days;
  person.discord = sim::DiscordState::living;
  person.diligence = 0;
  return {world.people(), world.people().add(person)};
}

std::vector<std::string> Town::heard(const Neighbour& person, std::optional<sim::Service> service) {
  std::vector<std::string> texts;
  for (const sim::Entry& entry : world.ledger().entries()) {
    const bool there = !service || entry.service == *service;
    if (there && entry.person == person.index()) texts.push_back(entry.text);
  }
  return texts;
}

void Town::fault(sim::Service service, sim::Fault kind, double probability) {
  const auto added =
      world.faults().add({.service = service, .fault = kind, .probability = probability});
  if (!added) throw std::invalid_argument(added.error().message);
}

void Town::no_faults() {
  const auto lifted = world.faults().use("none");
  if (!lifted) throw std::invalid_argument(lifted.error().message);
}

void Town::start_process() {
  house.start(
      [this](runtime::Executor) { return std::make_unique<sim::WorldClient>(world, clock); });
}

void Town::crash() {
  house.kill();
  start_process();
}

std::size_t Town::move_in() {
  std::istringstream lines(sim::import_lines(world.people()));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    house.add(read_line(json::parse(line).as_object()));
    ++count;
  }
  return count;
}

}  // namespace streaky::testing_support

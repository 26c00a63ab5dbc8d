// Users, as operators see them: looked up by name, never a credential; paused and resumed.
#include "account/user_view.h"
#include "engine/trigger.h"
#include "web/edits.h"
#include "web/handlers.h"
#include "web/operator_actions.h"
#include "web/replies.h"
#include "web/test_message.h"
#include "web/words.h"

namespace streaky::web {

namespace {

constexpr int kHistory = 10;

void set_user_data(Data& data, const Visit& visit, const store::User& user) {
  data.set("id", std::to_string(user.id));
  data.set("found", user.login);
  data.set("status", account::status_text(user, visit.now));
  data.set("zone", user.time_zone);
  data.set("at", account::times_text(user));
  data.set("next", user.next_check_at ? account::local_text(user, *user.next_check_at)
                                      : std::string("none"));
  data.set("streak", account::streak_text(user));
  data.set("token", std::string(account::token_text(user)));
  const bool paused =
      user.status == store::UserStatus::paused || account::pause_in_force(user, visit.now);
  data.set("paused", paused);
  set_channel_data(data, user);
}

Data history_data(const std::vector<store::Deliveries::History>& deliveries,
                  const store::User& user) {
  Data list{Data::type::list};
  for (const auto& delivery : deliveries) {
    Data row;
    row.set("when", account::local_text(user, delivery.at));
    row.set("what", delivery.kind + " on " + channel_name(delivery.channel_kind));
    row.set("state", delivery.state);
    row.set("reason", delivery.reason);
    list.push_back(row);
  }
  return list;
}

Answer change(Desk* desk, Visit* visit, Verb verb) {
  const auto id = parse_id(visit->parameters.at(0));
  if (!id) co_return problem(desk, visit, not_found());
  auto changing = pause_or_resume(desk, visit, *id, verb);
  const auto result = co_await std::move(changing);
  if (!result) co_return problem(desk, visit, not_found());
  const char* said = verb == Verb::pause ? "user-paused" : "user-resumed";
  co_return see_other("/operator/users?" + to_query({{"name", result->login}, {"said", said}}));
}

}  // namespace

Answer operator_users(Desk* desk, Visit* visit) {
  const std::string name(field(visit->query, "name"));
  Data data;
  data.set("name", name);
  PageFrame frame;
  frame.title = "Users";
  frame.place = "operator";
  const auto user = co_await look_up(desk, name);
  if (user) {
    set_user_data(data, *visit, *user);
    const auto deliveries = co_await desk->deliveries.history(user->id, kHistory);
    data.set("history", history_data(deliveries, *user));
  } else if (!name.empty()) {
    frame.problem = "There is no such user.";
  }
  data.set("has_user", user.has_value());
  co_return page(desk, visit, "operator_users", std::move(frame), std::move(data));
}

Answer operator_check(Desk* desk, Visit* visit) {
  const auto id = parse_id(visit->parameters.at(0));
  std::optional<store::User> user;
  if (id) user = co_await desk->users.get(*id);
  if (!user) co_return problem(desk, visit, not_found());
  const auto triggered = co_await engine::trigger_user(&desk->parts.database, &desk->parts.clock,
                                                       &desk->parts.random, user->id);
  if (triggered.jobs == 0) {
    co_return see_other("/operator/users?" + to_query({{"name", user->login}, {"said", "nobody"}}));
  }
  desk->parts.hurry();
  co_await note_action(desk, visit, "checked", user->login);
  co_return see_other("/operator/rounds/" + triggered.batch_id + "?said=round");
}

Answer operator_pause(Desk* desk, Visit* visit) { return change(desk, visit, Verb::pause); }

Answer operator_resume(Desk* desk, Visit* visit) { return change(desk, visit, Verb::resume); }

}  // namespace streaky::web

// Users, as operators see them: looked up by name, never a credential; paused and resumed.
#include <algorithm>
#include <charconv>

#include "account/change.h"
#include "account/user_view.h"
#include "web/edits.h"
#include "web/handlers.h"
#include "web/replies.h"
#include "web/words.h"

namespace streaky::web {

namespace {

constexpr int kHistory = 10;
constexpr std::size_t kLongestName = 100;

enum class Verb { pause, resume };

/// By login, or by GitHub's id.
runtime::Task<std::optional<store::User>> look_up(store::Users* users, std::string name) {
  store::UserKey by_login;
  by_login.login = name;
  auto user = co_await users->find(by_login);
  account::UserDraft by_id;
  if (!user && account::set_github_id(by_id, name).empty()) {
    user = co_await users->find(by_id.key());
  }
  co_return user;
}

void set_user_data(Data& data, const Desk& desk, const Visit& visit, const store::User& user) {
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
  set_channel_data(data, desk, user);
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
  const std::string& text = visit->parameters.at(0);
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size()) {
    co_return problem(desk, visit, not_found());
  }
  const runtime::TimePoint now = visit->now;
  account::Edit edit = [verb, now](const store::Allotted& allotted) {
    const bool told = account::told_today(allotted, now);
    if (verb == Verb::pause) {
      return account::pause_user(*allotted.existing, std::nullopt, told, now);
    }
    return account::resume_user(*allotted.existing, told, now);
  };
  auto changing = account::change_user(&desk->users, id, std::move(edit), now);
  const auto result = co_await std::move(changing);
  if (!result) co_return problem(desk, visit, not_found());
  store::OperatorAction entry;
  entry.at = now;
  entry.who = visit->user().login;
  entry.action = verb == Verb::pause ? "paused" : "resumed";
  entry.subject = result->login;
  co_await desk->operator_log.add(std::move(entry));
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
  std::optional<store::User> user;
  const bool asked = !name.empty() && name.size() <= kLongestName;
  if (asked) user = co_await look_up(&desk->users, name);
  if (user) {
    set_user_data(data, *desk, *visit, *user);
    const auto deliveries = co_await desk->deliveries.history(user->id, kHistory);
    data.set("history", history_data(deliveries, *user));
  } else if (!name.empty()) {
    frame.problem = "There is no such user.";
  }
  data.set("has_user", user.has_value());
  co_return page(desk, visit, "operator_users", std::move(frame), std::move(data));
}

Answer operator_pause(Desk* desk, Visit* visit) { return change(desk, visit, Verb::pause); }

Answer operator_resume(Desk* desk, Visit* visit) { return change(desk, visit, Verb::resume); }

}  // namespace streaky::web

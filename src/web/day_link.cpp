// Links from messages: a page that asks, and the form that does it. Looking changes nothing, so
// that no preview of a link can.
#include <fmt/format.h>

#include "account/change.h"
#include "account/day_action.h"
#include "account/user_edit.h"
#include "web/handlers.h"
#include "web/replies.h"
#include "web/settings_page.h"
#include "web/words.h"

namespace streaky::web {

namespace {

using engine::ActionLink;
using engine::DayAction;
using runtime::Task;

struct Asking {
  std::string heading;
  std::string question;
  std::string button;
};

Asking asking_for(const ActionLink& link, const streak::Zone& zone, runtime::TimePoint now) {
  switch (link.action) {
    case DayAction::snooze: {
      const auto end = streak::snooze_end(zone, now);
      return {"Snooze",
              fmt::format("Keep quiet until {}, and remind me then if GitHub still shows no "
                          "contribution?",
                          end ? zone.clock_text(*end) : std::string("later")),
              "Snooze"};
    }
    case DayAction::rest:
      return {"Rest today",
              "Make today a day off? A day without a contribution then neither breaks your streak "
              "nor lengthens it here.",
              "Rest today"};
    case DayAction::stop:
      break;
  }
  return {"No more today", "Send no more messages about today? Your streak may end at midnight.",
          "No more today"};
}

/// What holds for the user's today, after a link was used.
std::string state_words(const store::User& user, runtime::TimePoint now) {
  const auto pause = account::pause_in_force(user, now);
  if (pause) return "Done. Today is a day off.";
  const auto word = account::day_word_in_force(user, now);
  if (word && word->stopped) return "Done. No more messages come today.";
  if (word && word->snoozed_until) {
    return fmt::format("Done. You hear again at {} if it is still needed.",
                       zone_or_utc(user.time_zone).clock_text(*word->snoozed_until));
  }
  return "This link was used before. Today's reminders come as usual.";
}

net::ServerResponse dead_link(Desk* desk, const Visit* visit) {
  return problem(desk, visit,
                 {.status = 404,
                  .code = "dead_link",
                  .title = "This link does not work",
                  .detail = "A link from a message works once and until midnight of its day."});
}

Problem problem_of(const runtime::Error& error) {
  if (error.code == "too_late") {
    return {.status = 422,
            .code = error.code,
            .title = "Too late to snooze",
            .detail = "Your day ends so soon that no other reminder would come in time."};
  }
  if (error.code == "inactive") {
    return {.status = 422,
            .code = error.code,
            .title = "You are paused",
            .detail = "No reminders come at the moment, so there is nothing to change."};
  }
  if (error.code == "ended") {
    return {
        .status = 422,
        .code = error.code,
        .title = "There is nothing to snooze",
        .detail = "No more messages come today, as was asked before. The settings take it back."};
  }
  return {.status = 422,
          .code = error.code,
          .title = "That did not work",
          .detail = "Try again in a moment, or change it in the settings."};
}

/// The link of the address and its user; nothing where the link is none or its day is over.
struct Found {
  ActionLink link;
  store::User user;
  bool used = false;
};

Task<std::optional<Found>> find_link(Desk* desk, const Visit* visit) {
  const auto link = desk->action_links.read(visit->parameters.at(0));
  if (!link || visit->now >= link->ends_at) co_return std::nullopt;
  const auto user = co_await desk->users.get(link->user_id);
  if (!user || account::today_of(*user, visit->now) != link->date) co_return std::nullopt;
  Found found;
  found.link = *link;
  found.user = *user;
  found.used = co_await desk->users.link_used(user->id, link->use());
  co_return found;
}

net::ServerResponse link_page(Desk* desk, const Visit* visit, const Found& found) {
  const Asking asking = asking_for(found.link, zone_or_utc(found.user.time_zone), visit->now);
  Data data;
  data.set("token", visit->parameters.at(0));
  data.set("owner", found.user.login);
  data.set("heading", asking.heading);
  data.set("question", asking.question);
  data.set("button", asking.button);
  data.set("asks", !found.used);
  data.set("state", state_words(found.user, visit->now));
  PageFrame frame;
  frame.title = asking.heading;
  return page(desk, visit, "day_link", std::move(frame), std::move(data));
}

}  // namespace

Answer day_link_page(Desk* desk, Visit* visit) {
  const auto found = co_await find_link(desk, visit);
  if (!found) co_return dead_link(desk, visit);
  co_return link_page(desk, visit, *found);
}

Answer use_day_link(Desk* desk, Visit* visit) {
  const auto found = co_await find_link(desk, visit);
  if (!found) co_return dead_link(desk, visit);
  auto using_it = account::use_action_link(&desk->users, found->link, visit->now);
  const auto result = co_await std::move(using_it);
  if (!result && result.error().code != "used") {
    const bool dead = result.error().code == "day_over" || result.error().code == "gone";
    if (dead) co_return dead_link(desk, visit);
    co_return problem(desk, visit, problem_of(result.error()));
  }
  if (result) {
    desk->parts.log.info("a link from a message was used",
                         {{"user", found->user.id}, {"action", to_text(found->link.action)}});
    desk->parts.hurry();
  }
  co_return see_other("/today/" + visit->parameters.at(0));
}

Answer forget_today(Desk* desk, Visit* visit) {
  const runtime::TimePoint now = visit->now;
  account::Edit edit = [now](const store::Allotted& allotted) {
    return account::forget_day_word(*allotted.existing, account::told_today(allotted, now), now);
  };
  auto changing = account::change_user(&desk->users, visit->user().id, std::move(edit), now);
  const auto result = co_await std::move(changing);
  if (!result) co_return problem(desk, visit, problem_of(result.error()));
  co_return see_other("/dashboard?said=today");
}

}  // namespace streaky::web

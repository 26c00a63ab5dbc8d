// Pictures for profile pages: the streak and the year of those who allow it.
#include <fmt/format.h>

#include "account/user_edit.h"
#include "crypto/tokens.h"
#include "github/forms.h"
#include "web/dashboard_view.h"
#include "web/desk.h"
#include "web/handlers.h"
#include "web/heat_map.h"
#include "web/replies.h"

namespace streaky::web {

namespace {

/// Long enough for a README, short enough for a day.
constexpr const char* kForAWhile = "public, max-age=900";

/// What the streak is, in one number and a few words; a dash where it is not known.
std::string streak_card(const store::User& user, const CardTheme& theme, runtime::TimePoint now) {
  const StreakView view = view_of(user, {}, now);
  const std::string login = escape_html(user.login);
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 360 120\" width=\"360\" "
      "height=\"120\" role=\"img\" font-family=\"system-ui, sans-serif\"><title>{0}: {1} {2}, "
      "longest {3}</title><rect width=\"360\" height=\"120\" rx=\"12\" fill=\"{4}\"/>"
      "<path transform=\"translate(20 26) scale(2.8)\" fill=\"{7}\" d=\"M12.6 1.6c.5 3.6-1.2 5.5-3 "
      "7.5C7.7 11.2 5.8 13.3 5.8 16.4c0 3.6 2.9 6.2 6.3 6.2s6.2-2.6 "
      "6.2-6.2c0-2.3-.9-4.2-2.1-5.9-.3 "
      "1.5-1 2.6-2.2 3.2.8-4.5-.2-9-1.4-12.1z\"/>"
      "<text x=\"104\" y=\"62\" font-size=\"44\" font-weight=\"700\" fill=\"{5}\">{1}</text>"
      "<text x=\"104\" y=\"84\" font-size=\"14\" fill=\"{6}\">{2}</text>"
      "<text x=\"104\" y=\"104\" font-size=\"12\" fill=\"{6}\">{0} · longest {3}</text></svg>\n",
      login, view.streak, view.streak_note, view.longest, theme.paper, theme.ink, theme.soft,
      theme.accent);
}

}  // namespace

Answer card(Desk* desk, Visit* visit) {
  const std::string& login = visit->parameters.at(0);
  const std::string& which = visit->parameters.at(1);
  const bool known = which == "streak.svg" || which == "heatmap.svg";
  if (!known || !github::is_github_login(login)) co_return problem(desk, visit, not_found());
  store::UserKey key;
  key.login = login;
  const auto user = co_await desk->users.find(key);
  bool is_public = false;
  if (user) is_public = co_await desk->calendars.is_public(user->id);
  // Whether there is such a user is nobody's business either.
  if (!is_public) co_return problem(desk, visit, not_found());
  const CardTheme& theme = card_theme(field(visit->query, "theme"));
  net::ServerResponse response;
  if (which == "streak.svg") {
    response.body = streak_card(*user, theme, visit->now);
  } else {
    const auto calendar = co_await desk->calendars.find(user->id);
    const streak::Calendar nothing;
    response.body = heat_map_card(calendar ? calendar->calendar : nothing,
                                  account::today_of(*user, visit->now), theme);
  }
  const std::string etag = "\"" + crypto::content_hash(response.body) + "\"";
  response.content_type = "image/svg+xml";
  response.headers.push_back({"ETag", etag});
  response.headers.push_back({"Cache-Control", kForAWhile});
  if (matches_etag(visit->request.header("If-None-Match"), etag)) {
    response.status = 304;
    response.body.clear();
  }
  co_return response;
}

Answer save_card(Desk* desk, Visit* visit) {
  co_await desk->calendars.set_public(visit->user().id, visit->value("public") == "on");
  co_return see_other("/settings?said=card#card");
}

}  // namespace streaky::web

// One-time sign-in links: for who runs the service, and for whoever runs it alone.
#include "account/change.h"
#include "crypto/tokens.h"
#include "github/forms.h"
#include "web/handlers.h"
#include "web/replies.h"
#include "web/sign_in.h"

namespace streaky::web {

namespace {

using net::ServerResponse;
using runtime::Task;

/// Whom a link would sign in.
struct Guest {
  bool works = false;
  std::int64_t user_id = 0;  // 0: somebody new
  std::string login;
};

Task<Guest> guest_of(Desk* desk, const Visit* visit) {
  Guest guest;
  const std::string& token = visit->parameters.at(0);
  if (!crypto::is_token(token)) co_return guest;
  const auto found = co_await desk->sessions.find_link(crypto::hash_token(token), visit->now);
  if (!found) co_return guest;
  std::optional<store::User> user;
  if (*found > 0) {
    user = co_await desk->users.get(*found);
    guest.works = user.has_value();
  } else {
    const auto users = co_await desk->users.list(0, 2);
    guest.works = users.size() < 2;
    if (users.size() == 1) user = users.front();
  }
  if (user) {
    guest.user_id = user->id;
    guest.login = user->login;
  }
  co_return guest;
}

ServerResponse dead_link(Desk* desk, const Visit* visit) {
  return problem(desk, visit,
                 {.status = 404,
                  .code = "dead_link",
                  .title = "This link does not work",
                  .detail = "A sign-in link works once and for ten minutes. Make a new one with: "
                            "streaky signin-link"});
}

ServerResponse link_page(Desk* desk, const Visit* visit, const Guest& guest, std::string problem) {
  Data data;
  data.set("token", visit->parameters.at(0));
  data.set("is_new", guest.user_id == 0);
  data.set("guest", guest.login);
  PageFrame frame;
  frame.title = "Sign in";
  frame.place = "sign_in";
  const int status = problem.empty() ? 200 : 422;
  frame.problem = std::move(problem);
  return page(desk, visit, "sign_in_link", std::move(frame), std::move(data), status);
}

}  // namespace

Answer sign_in_link_page(Desk* desk, Visit* visit) {
  const Guest guest = co_await guest_of(desk, visit);
  if (!guest.works) co_return dead_link(desk, visit);
  co_return link_page(desk, visit, guest, "");
}

Answer use_sign_in_link(Desk* desk, Visit* visit) {
  Guest guest = co_await guest_of(desk, visit);
  if (!guest.works) co_return dead_link(desk, visit);
  const std::string login(visit->value("login"));
  if (guest.user_id == 0 && !github::is_github_login(login)) {
    co_return link_page(desk, visit, guest,
                        "Expected a GitHub login: 1 to 39 letters, digits and hyphens.");
  }
  const std::string hash = crypto::hash_token(visit->parameters.at(0));
  const bool first = co_await desk->sessions.use_link(hash, visit->now);
  if (!first) co_return dead_link(desk, visit);
  const bool is_new = guest.user_id == 0;
  if (is_new) {
    account::UserDraft draft;
    draft.login = login;
    auto making =
        account::make_user(&desk->users, &desk->parts.sealer, std::move(draft), visit->now);
    const auto made = co_await std::move(making);
    if (!made) co_return dead_link(desk, visit);
    guest.user_id = made->id;
  }
  co_await begin_session(desk, visit, guest.user_id, store::SessionOrigin::link);
  co_return see_other(is_new ? "/setup/when" : "/dashboard");
}

}  // namespace streaky::web

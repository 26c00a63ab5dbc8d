#include "web/sign_in.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "account/change.h"
#include "crypto/tokens.h"
#include "runtime/printable.h"
#include "web/handlers.h"
#include "web/replies.h"
#include "web/routes.h"

namespace streaky::web {

namespace {

namespace json = boost::json;
using net::ServerResponse;
using runtime::Task;

constexpr const char* kCallback = "/sign-in/callback";
constexpr const char* kDashboard = "/dashboard";
/// As long as GitHub's code lives (docs/remote-apis.md §2).
constexpr std::chrono::minutes kJourney{10};
constexpr crypto::Binding kJourneyBinding{
    .purpose = crypto::Purpose::session, .user_id = 0, .channel_id = 0};

/// What the browser carries to GitHub and back, sealed.
struct Journey {
  std::string state;
  runtime::Secret verifier;
  std::string next;
};

std::string pack(const Journey& journey, runtime::TimePoint now, const crypto::Sealer& sealer) {
  json::object object;
  object["state"] = journey.state;
  object["verifier"] = journey.verifier.reveal();
  object["next"] = journey.next;
  object["until"] = runtime::to_unix_ms(now + kJourney);
  return sealer.seal(runtime::Secret(json::serialize(object)), kJourneyBinding);
}

std::optional<Journey> unpack(std::string_view sealed, runtime::TimePoint now,
                              const crypto::Sealer& sealer) {
  const auto opened = sealer.open(sealed, kJourneyBinding);
  if (!opened) return std::nullopt;
  boost::system::error_code error;
  const json::value value = json::parse(opened->reveal(), error);
  if (error || !value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  if (runtime::from_unix_ms(object.at("until").as_int64()) <= now) return std::nullopt;
  Journey journey;
  journey.state = std::string(object.at("state").as_string());
  journey.verifier = runtime::Secret(std::string(object.at("verifier").as_string()));
  journey.next = std::string(object.at("next").as_string());
  return journey;
}

ServerResponse sign_in_again(Desk* desk, Visit* visit, std::string problem, int status) {
  Data data;
  data.set("single_user", desk->single_user());
  data.set("next", std::string(kDashboard));
  PageFrame frame;
  frame.title = "Sign in";
  frame.place = "sign_in";
  frame.problem = std::move(problem);
  return page(desk, visit, "sign_in", std::move(frame), std::move(data), status);
}

ServerResponse refused_by_github(Desk* desk, Visit* visit, const runtime::Error& error) {
  desk->parts.log.warn(
      "a sign-in failed",
      {{"request", visit->id}, {"code", error.code}, {"error", runtime::printable(error.message)}});
  desk->parts.metrics.count("streaky_web_sign_ins_failed_total", {{"code", error.code}});
  if (error.permanent) {
    return sign_in_again(desk, visit,
                         "GitHub did not confirm the sign-in. It may have taken too long. Start "
                         "again, please.",
                         403);
  }
  return sign_in_again(desk, visit, "GitHub cannot be reached right now. Try again in a minute.",
                       502);
}

struct Mark {
  std::string_view in_header;
  std::string_view name;
};

std::string_view first_of(std::string_view text, std::span<const Mark> marks,
                          std::string_view otherwise) {
  for (const Mark& mark : marks) {
    if (text.contains(mark.in_header)) return mark.name;
  }
  return otherwise;
}

}  // namespace

std::string safe_next(std::string_view path) {
  const Match match = match_route("GET", path);
  const bool good = match.route != nullptr && match.route->who == Who::signed_in &&
                    match.route->face == Face::page && match.parameters.empty() &&
                    path != "/live" && path != "/export";
  return good ? std::string(path) : std::string(kDashboard);
}

std::string device_of(std::string_view user_agent) {
  static constexpr auto kBrowsers = std::to_array<Mark>({{"Edg/", "Edge"},
                                                         {"OPR/", "Opera"},
                                                         {"Firefox/", "Firefox"},
                                                         {"Chrome/", "Chrome"},
                                                         {"Safari/", "Safari"},
                                                         {"curl/", "curl"}});
  static constexpr auto kSystems = std::to_array<Mark>({{"Android", "Android"},
                                                        {"iPhone", "iPhone"},
                                                        {"iPad", "iPad"},
                                                        {"Windows", "Windows"},
                                                        {"Mac OS", "macOS"},
                                                        {"Linux", "Linux"}});
  std::string device(first_of(user_agent, kBrowsers, "A browser"));
  const std::string_view system = first_of(user_agent, kSystems, "");
  if (!system.empty()) device.append(" on ").append(system);
  return device;
}

Task<void> begin_session(Desk* desk, Visit* visit, std::int64_t user_id,
                         store::SessionOrigin origin) {
  const std::string old(desk->jar.read(*visit, Cookie::session));
  if (crypto::is_token(old)) co_await desk->sessions.end_by_hash(crypto::hash_token(old));
  const runtime::Secret token = crypto::make_token();
  const std::string device = device_of(visit->request.header("User-Agent"));
  co_await desk->sessions.begin(crypto::hash_token(token.reveal()), user_id, origin, device,
                                visit->now);
  desk->jar.set(*visit, Cookie::session, token.reveal(), store::kSessionIdle);
  desk->jar.clear(*visit, Cookie::visitor);
  desk->parts.metrics.count("streaky_web_sign_ins_total");
  desk->looks.begin(user_id);
}

Answer sign_in_page(Desk* desk, Visit* visit) {
  const std::string next = safe_next(field(visit->query, "next"));
  if (visit->signed_in) co_return see_other(next);
  Data data;
  data.set("single_user", desk->single_user());
  data.set("next", next);
  PageFrame frame;
  frame.title = "Sign in";
  frame.place = "sign_in";
  co_return page(desk, visit, "sign_in", std::move(frame), std::move(data));
}

Answer sign_in_with_github(Desk* desk, Visit* visit) {
  if (desk->single_user()) co_return problem(desk, visit, not_found());
  Journey journey;
  journey.state = std::string(crypto::make_token().reveal());
  journey.verifier = crypto::make_token();
  journey.next = safe_next(visit->value("next"));
  desk->jar.set(*visit, Cookie::sign_in, pack(journey, visit->now, desk->parts.sealer), kJourney);
  co_return see_elsewhere(
      desk->github.authorize_url(journey.state, crypto::pkce_challenge(journey.verifier.reveal()),
                                 desk->options.public_url + kCallback));
}

Answer sign_in_callback(Desk* desk, Visit* visit) {
  if (desk->single_user()) co_return problem(desk, visit, not_found());
  auto journey = unpack(desk->jar.read(*visit, Cookie::sign_in), visit->now, desk->parts.sealer);
  desk->jar.clear(*visit, Cookie::sign_in);
  const std::string_view state = field(visit->query, "state");
  if (!journey || !runtime::constant_time_equal(state, journey->state)) {
    co_return sign_in_again(desk, visit,
                            "This sign-in was not begun in this browser, or too long ago. Start "
                            "again, please.",
                            403);
  }
  const std::string code(field(visit->query, "code"));
  if (field(visit->query, "error") == "access_denied") {
    co_return sign_in_again(desk, visit,
                            "You did not let Streaky know who you are. Nothing was "
                            "stored.",
                            403);
  }
  if (code.empty() || code.size() > github::SignIn::kLongestCode) {
    co_return sign_in_again(desk, visit,
                            "GitHub sent you back without a word. Start again, please.", 403);
  }
  auto asking =
      desk->github.finish(code, std::move(journey->verifier), desk->options.public_url + kCallback);
  const auto who = co_await std::move(asking);
  if (!who) co_return refused_by_github(desk, visit, who.error());
  auto welcoming = account::welcome_account(&desk->users, &desk->parts.sealer, who->login,
                                            who->node_id, who->database_id, visit->now);
  const auto welcome = co_await std::move(welcoming);
  if (!welcome) {
    co_return problem(desk, visit,
                      {.status = 503,
                       .code = welcome.error().code,
                       .title = "That did not work",
                       .detail = "Your account could not be stored just now. Try again, please."});
  }
  co_await begin_session(desk, visit, welcome->user.id, store::SessionOrigin::github);
  co_return see_other(welcome->is_new ? std::string("/setup/when") : journey->next);
}

Answer sign_out(Desk* desk, Visit* visit) {
  if (visit->signed_in) {
    const auto& session = visit->signed_in->session;
    co_await desk->sessions.end(session.user_id, session.id);
    desk->pulse.end_of(session.user_id);
  }
  desk->jar.clear(*visit, Cookie::session);
  co_return see_other("/sign-in?said=signed-out");
}

}  // namespace streaky::web

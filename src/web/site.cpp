#include "web/site.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "crypto/tokens.h"
#include "net/field_text.h"
#include "runtime/bytes.h"
#include "store/database.h"
#include "web/api_gate.h"
#include "web/original.h"
#include "web/replies.h"
#include "web/routes.h"

namespace streaky::web {

namespace {

using net::ServerRequest;
using net::ServerResponse;
using runtime::Task;

constexpr std::chrono::seconds kVisitorLife{3'600};
constexpr std::size_t kOurHeaders = 9;  // at most, of those that every answer gets

std::string joined_headers(const ServerRequest& request, std::string_view name) {
  std::string joined;
  for (const net::HttpHeader& header : request.headers) {
    if (!net::equals_ignoring_case(header.name, name)) continue;
    if (!joined.empty()) joined += ",";
    joined += header.value;
  }
  return joined;
}

bool is_form(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return runtime::to_lower_ascii(runtime::trim_ascii(type)) == "application/x-www-form-urlencoded";
}

Problem too_many(runtime::Millis wait) {
  return {.status = 429,
          .code = "too_many_requests",
          .title = "A little slower, please",
          .detail = fmt::format("This was asked for very often. Try again in {}.",
                                runtime::to_human(wait))};
}

void add_retry_after(ServerResponse& response, runtime::Millis wait) {
  response.headers.push_back({"Retry-After", std::to_string((wait.count() + 999) / 1'000)});
}

/// Even if it is empty: somebody stands between.
bool is_of_a_proxy(const net::HttpHeader& header) {
  constexpr std::array<std::string_view, 4> kNames = {"X-Forwarded-For", "Forwarded", "Via",
                                                      "X-Real-IP"};
  return std::ranges::any_of(kNames, [&header](std::string_view name) {
    return net::equals_ignoring_case(header.name, name);
  });
}

bool has_header(const ServerResponse& response, std::string_view name) {
  return std::ranges::any_of(response.headers,
                             [name](const auto& header) { return header.name == name; });
}

}  // namespace

bool Visit::wants_html() const {
  const std::string_view accept = request.header("Accept");
  return accept.contains("text/html") && !request.path().starts_with("/api/");
}

std::string Visit::csrf() const {
  return form_key.empty() ? std::string() : crypto::derived_token(form_key.reveal(), "form");
}

class Site::Impl {
 public:
  Impl(SiteOptions options, SiteParts parts) : desk_(std::move(options), std::move(parts)) {
    const std::string& origin = desk_.options.public_url;
    policy_ = fmt::format(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'{}; frame-ancestors 'none'; base-uri 'none'",
        desk_.single_user() ? "" : " " + desk_.options.github.web_url);
    origin_ = runtime::to_lower_ascii(origin);
  }

  Task<ServerResponse> answer(ServerRequest request);
  void set_operators(std::vector<std::string> logins) {
    desk_.options.operators = std::move(logins);
  }
  void stop() {
    desk_.pulse.stop();
    desk_.looks.stop();
  }
  Task<void> wait_idle() { return desk_.looks.wait_idle(); }

 private:
  void arrive(Visit& visit, ServerRequest request);
  Task<ServerResponse> dispatch(Visit* visit);
  Task<void> recognise(Visit* visit);
  std::optional<ServerResponse> refuse_stranger(const Visit& visit);
  std::optional<ServerResponse> refuse_stranger_at_api(const Visit& visit);
  std::optional<ServerResponse> check_form(Visit& visit);
  std::optional<ServerResponse> limited(const Visit& visit, const std::string& who);
  [[nodiscard]] bool comes_from_us(const Visit& visit) const;
  Task<bool> is_operator(const Visit* visit);
  Task<bool> is_alone(std::int64_t user_id);
  Task<bool> is_known_as_another(const Visit* visit);
  [[nodiscard]] bool is_there(const Route& route) const;
  void finish(Visit& visit, ServerResponse& response);

  Desk desk_;
  bool others_seen_ = false;  // until the next start, which is the safe side
  std::string policy_;
  std::string origin_;
};

void Site::Impl::arrive(Visit& visit, ServerRequest request) {
  visit.now = desk_.parts.clock.now();
  visit.id = desk_.parts.random.uuid();
  const std::string forwarded = joined_headers(request, "X-Forwarded-For");
  visit.direct = std::ranges::none_of(request.headers, is_of_a_proxy);
  visit.address =
      net::client_address(request.remote_address, forwarded, desk_.options.trusted_proxies);
  visit.cookies = parse_cookies(joined_headers(request, "Cookie"));
  visit.request = std::move(request);
}

Task<ServerResponse> Site::Impl::answer(ServerRequest request) {
  Visit visit;
  arrive(visit, std::move(request));
  ServerResponse response;
  std::string failure;
  int status = 500;
  try {
    response = co_await dispatch(&visit);
  } catch (const store::DatabaseError& error) {
    failure = error.what();
    status = 503;
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (!failure.empty()) {
    desk_.parts.log.error("a request failed", {{"request", visit.id}, {"error", failure}});
    visit.set_cookies.clear();
    response = problem(&desk_, &visit,
                       {.status = status,
                        .code = status == 503 ? "unavailable" : "internal",
                        .title = "That did not work",
                        .detail = "It is our fault, not yours. Try again in a moment."});
    if (status == 503) add_retry_after(response, runtime::Millis{5'000});
  }
  finish(visit, response);
  co_return response;
}

/// A process without pages answers probes alone; the original's routes need their secrets.
bool Site::Impl::is_there(const Route& route) const {
  if (!desk_.options.pages) return route.is_probe;
  return route.face != Face::original || original_is_open(desk_, route);
}

Task<ServerResponse> Site::Impl::dispatch(Visit* visit) {
  Match match = match_route(visit->request.method, visit->request.path());
  const bool hidden = match.route != nullptr && !is_there(*match.route);
  if (match.route == nullptr || hidden) {
    static constexpr Rate kLost{"lost", 60, 120};
    static constexpr Route kNowhere{"", "(none)", Who::anyone, &kLost, nullptr, ""};
    visit->route = &kNowhere;
    if (auto refusal = limited(*visit, net::network_of(visit->address))) co_return *refusal;
    if (is_original_path(desk_, visit->request.path())) co_return original_not_found();
    if (match.allow.empty() || hidden) co_return problem(&desk_, visit, not_found());
    if (auto allowed = preflight(desk_, *visit)) co_return *allowed;
    ServerResponse wrong = problem(&desk_, visit,
                                   {.status = 405,
                                    .code = "method_not_allowed",
                                    .title = "This cannot be done here",
                                    .detail = "This address takes " + match.allow + " alone."});
    wrong.headers.push_back({"Allow", match.allow});
    co_return wrong;
  }
  visit->route = match.route;
  visit->parameters = std::move(match.parameters);
  if (auto refusal = limited(*visit, net::network_of(visit->address))) co_return *refusal;
  auto query = parse_form(
      visit->request.target.contains('?')
          ? std::string_view(visit->request.target).substr(visit->request.target.find('?') + 1)
          : std::string_view());
  if (query) visit->query = std::move(*query);
  if (visit->route->who != Who::anyone) co_await recognise(visit);
  if (auto refusal = refuse_stranger(*visit)) co_return *refusal;
  const bool is_api = visit->route->face == Face::api;
  if (!visit->reads() && visit->route->face != Face::original) {
    auto bad = is_api ? refuse_write(&desk_, visit, comes_from_us(*visit)) : check_form(*visit);
    if (bad) co_return *bad;
  }
  if (visit->signed_in && visit->route->face != Face::original) {
    if (is_api || !visit->reads()) {
      // However many addresses: the route's limit also holds for the user.
      const std::string who = "user " + std::to_string(visit->user().id);
      if (auto refusal = limited(*visit, who)) co_return *refusal;
    }
  }
  if (is_api) {
    auto answering = answer_once(&desk_, visit);
    co_return co_await std::move(answering);
  }
  auto answering = visit->route->handler(&desk_, visit);
  co_return co_await std::move(answering);
}

std::optional<ServerResponse> Site::Impl::limited(const Visit& visit, const std::string& who) {
  if (visit.route->rate == nullptr) return std::nullopt;
  const auto wait = desk_.limits.take(*visit.route->rate, who, desk_.parts.clock.monotonic());
  if (wait == runtime::Millis{0}) return std::nullopt;
  desk_.parts.metrics.count("streaky_web_limited_total", {{"rate", visit.route->rate->name}});
  ServerResponse response = problem(&desk_, &visit, too_many(wait));
  add_retry_after(response, wait);
  return response;
}

Task<void> Site::Impl::recognise(Visit* visit) {
  const bool is_api = visit->route->face == Face::api;
  if (is_api && shows_token(*visit)) {
    co_await recognise_token(&desk_, visit);
    if (visit->signed_in) visit->is_operator = co_await is_operator(visit);
    co_return;
  }
  const std::string token(desk_.jar.read(*visit, Cookie::session));
  if (crypto::is_token(token)) {
    visit->signed_in = co_await desk_.sessions.find(crypto::hash_token(token), visit->now);
  }
  if (visit->signed_in) {
    visit->form_key = runtime::Secret(token);
    visit->is_operator = co_await is_operator(visit);
    const store::WebSession& session = visit->signed_in->session;
    if (store::Sessions::wants_extension(session, visit->now)) {
      co_await desk_.sessions.extend(session, visit->now);
      desk_.jar.set(*visit, Cookie::session, token, store::kSessionIdle);
    }
    co_return;
  }
  if (is_api) co_return;
  const std::string visitor(desk_.jar.read(*visit, Cookie::visitor));
  if (crypto::is_token(visitor)) {
    visit->form_key = runtime::Secret(visitor);
  } else if (visit->reads()) {
    visit->form_key = crypto::make_token();
    desk_.jar.set(*visit, Cookie::visitor, visit->form_key.reveal(), kVisitorLife);
  }
}

/// Who runs Streaky for nobody else came by a link that was made on the machine; else the options
/// decide. A login that is an operator's means the account that first acted under it: names can be
/// taken over.
Task<bool> Site::Impl::is_operator(const Visit* visit) {
  const store::SignedIn& signed_in = *visit->signed_in;
  const store::User& user = signed_in.user;
  const bool by_link = signed_in.session.made_by == store::SessionOrigin::link;
  if (desk_.options.operators.empty()) {
    if (!by_link || !desk_.single_user()) co_return false;
    co_return co_await is_alone(user.id);
  }
  const std::string login = runtime::to_lower_ascii(user.login);
  const bool listed = std::ranges::any_of(
      desk_.options.operators,
      [&login](const std::string& name) { return runtime::to_lower_ascii(name) == login; });
  if (!listed || co_await is_known_as_another(visit)) co_return false;
  const std::string account = user.database_id ? std::to_string(*user.database_id) : user.node_id;
  // Not looked at yet: then GitHub has not said who that is, and the link is all there is.
  if (account.empty()) co_return by_link;
  std::string bound = co_await desk_.operator_accounts.bind_login(login, account, visit->now);
  if (bound == account) co_return true;
  desk_.parts.log.warn(
      "somebody has taken the login of an operator over, and is none: take it from admin.logins, "
      "start anew, and list it again if it is theirs now",
      {{"user", user.id}});
  co_return false;
}

/// The name is held by somebody whom GitHub has proven to be another one; a user who was added by
/// name alone proves nothing.
Task<bool> Site::Impl::is_known_as_another(const Visit* visit) {
  if (!visit->user().login_taken) co_return false;
  store::UserKey key;
  key.login = visit->user().login;
  const auto holder = co_await desk_.users.find(std::move(key));
  co_return holder && holder->id != visit->user().id &&
      (holder->database_id || !holder->node_id.empty());
}

Task<bool> Site::Impl::is_alone(std::int64_t user_id) {
  if (others_seen_) co_return false;
  const auto users = co_await desk_.users.list(0, 2);
  others_seen_ = users.size() > 1;
  co_return users.size() == 1 && users.front().id == user_id;
}

std::optional<ServerResponse> Site::Impl::refuse_stranger(const Visit& visit) {
  const Who who = visit.route->who;
  if (who == Who::anyone || who == Who::visitor) return std::nullopt;
  if (!visit.signed_in) {
    if (visit.route->face == Face::api) return refuse_stranger_at_api(visit);
    if (visit.reads() && visit.wants_html()) {
      return see_other("/sign-in?" + to_query({{"next", std::string(visit.request.path())}}));
    }
    return problem(&desk_, &visit,
                   {.status = 401,
                    .code = "not_signed_in",
                    .title = "You are not signed in",
                    .detail = "Sign in and try again. Nothing was changed."});
  }
  if (who == Who::operators && !visit.is_operator) return problem(&desk_, &visit, not_found());
  return std::nullopt;
}

std::optional<ServerResponse> Site::Impl::refuse_stranger_at_api(const Visit& visit) {
  const bool shown = shows_token(visit);
  const Problem who{.status = 401,
                    .code = shown ? "bad_token" : "not_signed_in",
                    .title = shown ? "The token does not work" : "You are not signed in",
                    .detail = "Send Authorization: Bearer and an API token from the settings."};
  ServerResponse response = problem(&desk_, &visit, who);
  response.headers.push_back({"WWW-Authenticate", "Bearer"});
  return response;
}

/// Browsers say where a form was sent from; ours come from our own pages.
bool Site::Impl::comes_from_us(const Visit& visit) const {
  const std::string_view site = visit.request.header("Sec-Fetch-Site");
  if (!site.empty() && site != "same-origin" && site != "none") return false;
  const std::string origin = runtime::to_lower_ascii(visit.request.header("Origin"));
  if (origin.empty() || origin == origin_) return true;
  const std::string host = runtime::to_lower_ascii(visit.request.header("Host"));
  return origin == "http://" + host || origin == "https://" + host;
}

std::optional<ServerResponse> Site::Impl::check_form(Visit& visit) {
  if (visit.request.body.size() > kMostFormBytes) {
    return problem(&desk_, &visit,
                   {.status = 413,
                    .code = "too_large",
                    .title = "That is too much",
                    .detail = fmt::format("A form has at most {} bytes.", kMostFormBytes)});
  }
  if (!is_form(visit.request.header("Content-Type"))) {
    return problem(&desk_, &visit,
                   {.status = 415,
                    .code = "wrong_type",
                    .title = "Not a form",
                    .detail = "Expected Content-Type: application/x-www-form-urlencoded."});
  }
  auto form = parse_form(visit.request.body);
  if (!form) {
    return problem(&desk_, &visit,
                   {.status = 400,
                    .code = "bad_form",
                    .title = "The form cannot be read",
                    .detail = "It is malformed. Nothing was changed."});
  }
  visit.form = std::move(*form);
  const std::string proof = visit.csrf();
  const bool proven = !proof.empty() && runtime::constant_time_equal(visit.value("csrf"), proof);
  if (!proven || !comes_from_us(visit)) return problem(&desk_, &visit, stale_form());
  return std::nullopt;
}

void Site::Impl::finish(Visit& visit, ServerResponse& response) {
  auto& headers = response.headers;
  headers.reserve(headers.size() + kOurHeaders + visit.set_cookies.size());
  headers.push_back({"Content-Security-Policy", policy_});
  headers.push_back({"X-Content-Type-Options", "nosniff"});
  headers.push_back({"X-Frame-Options", "DENY"});
  const bool original = is_original_path(desk_, visit.request.path());
  headers.push_back(
      {"Referrer-Policy", original ? "strict-origin-when-cross-origin" : "same-origin"});
  headers.push_back({"Cross-Origin-Opener-Policy", "same-origin"});
  headers.push_back({"Permissions-Policy", "camera=(), geolocation=(), microphone=()"});
  if (visit.request.path().starts_with("/api/v1/")) allow_origin(desk_, visit, response);
  if (desk_.options.secure() || original) {
    headers.push_back({"Strict-Transport-Security", "max-age=31536000"});
  }
  if (!has_header(response, "Cache-Control")) headers.push_back({"Cache-Control", "no-store"});
  for (const std::string& cookie : visit.set_cookies) headers.push_back({"Set-Cookie", cookie});
  const std::string_view route = visit.route != nullptr ? visit.route->pattern : "(none)";
  ++desk_.request_counts[{route, response.status}];
  // The route and not the path: paths may hold one-time tokens. Probes come all day long.
  if (visit.route == nullptr || visit.route->rate == nullptr) return;
  desk_.parts.log.debug("request", {{"request", visit.id},
                                    {"method", visit.request.method},
                                    {"route", route},
                                    {"status", response.status}});
}

Site::Site(SiteOptions options, SiteParts parts)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(parts))) {}

Site::~Site() = default;

Task<ServerResponse> Site::answer(ServerRequest request) {
  return impl_->answer(std::move(request));
}

void Site::set_operators(std::vector<std::string> logins) {
  impl_->set_operators(std::move(logins));
}

void Site::stop() { impl_->stop(); }

Task<void> Site::wait_idle() { return impl_->wait_idle(); }

}  // namespace streaky::web

#include "sim/github.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <iterator>
#include <system_error>

#include "runtime/bytes.h"
#include "sim/github_errors.h"

namespace streaky::sim {
namespace {

using graphql::Caller;

constexpr std::string_view kServicePrefix = "ghp_sim";
constexpr runtime::Millis kHonestRetry{60'000};
constexpr std::int64_t kFaultRetrySeconds = 3;

/// The token of `Authorization: Bearer x` (or `token x`), as GitHub takes it.
std::string_view bearer(const Request& request) {
  std::string_view value = request.header("authorization");
  const std::size_t space = value.find(' ');
  const std::string scheme = runtime::to_lower_ascii(value.substr(0, space));
  if (space == std::string_view::npos || (scheme != "bearer" && scheme != "token")) {
    return {};
  }
  return runtime::trim_ascii(value.substr(space + 1));
}

bool has_scope(std::string_view scopes, std::string_view wanted) {
  while (!scopes.empty()) {
    const std::size_t end = scopes.find_first_of(", ");
    if (scopes.substr(0, end) == wanted) {
      return true;
    }
    scopes = end == std::string_view::npos ? std::string_view() : scopes.substr(end + 1);
  }
  return false;
}

}  // namespace

Github::Github(const People& people, const Activity& activity, const GithubRules& rules,
               runtime::Random& random)
    : people_(people), activity_(activity), rules_(rules), random_(random), limits_(rules) {}

void Github::set_service_tokens(int count) {
  bots_.clear();
  for (int i = 0; i < count; ++i) {
    Person bot;
    bot.index = static_cast<std::uint32_t>(People::kMostUsers) + static_cast<std::uint32_t>(i);
    bot.salt = 1;
    bot.login = fmt::format("sim-bot-{}", i);
    bot.created = 17'000;
    bot.base = 17'000;
    bot.diligence = 0;
    bots_.push_back(std::move(bot));
  }
}

void Github::forget() {
  limits_.forget();
  users_asked_ = 0;
}

std::string Github::request_id() {
  return fmt::format("{:04X}:{:06X}:{:08X}", random_.below(0x10000), random_.below(0x1000000),
                     random_.below(0x100000000ULL));
}

Answer Github::handle(const Request& request, runtime::TimePoint now, std::optional<Fault> fault,
                      runtime::Millis latency) {
  Caller caller;
  std::optional<Answer> refusal = refuse(request, now, fault, caller);
  Answer answer = refusal ? std::move(*refusal) : query(request, now, fault, caller, latency);
  if (refusal) {
    answer.latency = latency;
  }
  add_header(answer, "X-GitHub-Request-Id", request_id());
  add_header(answer, "X-GitHub-Media-Type", "github.v4; format=json");
  return answer;
}

std::optional<Answer> Github::refuse(const Request& request, runtime::TimePoint now,
                                     std::optional<Fault> fault, Caller& caller) {
  if (request.header("user-agent").empty()) {
    return text_answer(403, "text/html",
                       "Request forbidden by administrative rules. Please make sure your request "
                       "has a User-Agent header.");
  }
  if (request.method != "POST") {
    return json_answer(404, R"({"message":"Not Found","status":"404"})");
  }
  if (fault) {
    std::optional<Answer> broken = before_acting(*fault, now);
    if (broken) {
      return broken;
    }
  }
  const std::string_view token = bearer(request);
  if (token.empty()) {
    return json_answer(401, github_message("This endpoint requires you to be authenticated.", 401));
  }
  std::optional<Caller> known = identify(token);
  if (!known) {
    Answer answer = json_answer(401, github_message("Bad credentials", 401));
    // The real service shows an empty limit here; it is no rate limit.
    add_limits(answer, RateSnapshot{0, 0, 0, now + std::chrono::hours{1}});
    return answer;
  }
  caller = std::move(*known);
  if (caller.person->token == OwnToken::suspended) {
    return json_answer(403, github_message("Sorry. Your account was suspended.", 403));
  }
  switch (limits_.admit(caller.owner, now)) {
    case Admission::granted:
      return std::nullopt;
    case Admission::secondary:
      return secondary(kHonestRetry);
    case Admission::primary:
      break;
  }
  Answer answer =
      json_answer(200, primary_limit(People::database_id(*caller.person), random_.below(2) == 0));
  add_limits(answer, limits_.snapshot(caller.owner, now));
  return answer;
}

std::optional<Answer> Github::before_acting(Fault fault, runtime::TimePoint now) {
  Answer answer;
  switch (fault) {
    case Fault::error_500:
      return bad_gateway(500, false);
    case Fault::error_502:
      return bad_gateway(502, false);
    case Fault::error_503:
      return bad_gateway(503, true);
    case Fault::error_504:
      return bad_gateway(504, false);
    case Fault::html:
      return bad_gateway(502, true);
    case Fault::rate_limited:
      answer = json_answer(200, primary_limit(123, random_.below(2) == 0));
      add_limits(answer, RateSnapshot{rules_.points_per_hour, rules_.points_per_hour, 0,
                                      now + std::chrono::seconds{kFaultRetrySeconds}});
      return answer;
    case Fault::secondary:
      return secondary(std::chrono::seconds{kFaultRetrySeconds});
    case Fault::scopes:
      return json_answer(
          200,
          R"({"data":null,"errors":[{"type":"INSUFFICIENT_SCOPES","locations":[{"line":1,"column":1}],"message":"Your token has not been granted the required scopes to execute this query."}]})");
    case Fault::reset_before:
      answer.reset = true;
      return answer;
    case Fault::hang:
      answer.hang = true;
      return answer;
    default:
      return std::nullopt;
  }
}

std::optional<Caller> Github::identify(std::string_view token) const {
  if (token.starts_with(kServicePrefix)) {
    std::size_t number = 0;
    const std::string_view digits = token.substr(kServicePrefix.size());
    const auto [stop, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || stop != digits.data() + digits.size() || number >= bots_.size()) {
      return std::nullopt;
    }
    return Caller{bots_[number].login, &bots_[number], false, ""};
  }
  if (const Person* person = people_.by_own_token(token)) {
    if (person->token == OwnToken::dead || person->account == Account::unknown) {
      return std::nullopt;
    }
    const bool repo = person->token == OwnToken::repo;
    return Caller{person->login, person, repo, repo ? "read:user, repo" : "read:user"};
  }
  const std::optional<Grant> grant = find_grant_ ? find_grant_(token) : std::nullopt;
  if (!grant || grant->person >= people_.size()) {
    return std::nullopt;
  }
  const Person& person = people_.at(grant->person);
  return Caller{person.login, &person, has_scope(grant->scopes, "repo"), grant->scopes};
}

Answer Github::query(const Request& request, runtime::TimePoint now, std::optional<Fault> fault,
                     const Caller& caller, runtime::Millis latency) {
  boost::system::error_code failed;
  const boost::json::value body = request.body.size() > kMostBodyBytes
                                      ? boost::json::value()
                                      : boost::json::parse(request.body, failed);
  const boost::json::object* fields = body.if_object();
  if (failed || fields == nullptr) {
    return json_answer(400, github_message("Problems parsing JSON", 400));
  }
  const boost::json::value* source = fields->if_contains("query");
  if (source == nullptr || !source->is_string()) {
    return json_answer(
        400, github_message("A query attribute must be specified and must be a string.", 400));
  }
  const boost::json::value* variables = fields->if_contains("variables");
  const boost::json::value* name = fields->if_contains("operationName");
  if (variables != nullptr && !variables->is_object() && !variables->is_null()) {
    return json_answer(400, github_message("Variables are invalid JSON.", 400));
  }
  const boost::json::object none;
  double cpu_ms = rules_.cpu_query_ms;
  limits_.charge(caller.owner, now, 1);
  Answer answer = run(
      std::string(std::string_view(source->get_string())),
      name != nullptr && name->is_string() ? std::string(std::string_view(name->get_string())) : "",
      variables != nullptr && variables->is_object() ? variables->get_object() : none, now, fault,
      caller, cpu_ms);
  // The set latency is the whole answer's; a query that needs longer takes its own time.
  const runtime::Millis took{static_cast<std::int64_t>(cpu_ms)};
  answer.latency = rules_.lifted ? latency : std::max(latency, std::min(took, rules_.query_time));
  if (took > rules_.query_time) {
    limits_.penalise(caller.owner, now);
    answer = bad_gateway(random_.below(2) == 0 ? 502 : 504, random_.below(2) == 0);
    answer.latency = std::max(latency, rules_.query_time);
  }
  limits_.occupy(caller.owner, now, now + answer.latency, cpu_ms);
  add_limits(answer, limits_.snapshot(caller.owner, now));
  add_header(answer, "X-OAuth-Scopes", caller.scopes);
  return answer;
}

Answer Github::run(const std::string& source, const std::string& operation_name,
                   const boost::json::object& variables, runtime::TimePoint now,
                   std::optional<Fault> fault, const Caller& caller, double& cpu_ms) {
  const auto prepared = prepare_query(source, operation_name, variables);
  if (!prepared) {
    return json_answer(200, prepared.error());
  }
  graphql::Context context{people_, activity_, caller, now, limits_.snapshot(caller.owner, now)};
  context.most_user_days = rules_.most_user_days;
  context.most_root_fields = rules_.most_root_fields;
  context.half = fault == Fault::half;
  graphql::Executed done = graphql::execute(prepared->plan, context);
  cpu_ms += done.windows * rules_.cpu_window_ms + done.user_days * rules_.cpu_hundred_days_ms / 100;
  users_asked_ += static_cast<std::uint64_t>(done.users);
  return json_answer(200, std::move(done.body));
}

Answer Github::secondary(runtime::Millis retry_after) {
  Answer answer = json_answer(403, secondary_limit(request_id()));
  add_header(answer, "Retry-After", std::to_string(retry_after.count() / 1'000));
  return answer;
}

Answer Github::bad_gateway(int status, bool html) {
  if (html) {
    return text_answer(status, "text/html",
                       fmt::format("<html><body><h1>{} {}</h1>\nThe server returned an invalid or "
                                   "incomplete response.\n</body></html>",
                                   status, status == 504 ? "Gateway Time-out" : "Bad Gateway"));
  }
  return json_answer(status, went_wrong(request_id()));
}

void Github::add_limits(Answer& answer, const RateSnapshot& rate) const {
  add_header(answer, "X-RateLimit-Limit", std::to_string(rate.limit));
  add_header(answer, "X-RateLimit-Remaining", std::to_string(rate.remaining));
  add_header(answer, "X-RateLimit-Used", std::to_string(rate.used));
  add_header(
      answer, "X-RateLimit-Reset",
      std::to_string(
          std::chrono::floor<std::chrono::seconds>(rate.reset_at).time_since_epoch().count()));
  add_header(answer, "X-RateLimit-Resource", "graphql");
}

}  // namespace streaky::sim

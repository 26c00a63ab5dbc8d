#include "github/exchange.h"

#include <utility>

#include "runtime/secret.h"

namespace streaky::github {

namespace {

constexpr std::size_t kMostBody = 4U << 20U;  // bytes

std::string without_slash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

}  // namespace

Exchange::Exchange(net::HttpClient& http, runtime::Metrics& metrics, const std::string& api_url)
    : http_(http), metrics_(metrics), url_(without_slash(api_url) + "/graphql") {}

runtime::Task<Answer> Exchange::send(Request request, TokenBudget::Lease lease) {
  const char* view = lease.service_text().empty() ? "own" : "service";
  metrics_.count("streaky_github_requests_total", {{"view", view}});
  metrics_.count("streaky_github_users_asked_total", {}, static_cast<double>(request.whom.size()));
  net::HttpRequest outgoing = http_request(request);
  const runtime::Result<net::HttpResponse> response = co_await http_.send(std::move(outgoing));
  Answer answer = read(response, request);
  if (response) teach(lease, *response, answer);
  lease.give_back();
  count_failures(answer);
  co_return answer;
}

net::HttpRequest Exchange::http_request(Request& request) const {
  net::HttpRequest out;
  out.url = url_;
  out.headers.push_back({"Authorization", request.authorization});
  runtime::wipe(request.authorization);
  out.headers.push_back({"User-Agent", "streaky/" STREAKY_VERSION});
  out.headers.push_back({"Content-Type", "application/json"});
  out.headers.push_back({"Accept", "application/json"});
  out.headers.push_back({"X-Github-Next-Global-ID", "1"});
  out.body = query_body(request.by, request.whom, request.window);
  out.timeout = request.timeout;
  out.max_body_bytes = kMostBody;
  return out;
}

Answer Exchange::read(const runtime::Result<net::HttpResponse>& response, const Request& request) {
  Answer answer;
  if (!response) {
    answer.whole = classify_transport(response.error());
    return answer;
  }
  answer.whole = classify_status(*response);
  if (answer.whole) return answer;
  const Asked asked{request.by, request.whom, request.window, request.utc_today};
  return read_answer(response->body, asked);
}

void Exchange::teach(TokenBudget::Lease& lease, const net::HttpResponse& response,
                     const Answer& answer) {
  if (!answer.whole) {
    lease.succeeded(response, answer.points);
    return;
  }
  switch (answer.whole->trouble) {
    case Trouble::bad_token:
    case Trouble::no_credentials:
    case Trouble::owner_suspended:
    case Trouble::missing_scopes:
      lease.died();
      return;
    case Trouble::forbidden:
    case Trouble::unexplained:
      lease.refused();
      return;
    case Trouble::primary_limit:
      lease.primary_limit(response);
      return;
    case Trouble::secondary_limit:
      lease.secondary_limit(response);
      return;
    default:
      lease.learn(response);
      return;
  }
}

void Exchange::count_failures(const Answer& answer) {
  if (answer.whole) {
    metrics_.count("streaky_github_failures_total", {{"code", to_text(answer.whole->trouble)}});
    return;
  }
  for (const auto& user : answer.users) {
    if (user) continue;
    metrics_.count("streaky_github_failures_total", {{"code", to_text(user.error().trouble)}});
  }
}

}  // namespace streaky::github

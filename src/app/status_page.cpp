#include "app/status_page.h"

#include "runtime/process.h"

namespace streaky::app {

namespace {

net::ServerResponse json(int status, std::string body) {
  net::ServerResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

net::ServerResponse health(const Service& service) {
  const bool healthy = service.healthy();
  const std::string status = healthy ? "healthy" : "failing";
  return json(healthy ? 200 : 503, R"({"status":")" + status +
                                       R"(","service":"streaky","version":")" STREAKY_VERSION
                                       "\"}\n");
}

net::ServerResponse metrics_text(const Service& service, runtime::Metrics& metrics) {
  metrics.gauge("streaky_peak_memory_bytes", static_cast<double>(runtime::peak_memory_bytes()));
  metrics.gauge("streaky_cpu_seconds", runtime::cpu_seconds());
  metrics.gauge("streaky_github_service_tokens_alive",
                static_cast<double>(service.budget().living_service_tokens()));
  net::ServerResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = metrics.text();
  return response;
}

}  // namespace

runtime::Task<net::ServerResponse> StatusPage::answer(net::ServerRequest request) {
  const bool health_page = request.path() == "/health";
  const bool metrics_page = request.path() == "/metrics";
  if (!health_page && !metrics_page) co_return json(404, "{\"error\":\"Not found\"}\n");
  if (request.method != "GET" && request.method != "HEAD") {
    net::ServerResponse response = json(405, "{\"error\":\"Method not allowed\"}\n");
    response.headers.push_back({"Allow", "GET, HEAD"});
    co_return response;
  }
  if (health_page) co_return health(service_);
  co_return metrics_text(service_, metrics_);
}

}  // namespace streaky::app

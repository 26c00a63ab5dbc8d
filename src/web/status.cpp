// What machines ask: is it healthy, is it ready, numbers, files.
#include <fmt/format.h>

#include <utility>

#include "runtime/process.h"
#include "web/desk.h"
#include "web/handlers.h"
#include "web/replies.h"

namespace streaky::web {

namespace {

net::ServerResponse status_reply(const Desk& desk, bool fine, const char* yes, const char* no) {
  return json_reply(
      fine ? 200 : 503,
      fmt::format("{{\"status\":\"{}\",\"service\":\"streaky\",\"version\":\"{}\"}}\n",
                  fine ? yes : no, desk.options.version));
}

/// Names that others may give to this machine lead here by way of somebody's browser.
bool is_called_local(std::string_view host) {
  return host == "localhost" || host.starts_with("localhost:") || host.starts_with("127.") ||
         host.starts_with("[::1]");
}

bool is_this_machine(const Visit& visit) {
  const std::string& peer = visit.request.remote_address;
  const bool loopback =
      peer.starts_with("127.") || peer == "::1" || peer.starts_with("::ffff:127.");
  return loopback && visit.direct && is_called_local(visit.request.header("Host"));
}

/// With a token, whoever has it; without, who asks on this machine itself.
bool may_read_metrics(const Desk& desk, const Visit& visit) {
  if (desk.options.metrics_token.empty()) return is_this_machine(visit);
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view given = visit.request.header("Authorization");
  return given.starts_with(kScheme) &&
         runtime::constant_time_equal(given.substr(kScheme.size()),
                                      desk.options.metrics_token.reveal());
}

}  // namespace

Answer health(Desk* desk, Visit*) {
  co_return status_reply(*desk, desk->parts.healthy(), "healthy", "failing");
}

Answer ready(Desk* desk, Visit*) {
  bool readable = true;
  try {
    store::Database::Work nothing = [](store::Session&) {};
    co_await desk->parts.database.read(std::move(nothing));
  } catch (const store::DatabaseError&) {
    readable = false;
  }
  co_return status_reply(*desk, readable && desk->parts.healthy(), "ready", "not ready");
}

Answer metrics(Desk* desk, Visit* visit) {
  if (!may_read_metrics(*desk, *visit)) {
    co_return problem(
        desk, visit,
        {.status = 403,
         .code = "metrics_closed",
         .title = "Not for everybody",
         .detail = "Metrics are for this machine, or for who shows server.metrics_token "
                   "as a Bearer token."});
  }
  runtime::Metrics& numbers = desk->parts.metrics;
  numbers.gauge("streaky_peak_memory_bytes", static_cast<double>(runtime::peak_memory_bytes()));
  numbers.gauge("streaky_cpu_seconds", runtime::cpu_seconds());
  numbers.gauge("streaky_web_streams", static_cast<double>(desk->pulse.streams()));
  for (const auto& [which, count] : std::exchange(desk->request_counts, {})) {
    numbers.count("streaky_web_requests_total",
                  {{"route", std::string(which.first)}, {"status", std::to_string(which.second)}},
                  static_cast<double>(count));
  }
  desk->parts.refresh_metrics();
  net::ServerResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = numbers.text();
  co_return response;
}

Answer static_file(Desk* desk, Visit* visit) {
  co_return desk->assets.answer(visit->parameters.at(0), visit->request.header("If-None-Match"));
}

Answer robots(Desk*, Visit*) {
  net::ServerResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = "User-agent: *\nAllow: /$\nAllow: /privacy\nDisallow: /\n";
  co_return response;
}

}  // namespace streaky::web

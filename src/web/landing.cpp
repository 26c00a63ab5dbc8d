#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "web/desk.h"
#include "web/handlers.h"
#include "web/heat_map.h"
#include "web/replies.h"

namespace streaky::web {

namespace {

/// The original's backend has no pages: its site asks here whether it is there.
bool asks_original(const Desk& desk, const Visit& visit) {
  const OriginalSecrets& secrets = desk.options.original;
  return (secrets.for_users() || secrets.for_cron()) && !visit.wants_html() &&
         visit.request.header("Accept").contains("application/json");
}

net::ServerResponse original_status(const Desk& desk) {
  const boost::json::object status{{"name", "Streaky API"},
                                   {"version", desk.options.version},
                                   {"status", desk.parts.healthy() ? "healthy" : "failing"}};
  return json_reply(200, boost::json::serialize(status));
}

}  // namespace

Answer landing(Desk* desk, Visit* visit) {
  if (asks_original(*desk, *visit)) co_return original_status(*desk);
  if (visit->signed_in) co_return see_other("/dashboard");
  Data data;
  data.set("single_user", desk->single_user());
  data.set("example", example_heat_map(std::chrono::floor<std::chrono::days>(visit->now)));
  PageFrame frame;
  frame.title = "Streaky guards your GitHub streak";
  frame.place = "landing";
  co_return page(desk, visit, "landing", std::move(frame), std::move(data));
}

Answer privacy(Desk* desk, Visit* visit) {
  PageFrame frame;
  frame.title = "What is stored";
  frame.place = "privacy";
  co_return page(desk, visit, "privacy", std::move(frame), Data{});
}

}  // namespace streaky::web

#include "web/desk.h"
#include "web/handlers.h"
#include "web/heat_map.h"
#include "web/replies.h"

namespace streaky::web {

Answer landing(Desk* desk, Visit* visit) {
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

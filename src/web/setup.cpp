// Set-up in three steps: when, where, and whether it works.
#include <algorithm>

#include "web/edits.h"
#include "web/handlers.h"
#include "web/news.h"
#include "web/replies.h"
#include "web/words.h"

namespace streaky::web {

namespace {

PageFrame frame_of(const char* title) {
  PageFrame frame;
  frame.title = title;
  frame.place = "setup";
  return frame;
}

net::ServerResponse when_page(Desk* desk, Visit* visit, std::string problem) {
  Data data;
  set_when_data(data, *visit, !problem.empty());
  // Nobody has chosen UTC who has not been here: the script proposes the browser's zone.
  data.set("propose", visit->user().time_zone == "UTC" && problem.empty());
  PageFrame frame = frame_of("When to remind you");
  const int status = problem.empty() ? 200 : 422;
  frame.problem = std::move(problem);
  return page(desk, visit, "setup_when", std::move(frame), std::move(data), status);
}

}  // namespace

Answer setup(Desk*, Visit* visit) {
  const bool has_channel = !visit->user().channels.empty();
  co_return see_other(has_channel ? "/setup/test" : "/setup/when");
}

Answer setup_when(Desk* desk, Visit* visit) { co_return when_page(desk, visit, ""); }

Answer save_setup_when(Desk* desk, Visit* visit) {
  account::UserDraft draft;
  std::string reason = read_when(*visit, draft);
  if (!reason.empty()) co_return when_page(desk, visit, std::move(reason));
  auto applying = apply_draft(desk, visit, std::move(draft));
  auto result = co_await std::move(applying);
  if (!result) co_return when_page(desk, visit, result.error().message);
  co_return see_other("/setup/channels");
}

Answer setup_channels(Desk* desk, Visit* visit) {
  const std::string bot = co_await listening_bot(desk, visit->now);
  Data data;
  set_channel_data(data, visit->user(), bot);
  co_return page(desk, visit, "setup_channels", frame_of("How to reach you"), std::move(data));
}

Answer setup_test(Desk* desk, Visit* visit) {
  if (visit->user().channels.empty()) co_return see_other("/setup/channels");
  Data data;
  set_channel_data(data, visit->user());
  co_return page(desk, visit, "setup_test", frame_of("See it work"), std::move(data));
}

}  // namespace streaky::web

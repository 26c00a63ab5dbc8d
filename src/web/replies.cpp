#include "web/replies.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

namespace streaky::web {

namespace {

struct Said {
  std::string_view code;
  std::string_view words;
};

constexpr auto kSaid = std::to_array<Said>({
    {"when", "Saved. The next reminder follows the new times."},
    {"rest-days", "Saved. The new rest days hold from today on."},
    {"summary", "Saved."},
    {"paused", "Paused. No reminder comes until the pause ends."},
    {"resumed", "Welcome back. Reminders are on again."},
    {"discord", "The Discord webhook is saved. Send a test message to see it work."},
    {"telegram", "The Telegram chat is saved. Send a test message to see it work."},
    {"level", "Saved. The next message keeps to it."},
    {"removed", "The channel is removed."},
    {"token", "The GitHub token is saved. The next check uses it."},
    {"token-removed", "The GitHub token is removed."},
    {"session", "That device is signed out."},
    {"sessions", "All other devices are signed out."},
    {"api-token-revoked", "The API token is revoked."},
    {"checking", "Looking at GitHub. The page shows the answer as soon as it is there."},
    {"card", "Saved."},
    {"today", "Taken back. Today's reminders come as they would."},
    {"round", "The round has begun."},
    {"nobody", "There is nobody to check."},
    {"retried", "What failed is tried again."},
    {"user-paused", "The user is paused."},
    {"user-resumed", "The user's pause has ended."},
    {"signed-out", "You are signed out."},
    {"deleted", "Your account and everything that was stored for it is deleted."},
});

}  // namespace

net::ServerResponse page(Desk* desk, const Visit* visit, std::string_view name, PageFrame frame,
                         Data data, int status) {
  if (visit->signed_in) frame.login = visit->user().login;
  frame.csrf = visit->csrf();
  frame.is_operator = visit->is_operator;
  if (frame.said.empty() && frame.problem.empty()) {
    frame.said = words_for_said(field(visit->query, "said"));
  }
  net::ServerResponse response;
  response.status = status;
  response.content_type = "text/html; charset=utf-8";
  response.body = desk->pages.page(name, frame, std::move(data));
  return response;
}

net::ServerResponse see_other(std::string path) {
  net::ServerResponse response;
  response.status = 303;
  response.headers.push_back({"Location", std::move(path)});
  return response;
}

net::ServerResponse see_elsewhere(std::string url) { return see_other(std::move(url)); }

net::ServerResponse json_reply(int status, std::string body) {
  net::ServerResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

net::ServerResponse problem(Desk* desk, const Visit* visit, const Problem& problem) {
  if (visit->wants_html() && desk->options.pages) {
    Data data;
    data.set("heading", problem.title);
    data.set("detail", problem.detail);
    data.set("id", visit->id);
    PageFrame frame;
    frame.title = problem.title;
    return page(desk, visit, "problem", std::move(frame), std::move(data), problem.status);
  }
  boost::json::object body;
  body["type"] = "about:blank";
  body["title"] = problem.title;
  body["status"] = problem.status;
  body["detail"] = problem.detail;
  body["code"] = problem.code;
  body["id"] = visit->id;
  net::ServerResponse response = json_reply(problem.status, boost::json::serialize(body) + "\n");
  response.content_type = "application/problem+json";
  return response;
}

net::ServerResponse come_again(net::ServerResponse response) {
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

Problem not_found() {
  return {.status = 404,
          .code = "not_found",
          .title = "There is nothing here",
          .detail = "The address may be mistyped, or what was here is gone."};
}

Problem too_many_looks() {
  return {.status = 503,
          .code = "busy",
          .title = "Too many at once",
          .detail = "Many people are looking at the same time. Try again shortly."};
}

Problem stale_form() {
  return {.status = 403,
          .code = "stale_form",
          .title = "This form is too old",
          .detail =
              "You may have signed in or out meanwhile. Go back, reload the page and send it "
              "again. Nothing was changed."};
}

std::string words_for_said(std::string_view code) {
  const auto found = std::ranges::find(kSaid, code, &Said::code);
  return found == kSaid.end() ? std::string() : std::string(found->words);
}

net::ServerResponse live_reply(Desk* desk, const Visit* visit, net::BodyStream stream) {
  if (!stream) {
    return problem(desk, visit,
                   {.status = 503,
                    .code = "too_many_streams",
                    .title = "Too many open pages",
                    .detail = "This page does not update by itself. Reload it instead."});
  }
  net::ServerResponse response;
  response.stream = std::move(stream);
  response.content_type = "text/event-stream; charset=utf-8";
  return response;
}

}  // namespace streaky::web

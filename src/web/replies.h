// Answers that many handlers give. Pure but for the templates.
#pragma once

#include <string>
#include <string_view>

#include "net/http_server.h"
#include "web/desk.h"
#include "web/visit.h"

namespace streaky::web {

/// A page around the template `name`; `frame.title` and the like are the handler's, who is signed
/// in and the forms' proof come from the visit.
net::ServerResponse page(Desk* desk, const Visit* visit, std::string_view name, PageFrame frame,
                         Data data, int status = 200);

/// After a POST: 303 to a page of ours. `path` begins with a slash and is our own.
net::ServerResponse see_other(std::string path);
/// 303 to another site, whose address comes from the options.
net::ServerResponse see_elsewhere(std::string url);

net::ServerResponse json_reply(int status, std::string body);

/// What went wrong, as a page for people or as `application/problem+json` (RFC 9457) for programs.
struct Problem {
  int status = 500;
  std::string code;    // stable
  std::string title;   // a few words
  std::string detail;  // what can be done about it
};
net::ServerResponse problem(Desk* desk, const Visit* visit, const Problem& problem);
/// The same with Retry-After: it may go better in a moment.
net::ServerResponse come_again(net::ServerResponse response);

Problem not_found();
Problem stale_form();
/// Looks at GitHub that are under way for others.
Problem too_many_looks();

/// `saved` → "Saved.": what is said on the page after a redirect; empty for unknown codes, so that
/// nobody can put words into our mouth by a link.
std::string words_for_said(std::string_view code);

/// Server-sent events; 503 where the stream is empty since too many are open.
net::ServerResponse live_reply(Desk* desk, const Visit* visit, net::BodyStream stream);

}  // namespace streaky::web

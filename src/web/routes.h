// Every address of the site, as data: who may come, how often, with how much, and what it is for.
//
// Rules that follow from the table (site.cpp): what writes carries the proof of one of our forms,
// or a token; who is not signed in is led to the sign-in page, programs are told so; documentation
// and attack tests are made from it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_server.h"
#include "web/rate_limits.h"

namespace streaky::web {

struct Desk;
struct Visit;

enum class Who {
  anyone,     // nobody is looked up
  visitor,    // also those who are not signed in
  signed_in,  // sees and changes nothing but one's own
  operators,  // `admin.logins`
};

/// How one is spoken to there.
enum class Face {
  page,      // forms in, pages out
  api,       // JSON in and out (api_gate.h)
  original,  // the original's contract, where its secrets are set (original.h)
};

using Handler = runtime::Task<net::ServerResponse> (*)(Desk* desk, Visit* visit);

struct Route {
  std::string_view method;   // GET answers HEAD, too
  std::string_view pattern;  // `/settings/sessions/{id}/end`: a `{…}` is one part
  Who who = Who::visitor;
  const Rate* rate = nullptr;  // null: any number, for what costs less than to count it
  Handler handler = nullptr;
  std::string_view what;
  Face face = Face::page;
  bool takes_body = false;  // of the API: the body may have fields
  bool is_probe = false;    // of each `serve`, also of one without pages
};

/// Forms and bodies of the API are short: more is refused with 413.
inline constexpr std::size_t kMostFormBytes = 16U << 10U;

std::span<const Route> routes();

struct Match {
  const Route* route = nullptr;  // null: no such address, or not with this method
  std::vector<std::string> parameters;
  std::string allow;  // the methods that the address has
};
Match match_route(std::string_view method, std::string_view path);

}  // namespace streaky::web

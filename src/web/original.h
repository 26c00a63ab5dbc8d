// The original's contract: what its site and its cron speak to (docs/http-api.md). The routes are
// there when their secrets are set (`[compat]`), and answer as the original's did: JSON, and errors
// as `{"error":"…"}`.
//
//   X-Server-Secret, X-User-ID, X-User-Username   its site, for the user of that GitHub id
//   Authorization: Bearer <JWT>                   HS256 with `sub`, `login`, and `exp` if it ends
//   X-Cron-Secret                                 its cron
//
// Limits hold per user, whatever address the site asks from. Threading: the executor's thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "web/desk.h"
#include "web/rate_limits.h"
#include "web/routes.h"
#include "web/visit.h"

namespace streaky::web {

/// Whether the secret that the route asks for is set.
bool original_is_open(const Desk& desk, const Route& route);
/// Whether an address is the original's, also one that it never had.
bool is_original_path(const Desk& desk, std::string_view path);

net::ServerResponse original_error(int status, std::string_view words);
net::ServerResponse original_not_found();

/// Who the original's site says is asking.
struct OriginalUser {
  std::int64_t github_id = 0;
  std::string login;
};
std::expected<OriginalUser, net::ServerResponse> original_user(Desk* desk, const Visit& visit);
/// Nothing when the secret of the cron is shown.
std::optional<net::ServerResponse> refuse_cron(Desk* desk, const Visit& visit);

/// Takes one of `who`'s requests; 429 where there is none left.
std::optional<net::ServerResponse> original_limit(Desk* desk, const Rate& rate,
                                                  const std::string& who);
/// X-RateLimit-Limit, -Remaining and -Reset (Unix seconds).
void add_original_limits(Desk* desk, const Rate& rate, const std::string& who,
                         runtime::TimePoint now, net::ServerResponse& response);

/// A JSON object, or why the body is none.
std::expected<boost::json::object, net::ServerResponse> original_body(const Visit& visit);

}  // namespace streaky::web

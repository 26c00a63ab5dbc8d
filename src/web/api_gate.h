// What every request to the API passes: who it is by a token, the proof of a write, its JSON, and
// the answer that a repeated request gets again.
//
//   Authorization: Bearer …   an API token; then no cookie counts
//   X-CSRF-Token: …           what a session's write carries, as the forms of its pages do
//   Idempotency-Key: …        on POST: the same request gets the same answer for a day
//
// Threading: the executor's thread.
#pragma once

#include <optional>

#include "web/desk.h"
#include "web/visit.h"

namespace streaky::web {

inline constexpr std::size_t kLongestIdempotencyKey = 128;

/// Whether somebody names themselves by a token, good or bad.
bool shows_token(const Visit& visit);
/// Fills in who it is; nobody where the token does not work.
runtime::Task<void> recognise_token(Desk* desk, Visit* visit);

/// What keeps a write from its handler; nothing where all is well, and then `visit->body` is read.
/// `from_us`: no other site's page has sent it.
std::optional<net::ServerResponse> refuse_write(Desk* desk, Visit* visit, bool from_us);

/// The handler's answer, or the one that the same request had before.
runtime::Task<net::ServerResponse> answer_once(Desk* desk, Visit* visit);

/// CORS: the answer to a browser that asks whether a site of the options may; nothing otherwise.
/// `allow_origin` adds to it as to every answer.
std::optional<net::ServerResponse> preflight(const Desk& desk, const Visit& visit);
/// Lets that site's script read the answer.
void allow_origin(const Desk& desk, const Visit& visit, net::ServerResponse& response);

}  // namespace streaky::web

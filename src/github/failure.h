// What went wrong, by docs/remote-apis.md §1.8, and what is to be done about it.
//
// HTTP 200 is not success here: GitHub reports most failures inside the body, some for the whole
// request, some for one user alone. Pure functions; no threads, no ownership.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http_client.h"
#include "runtime/error.h"

namespace streaky::github {

enum class Trouble {
  bad_token,        // 401: revoked or wrong
  no_credentials,   // 401: GitHub saw no token at all
  owner_suspended,  // 403: the token's owner is suspended
  missing_scopes,   // the token may not ask this
  forbidden,        // 403 or FORBIDDEN in GitHub's words: not with this token, not now
  unexplained,      // 401 or 403 without a reason of GitHub's: whoever it was that spoke
  no_user_agent,    // 403: administrative rules
  primary_limit,    // the hour's points are spent
  secondary_limit,  // too much at once
  not_found,        // this user alone
  too_many_ids,     // ARGUMENT_LIMIT
  window_too_long,  // VALIDATION
  refused_query,    // a schema error, or a request that GitHub cannot read
  resource_limits,  // the query was too heavy
  timeout,          // 502, 504, or no answer in our time
  unavailable,      // other 5xx, no connection, a broken one
  bad_answer,       // not what was asked for, in whatever way
};

/// What the failure calls for.
enum class Remedy {
  drop_token,    // ask with another token; this one is dead
  change_token,  // ask with another token now, or with this one later
  give_up,       // asking again cannot help: our bug or our configuration
  split,         // ask for fewer users, or fewer days, at a time
  retry,         // ask again after a pause
  accept,        // it is the answer
};
Remedy remedy_of(Trouble trouble);

/// Stable name for logs, one word per row of the table.
const char* to_text(Trouble trouble);

struct Failure {
  Trouble trouble = Trouble::bad_answer;
  std::string detail;  // for people; bounded, printable, without credentials
};

/// The error that a caller of `see` meets.
runtime::Error to_error(const Failure& failure);

/// An exchange that ended without an answer.
Failure classify_transport(const runtime::Error& error);

/// An answer with any status. Nothing means 200: the body decides.
std::optional<Failure> classify_status(const net::HttpResponse& response);

/// One entry of a body's `errors`.
struct ErrorItem {
  std::string_view type;
  std::string_view code;             // `code`, as in `graphql_rate_limit`
  std::string_view extensions_code;  // `extensions.code`, as in `undefinedField`
  std::string_view message;
};
Failure classify_item(const ErrorItem& item);

}  // namespace streaky::github

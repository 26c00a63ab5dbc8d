// The two GraphQL documents: many users by node id, many users by login. Only fields of the schema
// in docs/remote-apis.md §1.1; everything that came from outside travels as a variable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "streak/calendar.h"

namespace streaky::github {

/// One user as a query names it: by node id when there is one, else by login.
struct Who {
  std::string node_id;
  std::string login;
  std::optional<std::int64_t> database_id;
};

enum class AskBy { node_id, login };
AskBy ask_by(const Who& who);

/// False for ids and logins that cannot be GitHub's: such a user is not asked for at all, so that
/// odd bytes cannot spoil the request of others.
bool can_be_asked(const Who& who);

/// The request's body. All of `whom` are asked for in the same way; the window is given by its
/// labels, both included.
std::string query_body(AskBy by, const std::vector<Who>& whom, streak::LabelRange window);

/// The key under which the answer holds the `index`-th login.
std::string alias_of(std::size_t index);

}  // namespace streaky::github

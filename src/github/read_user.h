// One user's part of an answer. See answer.h.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>

#include "github/answer.h"

namespace streaky::github {

/// `value` is the node or alias of the `index`-th user that was asked for; not null.
std::expected<Reading, Failure> read_user(const boost::json::value& value, const Asked& asked,
                                          std::size_t index);

/// True when `old_id` is the form of node id from before 2021 of that account: GitHub answers with
/// the new form, whatever was asked (docs/remote-apis.md §1.6).
bool is_legacy_id_of(std::string_view old_id, std::optional<std::int64_t> database_id);

}  // namespace streaky::github

// Tokens → document (specification, section 2.2 on). Pure; depth and size are bounded.
#pragma once

#include <expected>
#include <string_view>

#include "sim/graphql_ast.h"

namespace streaky::sim::graphql {

inline constexpr int kDeepestNesting = 32;

/// The first syntax error, worded like graphql-ruby's.
std::expected<Document, Problem> parse(std::string_view source);

}  // namespace streaky::sim::graphql

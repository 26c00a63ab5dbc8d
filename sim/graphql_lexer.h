// GraphQL source text → tokens (specification, section 2.1). Pure.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "sim/graphql_ast.h"

namespace streaky::sim::graphql {

struct Token {
  enum class Kind { punctuator, name, integer, decimal, string, end };
  Kind kind = Kind::end;
  std::string text;  // decoded for strings
  Location at;
};

inline constexpr std::size_t kMostTokens = 60'000;

/// All tokens, the last one of kind `end`.
std::expected<std::vector<Token>, Problem> tokenize(std::string_view source);

}  // namespace streaky::sim::graphql

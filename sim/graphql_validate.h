// Does a document fit the schema? Everything that GitHub's server refuses before it runs a query:
// unknown fields, arguments, types, fragments and variables, wrong values (docs/remote-apis.md
// §1.8, row "schema error"). Pure.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/graphql_ast.h"

namespace streaky::sim::graphql {

inline constexpr std::size_t kMostProblems = 100;

/// Empty when all is well.
std::vector<Problem> validate(const Document& document);

/// A variable whose value does not fit, with the server's explanation.
struct BadVariable {
  Problem problem;
  std::string value_json;
  std::string explanation;
};
/// Checks the values that came with the request; unknown ones are ignored, as the server does.
std::optional<BadVariable> check_variables(const Operation& operation,
                                           const boost::json::object& values);

/// True for a literal that a position of `type` takes; variables pass.
bool literal_fits(const Value& value, std::string_view type);

}  // namespace streaky::sim::graphql

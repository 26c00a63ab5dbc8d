// A valid operation, flattened: fragments resolved, equal response keys merged, @skip and @include
// applied, variables put in (specification, sections 5.3.2 and 6.3). What the executor walks.
//
// A Plan borrows from the Document and from the static schema. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/graphql_ast.h"
#include "sim/graphql_schema.h"

namespace streaky::sim::graphql {

inline constexpr std::size_t kMostPlanSteps = 100'000;

/// An argument after variables and defaults: no items means absent or null.
struct PlanArgument {
  std::string_view name;
  std::vector<std::string> items;  // one for a scalar
};

struct PlanField {
  std::string_view key;
  FieldId id = FieldId::type_name;
  std::string_view parent;  // type name
  bool nullable = false;
  std::vector<PlanArgument> arguments;
  std::vector<PlanField> children;
  Location at;

  /// The scalar argument of that name.
  [[nodiscard]] std::optional<std::string_view> argument(std::string_view name) const;
};

std::expected<std::vector<PlanField>, Problem> plan(const Document& document,
                                                    const Operation& operation,
                                                    const boost::json::object& variables);

}  // namespace streaky::sim::graphql

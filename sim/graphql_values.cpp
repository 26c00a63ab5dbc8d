// Which literals and variable values fit which types (specification, sections 3.5 and 6.1.2).
#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>
#include <cstdint>
#include <limits>
#include <system_error>

#include "runtime/time.h"
#include "sim/graphql_schema.h"
#include "sim/graphql_validate.h"

namespace streaky::sim::graphql {
namespace {

bool is_int32(std::string_view text) {
  std::int32_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && stop == text.data() + text.size();
}

bool scalar_literal_fits(const Value& value, std::string_view type) {
  using K = Value::Kind;
  if (type == "Int") {
    return value.kind == K::integer && is_int32(value.text);
  }
  if (type == "Float") {
    return value.kind == K::integer || value.kind == K::decimal;
  }
  if (type == "Boolean") {
    return value.kind == K::boolean;
  }
  if (type == "ID") {
    return value.kind == K::string || value.kind == K::integer;
  }
  if (type == "DateTime") {
    return value.kind == K::string && runtime::parse_rfc3339(value.text).has_value();
  }
  return value.kind == K::string;
}

std::string_view inner_of(std::string_view list) { return list.substr(1, list.size() - 2); }

/// Empty when the value fits.
std::string misfit(const boost::json::value& value, std::string_view type) {
  if (type.ends_with('!')) {
    if (value.is_null()) {
      return "Expected value to not be null";
    }
    type.remove_suffix(1);
  }
  if (value.is_null()) {
    return {};
  }
  if (type.starts_with('[')) {
    if (!value.is_array()) {
      return misfit(value, inner_of(type));
    }
    for (const auto& item : value.get_array()) {
      std::string problem = misfit(item, inner_of(type));
      if (!problem.empty()) {
        return problem;
      }
    }
    return {};
  }
  const bool small_int =
      (value.is_int64() && value.get_int64() >= INT32_MIN && value.get_int64() <= INT32_MAX) ||
      (value.is_uint64() && value.get_uint64() <= INT32_MAX);
  bool fits = value.is_string();
  if (type == "Int") {
    fits = small_int;
  } else if (type == "Float") {
    fits = value.is_number();
  } else if (type == "Boolean") {
    fits = value.is_bool();
  } else if (type == "ID") {
    fits = value.is_string() || value.is_int64() || value.is_uint64();
  } else if (type == "DateTime") {
    fits = value.is_string() &&
           runtime::parse_rfc3339(std::string_view(value.get_string())).has_value();
  }
  return fits ? std::string()
              : fmt::format("Could not coerce value {} to {}", boost::json::serialize(value), type);
}

}  // namespace

bool literal_fits(const Value& value, std::string_view type) {
  if (value.kind == Value::Kind::variable) {
    return true;
  }
  if (type.ends_with('!')) {
    if (value.kind == Value::Kind::null) {
      return false;
    }
    type.remove_suffix(1);
  }
  if (value.kind == Value::Kind::null) {
    return true;
  }
  if (type.starts_with('[')) {
    if (value.kind != Value::Kind::list) {
      return literal_fits(value, inner_of(type));
    }
    for (const Value& item : value.items) {
      if (!literal_fits(item, inner_of(type))) {
        return false;
      }
    }
    return true;
  }
  return scalar_literal_fits(value, type);
}

std::optional<BadVariable> check_variables(const Operation& operation,
                                           const boost::json::object& values) {
  for (const VariableDefinition& variable : operation.variables) {
    const boost::json::value* value = values.if_contains(variable.name);
    if (value == nullptr && variable.has_default) {
      continue;
    }
    const boost::json::value given = value == nullptr ? boost::json::value() : *value;
    std::string explanation = misfit(given, variable.type);
    if (!explanation.empty()) {
      BadVariable bad;
      bad.problem.message = fmt::format("Variable ${} of type {} was provided invalid value",
                                        variable.name, variable.type);
      bad.problem.at = variable.at;
      bad.value_json = boost::json::serialize(given);
      bad.explanation = std::move(explanation);
      return bad;
    }
  }
  return std::nullopt;
}

}  // namespace streaky::sim::graphql

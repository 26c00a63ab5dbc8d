// The part of GitHub's schema that concerns contributions, as a table. What is not here is refused,
// as the real service refuses what its schema lacks (docs/remote-apis.md §1.1). Pure data.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace streaky::sim::graphql {

enum class FieldId : std::uint8_t {
  type_name,
  id,
  // Query
  node,
  nodes,
  rate_limit,
  user,
  viewer,
  // RateLimit
  cost,
  limit,
  node_count,
  remaining,
  reset_at,
  used,
  // User (and ContributionsCollection.user)
  contributions_collection,
  created_at,
  database_id,
  is_viewer,
  login,
  name,
  url,
  // ContributionsCollection
  contribution_calendar,
  contribution_years,
  does_end_in_current_month,
  earliest_restricted,
  ended_at,
  has_activity_in_the_past,
  has_any_contributions,
  has_any_restricted,
  is_single_day,
  latest_restricted,
  restricted_count,
  started_at,
  total_commits,
  total_reviews,
  // ContributionCalendar, weeks, months
  colors,
  is_halloween,
  months,
  total_contributions,
  weeks,
  contribution_days,
  first_day,
  total_weeks,
  year,
  // ContributionCalendarDay
  color,
  contribution_count,
  contribution_level,
  date,
  weekday,
};

struct ArgumentDef {
  std::string_view name;
  std::string_view type;
  bool has_default = false;
};

struct FieldDef {
  FieldId id;
  std::string_view name;
  std::string_view type;
  std::span<const ArgumentDef> arguments;
};

struct TypeDef {
  enum class Kind : std::uint8_t { object, interface, scalar, enumeration };
  std::string_view name;
  Kind kind = Kind::object;
  std::span<const FieldDef> fields;
  bool is_node = false;  // implements Node

  [[nodiscard]] bool composite() const { return kind == Kind::object || kind == Kind::interface; }
};

/// Nothing when the schema has no type of that name.
const TypeDef* find_type(std::string_view name);
/// `__typename` included.
const FieldDef* find_field(const TypeDef& type, std::string_view name);
/// `[Node]!` → `Node`.
std::string_view named_type(std::string_view type);
/// The type whose fields answer at run time: every Node that this world hands out is a User.
const TypeDef& concrete(const TypeDef& type);
/// True when some object could be both.
bool overlaps(const TypeDef& a, const TypeDef& b);

}  // namespace streaky::sim::graphql

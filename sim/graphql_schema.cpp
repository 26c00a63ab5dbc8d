#include "sim/graphql_schema.h"

#include <array>

namespace streaky::sim::graphql {
namespace {

using F = FieldId;

constexpr std::array kIdArgument = {ArgumentDef{"id", "ID!"}};
constexpr std::array kIdsArgument = {ArgumentDef{"ids", "[ID!]!"}};
constexpr std::array kDryRun = {ArgumentDef{"dryRun", "Boolean", true}};
constexpr std::array kLogin = {ArgumentDef{"login", "String!"}};
constexpr std::array kWindow = {ArgumentDef{"from", "DateTime"},
                                ArgumentDef{"organizationID", "ID"}, ArgumentDef{"to", "DateTime"}};

constexpr FieldDef kTypeName{F::type_name, "__typename", "String!", {}};

constexpr std::array kNodeFields = {FieldDef{F::id, "id", "ID!", {}}};

constexpr std::array kQuery = {
    FieldDef{F::id, "id", "ID!", {}},
    FieldDef{F::node, "node", "Node", kIdArgument},
    FieldDef{F::nodes, "nodes", "[Node]!", kIdsArgument},
    FieldDef{F::rate_limit, "rateLimit", "RateLimit", kDryRun},
    FieldDef{F::user, "user", "User", kLogin},
    FieldDef{F::viewer, "viewer", "User!", {}},
};

constexpr std::array kRateLimit = {
    FieldDef{F::cost, "cost", "Int!", {}},
    FieldDef{F::limit, "limit", "Int!", {}},
    FieldDef{F::node_count, "nodeCount", "Int!", {}},
    FieldDef{F::remaining, "remaining", "Int!", {}},
    FieldDef{F::reset_at, "resetAt", "DateTime!", {}},
    FieldDef{F::used, "used", "Int!", {}},
};

constexpr std::array kUser = {
    FieldDef{F::contributions_collection, "contributionsCollection", "ContributionsCollection!",
             kWindow},
    FieldDef{F::created_at, "createdAt", "DateTime!", {}},
    FieldDef{F::database_id, "databaseId", "Int", {}},
    FieldDef{F::id, "id", "ID!", {}},
    FieldDef{F::is_viewer, "isViewer", "Boolean!", {}},
    FieldDef{F::login, "login", "String!", {}},
    FieldDef{F::name, "name", "String", {}},
    FieldDef{F::url, "url", "URI!", {}},
};

constexpr std::array kCollection = {
    FieldDef{F::contribution_calendar, "contributionCalendar", "ContributionCalendar!", {}},
    FieldDef{F::contribution_years, "contributionYears", "[Int!]!", {}},
    FieldDef{F::does_end_in_current_month, "doesEndInCurrentMonth", "Boolean!", {}},
    FieldDef{F::earliest_restricted, "earliestRestrictedContributionDate", "Date", {}},
    FieldDef{F::ended_at, "endedAt", "DateTime!", {}},
    FieldDef{F::has_activity_in_the_past, "hasActivityInThePast", "Boolean!", {}},
    FieldDef{F::has_any_contributions, "hasAnyContributions", "Boolean!", {}},
    FieldDef{F::has_any_restricted, "hasAnyRestrictedContributions", "Boolean!", {}},
    FieldDef{F::is_single_day, "isSingleDay", "Boolean!", {}},
    FieldDef{F::latest_restricted, "latestRestrictedContributionDate", "Date", {}},
    FieldDef{F::restricted_count, "restrictedContributionsCount", "Int!", {}},
    FieldDef{F::started_at, "startedAt", "DateTime!", {}},
    FieldDef{F::total_commits, "totalCommitContributions", "Int!", {}},
    FieldDef{F::total_reviews, "totalPullRequestReviewContributions", "Int!", {}},
    FieldDef{F::user, "user", "User!", {}},
};

constexpr std::array kCalendar = {
    FieldDef{F::colors, "colors", "[String!]!", {}},
    FieldDef{F::is_halloween, "isHalloween", "Boolean!", {}},
    FieldDef{F::months, "months", "[ContributionCalendarMonth!]!", {}},
    FieldDef{F::total_contributions, "totalContributions", "Int!", {}},
    FieldDef{F::weeks, "weeks", "[ContributionCalendarWeek!]!", {}},
};

constexpr std::array kMonth = {
    FieldDef{F::first_day, "firstDay", "Date!", {}},
    FieldDef{F::name, "name", "String!", {}},
    FieldDef{F::total_weeks, "totalWeeks", "Int!", {}},
    FieldDef{F::year, "year", "Int!", {}},
};

constexpr std::array kWeek = {
    FieldDef{F::contribution_days, "contributionDays", "[ContributionCalendarDay!]!", {}},
    FieldDef{F::first_day, "firstDay", "Date!", {}},
};

constexpr std::array kDay = {
    FieldDef{F::color, "color", "String!", {}},
    FieldDef{F::contribution_count, "contributionCount", "Int!", {}},
    FieldDef{F::contribution_level, "contributionLevel", "ContributionLevel!", {}},
    FieldDef{F::date, "date", "Date!", {}},
    FieldDef{F::weekday, "weekday", "Int!", {}},
};

using K = TypeDef::Kind;
constexpr std::array kTypes = {
    TypeDef{"Query", K::object, kQuery, true},
    TypeDef{"Node", K::interface, kNodeFields, true},
    TypeDef{"User", K::object, kUser, true},
    TypeDef{"RateLimit", K::object, kRateLimit, false},
    TypeDef{"ContributionsCollection", K::object, kCollection, false},
    TypeDef{"ContributionCalendar", K::object, kCalendar, false},
    TypeDef{"ContributionCalendarMonth", K::object, kMonth, false},
    TypeDef{"ContributionCalendarWeek", K::object, kWeek, false},
    TypeDef{"ContributionCalendarDay", K::object, kDay, false},
    TypeDef{"ContributionLevel", K::enumeration, {}, false},
    TypeDef{"String", K::scalar, {}, false},
    TypeDef{"ID", K::scalar, {}, false},
    TypeDef{"Int", K::scalar, {}, false},
    TypeDef{"Float", K::scalar, {}, false},
    TypeDef{"Boolean", K::scalar, {}, false},
    TypeDef{"Date", K::scalar, {}, false},
    TypeDef{"DateTime", K::scalar, {}, false},
    TypeDef{"URI", K::scalar, {}, false},
};

}  // namespace

const TypeDef* find_type(std::string_view name) {
  for (const TypeDef& type : kTypes) {
    if (type.name == name) {
      return &type;
    }
  }
  return nullptr;
}

const FieldDef* find_field(const TypeDef& type, std::string_view name) {
  if (name == kTypeName.name && type.composite()) {
    return &kTypeName;
  }
  for (const FieldDef& field : type.fields) {
    if (field.name == name) {
      return &field;
    }
  }
  return nullptr;
}

std::string_view named_type(std::string_view type) {
  while (type.starts_with('[')) {
    type.remove_prefix(1);
  }
  while (type.ends_with('!') || type.ends_with(']')) {
    type.remove_suffix(1);
  }
  return type;
}

const TypeDef& concrete(const TypeDef& type) {
  return type.kind == TypeDef::Kind::interface ? *find_type("User") : type;
}

bool overlaps(const TypeDef& a, const TypeDef& b) {
  if (a.name == b.name) {
    return true;
  }
  return (a.kind == TypeDef::Kind::interface && b.is_node) ||
         (b.kind == TypeDef::Kind::interface && a.is_node);
}

}  // namespace streaky::sim::graphql

// The wording of GitHub's refusals, and the way from a query's text to a plan.
// docs/remote-apis.md §1.8. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/graphql_plan.h"

namespace streaky::sim {

std::string github_message(std::string_view message, int status);
std::string primary_limit(std::int64_t user_id, bool newer_shape);
std::string secondary_limit(const std::string& request_id);
std::string went_wrong(const std::string& request_id);

/// A plan with the document that it borrows from.
struct Prepared {
  std::unique_ptr<graphql::Document> document;  // does not move, so that the plan stays valid
  std::vector<graphql::PlanField> plan;
};

/// Parses, validates and plans; the error is the answer's body.
std::expected<Prepared, std::string> prepare_query(const std::string& source,
                                                   const std::string& operation_name,
                                                   const boost::json::object& variables);

}  // namespace streaky::sim

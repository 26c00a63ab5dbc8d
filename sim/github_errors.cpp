#include "sim/github_errors.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "sim/exchange.h"
#include "sim/graphql_parser.h"
#include "sim/graphql_validate.h"

namespace streaky::sim {
namespace {

using graphql::Problem;

void append_problem(std::string& out, const Problem& problem) {
  out += "{\"message\":";
  append_json_string(out, problem.message);
  fmt::format_to(std::back_inserter(out), ",\"locations\":[{{\"line\":{},\"column\":{}}}]",
                 problem.at.line, problem.at.column);
  if (!problem.path.empty()) {
    out += ",\"path\":[";
    for (const std::string& step : problem.path) {
      if (out.back() != '[') {
        out.push_back(',');
      }
      append_json_string(out, step);
    }
    out += "]";
  }
  if (!problem.code.empty()) {
    out += ",\"extensions\":{\"code\":";
    append_json_string(out, problem.code);
    for (const auto& [name, value] : problem.extensions) {
      out.push_back(',');
      append_json_string(out, name);
      out.push_back(':');
      append_json_string(out, value);
    }
    out += "}";
  }
  out += "}";
}

std::string error_body(const std::vector<Problem>& problems) {
  std::string out = "{\"errors\":[";
  for (const Problem& problem : problems) {
    if (out.back() != '[') {
      out.push_back(',');
    }
    append_problem(out, problem);
  }
  return out + "]}";
}

std::string message_body(std::string_view message) {
  std::string out = "{\"errors\":[{\"message\":";
  append_json_string(out, message);
  return out + "}]}";
}

std::string variable_body(const graphql::BadVariable& bad) {
  std::string out = "{\"errors\":[{\"extensions\":{\"value\":" + bad.value_json +
                    ",\"problems\":[{\"path\":[],\"explanation\":";
  append_json_string(out, bad.explanation);
  fmt::format_to(std::back_inserter(out),
                 "}}]}},\"locations\":[{{\"line\":{},\"column\":{}}}],\"message\":",
                 bad.problem.at.line, bad.problem.at.column);
  append_json_string(out, bad.problem.message);
  return out + "}]}";
}

const graphql::Operation* choose(const graphql::Document& document, const std::string& name) {
  if (name.empty()) {
    return document.operations.size() == 1 ? &document.operations.front() : nullptr;
  }
  for (const graphql::Operation& operation : document.operations) {
    if (operation.name == name) {
      return &operation;
    }
  }
  return nullptr;
}

}  // namespace

std::string github_message(std::string_view message, int status) {
  std::string out = "{\"message\":";
  append_json_string(out, message);
  return out +
         fmt::format(R"(,"documentation_url":"https://docs.github.com/graphql","status":"{}"}})",
                     status);
}

std::string primary_limit(std::int64_t user_id, bool newer_shape) {
  if (newer_shape) {
    return fmt::format(
        R"({{"errors":[{{"type":"RATE_LIMIT","code":"graphql_rate_limit","message":"API rate limit already exceeded for user ID {}."}}]}})",
        user_id);
  }
  return fmt::format(
      R"({{"errors":[{{"type":"RATE_LIMITED","message":"API rate limit exceeded for user ID {}."}}]}})",
      user_id);
}

std::string secondary_limit(const std::string& request_id) {
  return fmt::format(
      R"({{"documentation_url":"https://docs.github.com/graphql/overview/rate-limits-and-node-limits-for-the-graphql-api#secondary-rate-limits","message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID {}."}})",
      request_id);
}

std::string went_wrong(const std::string& request_id) {
  return fmt::format(
      R"({{"data":null,"errors":[{{"message":"Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug. Please include `{}` when reporting this issue."}}]}})",
      request_id);
}

std::expected<Prepared, std::string> prepare_query(const std::string& source,
                                                   const std::string& operation_name,
                                                   const boost::json::object& variables) {
  auto parsed = graphql::parse(source);
  if (!parsed) {
    return std::unexpected(error_body({parsed.error()}));
  }
  Prepared prepared;
  prepared.document = std::make_unique<graphql::Document>(std::move(*parsed));
  const std::vector<Problem> problems = graphql::validate(*prepared.document);
  if (!problems.empty()) {
    return std::unexpected(error_body(problems));
  }
  const graphql::Operation* operation = choose(*prepared.document, operation_name);
  if (operation == nullptr) {
    return std::unexpected(message_body(
        operation_name.empty() ? "An operation name is required"
                               : fmt::format("No operation named \"{}\"", operation_name)));
  }
  const auto bad = graphql::check_variables(*operation, variables);
  if (bad) {
    return std::unexpected(variable_body(*bad));
  }
  auto planned = graphql::plan(*prepared.document, *operation, variables);
  if (!planned) {
    return std::unexpected(error_body({planned.error()}));
  }
  prepared.plan = std::move(*planned);
  return prepared;
}

}  // namespace streaky::sim

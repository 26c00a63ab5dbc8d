#include "web/api_gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <exception>
#include <utility>

#include "crypto/tokens.h"
#include "runtime/bytes.h"
#include "web/replies.h"
#include "web/routes.h"

namespace streaky::web {

namespace {

using Begun = store::KeptAnswers::Begun;
using net::ServerResponse;

constexpr std::size_t kDeepest = 8;
constexpr std::string_view kScheme = "bearer ";
constexpr const char* kPreflightSeconds = "600";
constexpr int kOurFault = 500;

bool is_json(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  const std::string name = runtime::to_lower_ascii(runtime::trim_ascii(type));
  return name == "application/json" || name == "application/merge-patch+json";
}

bool is_idempotency_key(std::string_view text) {
  return !text.empty() && text.size() <= kLongestIdempotencyKey &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
}

/// Keyed with what whoever asks is known by: bodies hold credentials, and some can be guessed.
std::string request_hash(const Visit& visit) {
  const std::string asked =
      fmt::format("{} {}\n{}", visit.request.method, visit.request.target, visit.request.body);
  return crypto::derived_token(visit.form_key.reveal(), "answer " + crypto::hash_token(asked));
}

store::KeptAnswer to_keep(const ServerResponse& response) {
  store::KeptAnswer answer;
  answer.status = response.status;
  answer.content_type = response.content_type;
  answer.body = response.body;
  for (const net::HttpHeader& header : response.headers) {
    if (header.name == "Location") answer.location = header.value;
  }
  return answer;
}

ServerResponse kept_reply(store::KeptAnswer answer) {
  ServerResponse response;
  response.status = answer.status;
  response.content_type = std::move(answer.content_type);
  response.body = std::move(answer.body);
  if (!answer.location.empty()) response.headers.push_back({"Location", answer.location});
  response.headers.push_back({"Idempotent-Replayed", "true"});
  return response;
}

Problem bad_key() {
  return {
      .status = 400,
      .code = "bad_idempotency_key",
      .title = "The Idempotency-Key is none",
      .detail = fmt::format("Expected 1 to {} visible ASCII characters.", kLongestIdempotencyKey)};
}

Problem key_under_way() {
  return {.status = 409,
          .code = "idempotency_key_under_way",
          .title = "The same request is being worked on",
          .detail = "Ask again in a moment: you get its answer."};
}

Problem key_reused() {
  return {.status = 422,
          .code = "idempotency_key_reused",
          .title = "The Idempotency-Key was used for another request",
          .detail = "Take a new key for each request. Nothing was changed."};
}

bool says_when(const ServerResponse& response) {
  return std::ranges::any_of(response.headers,
                             [](const auto& header) { return header.name == "Retry-After"; });
}

bool is_listed(const Desk& desk, std::string_view origin) {
  return !origin.empty() &&
         std::ranges::find(desk.options.cors_origins, origin) != desk.options.cors_origins.end();
}

}  // namespace

bool shows_token(const Visit& visit) { return !visit.request.header("Authorization").empty(); }

runtime::Task<void> recognise_token(Desk* desk, Visit* visit) {
  const std::string_view given = visit->request.header("Authorization");
  if (runtime::to_lower_ascii(given.substr(0, kScheme.size())) != kScheme) co_return;
  runtime::Secret token{std::string(runtime::trim_ascii(given.substr(kScheme.size())))};
  if (!crypto::is_token(token.reveal())) co_return;
  auto found = co_await desk->api_tokens.find(crypto::hash_token(token.reveal()));
  if (!found) co_return;
  visit->signed_in = std::move(found->signed_in);
  visit->by_token = true;
  visit->form_key = std::move(token);
  if (store::ApiTokens::wants_touch(found->token, visit->now)) {
    co_await desk->api_tokens.touch(found->token.id, visit->now);
  }
}

std::optional<ServerResponse> refuse_write(Desk* desk, Visit* visit, bool from_us) {
  const std::string& text = visit->request.body;
  if (text.size() > kMostFormBytes) {
    return problem(desk, visit,
                   {.status = 413,
                    .code = "too_large",
                    .title = "That is too much",
                    .detail = fmt::format("A body has at most {} bytes.", kMostFormBytes)});
  }
  if (!visit->by_token) {
    const std::string proof = visit->csrf();
    const std::string_view given = visit->request.header("X-CSRF-Token");
    if (!from_us || proof.empty() || !runtime::constant_time_equal(given, proof)) {
      return problem(desk, visit,
                     {.status = 403,
                      .code = "no_proof",
                      .title = "The proof is missing",
                      .detail = "Send the session's X-CSRF-Token, or use an API token."});
    }
  }
  if (text.empty()) return std::nullopt;
  if (!is_json(visit->request.header("Content-Type"))) {
    return problem(desk, visit,
                   {.status = 415,
                    .code = "wrong_type",
                    .title = "Not JSON",
                    .detail = "Expected Content-Type: application/json."});
  }
  boost::json::parse_options options;
  options.max_depth = kDeepest;
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(text, error, {}, options);
  if (error || !value.is_object()) {
    return problem(desk, visit,
                   {.status = 400,
                    .code = "bad_json",
                    .title = "The body cannot be read",
                    .detail = error ? "It is not valid JSON: " + error.message() + "."
                                    : "Expected a JSON object."});
  }
  visit->body = std::move(value.get_object());
  if (visit->route->takes_body || visit->body.empty()) return std::nullopt;
  return problem(desk, visit,
                 {.status = 422,
                  .code = "bad_field",
                  .title = "That cannot be",
                  .detail = "Expected a body without fields. Nothing was changed."});
}

runtime::Task<ServerResponse> answer_once(Desk* desk, Visit* visit) {
  const std::string name(visit->request.header("Idempotency-Key"));
  if (visit->request.method != "POST" || name.empty()) {
    auto answering = visit->route->handler(desk, visit);
    co_return co_await std::move(answering);
  }
  if (!is_idempotency_key(name)) co_return problem(desk, visit, bad_key());
  const store::AnswerKey key{
      .user_id = visit->user().id, .key = name, .request_hash = request_hash(*visit)};
  auto begun = co_await desk->kept_answers.begin(key, visit->now);
  if (begun.begun == Begun::under_way) {
    co_return come_again(problem(desk, visit, key_under_way()));
  }
  if (begun.begun == Begun::other_request) co_return problem(desk, visit, key_reused());
  if (begun.begun == Begun::answered) co_return kept_reply(std::move(begun.answer));
  ServerResponse response;
  std::exception_ptr failure;
  try {
    auto answering = visit->route->handler(desk, visit);
    response = co_await std::move(answering);
  } catch (...) {
    failure = std::current_exception();
  }
  // What says when to come again is asked for anew then.
  if (failure || response.status >= kOurFault || says_when(response)) {
    co_await desk->kept_answers.forget(key);
    if (failure) std::rethrow_exception(failure);
    co_return response;
  }
  co_await desk->kept_answers.finish(key, to_keep(response));
  co_return response;
}

std::optional<ServerResponse> preflight(const Desk& desk, const Visit& visit) {
  const bool asks = visit.request.method == "OPTIONS" &&
                    visit.request.path().starts_with("/api/v1/") &&
                    !visit.request.header("Access-Control-Request-Method").empty();
  if (!asks || !is_listed(desk, visit.request.header("Origin"))) return std::nullopt;
  ServerResponse response;
  response.status = 204;
  response.headers.push_back({"Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE"});
  response.headers.push_back(
      {"Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key"});
  response.headers.push_back({"Access-Control-Max-Age", kPreflightSeconds});
  return response;
}

void allow_origin(const Desk& desk, const Visit& visit, ServerResponse& response) {
  if (desk.options.cors_origins.empty()) return;
  response.headers.push_back({"Vary", "Origin"});
  const std::string_view origin = visit.request.header("Origin");
  if (!is_listed(desk, origin)) return;
  response.headers.push_back({"Access-Control-Allow-Origin", std::string(origin)});
  response.headers.push_back(
      {"Access-Control-Expose-Headers", "Location, Retry-After, Idempotent-Replayed"});
}

}  // namespace streaky::web

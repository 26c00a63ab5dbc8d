#include "github/sign_in.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <utility>

#include "github/forms.h"

namespace streaky::github {

namespace {

namespace json = boost::json;

constexpr const char* kUserAgent = "streaky/" STREAKY_VERSION;
constexpr std::size_t kLongestAnswer = 64U << 10U;
constexpr const char* kWhoAmI = R"({"query":"query { viewer { login id databaseId } }"})";

std::string encoded(std::string_view text) {
  return boost::urls::encode(text, boost::urls::unreserved_chars);
}

std::unexpected<runtime::Error> unavailable() {
  return runtime::fail("oauth_unavailable", "GitHub did not answer");
}

std::unexpected<runtime::Error> bad_answer() {
  return runtime::fail("oauth_bad_answer", "GitHub's answer was not understood");
}

/// Nothing where it is no object.
json::object object_of(std::string_view body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  if (error || !value.is_object()) return {};
  return std::move(value.get_object());
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// GitHub's error codes are words with underscores; anything else is not repeated.
std::string safe_word(const std::string& text) {
  constexpr std::size_t kLongest = 60;
  const bool fine = text.size() <= kLongest &&
                    text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
  return fine ? text : "(not a word)";
}

}  // namespace

std::string SignIn::authorize_url(const std::string& state, const std::string& challenge,
                                  const std::string& redirect_uri) const {
  return fmt::format(
      "{}/login/oauth/authorize?client_id={}&redirect_uri={}&state={}&code_challenge={}"
      "&code_challenge_method=S256",
      options_.web_url, encoded(options_.client_id), encoded(redirect_uri), encoded(state),
      encoded(challenge));
}

runtime::Task<runtime::Result<Account>> SignIn::finish(std::string code, runtime::Secret verifier,
                                                       std::string redirect_uri) {
  auto exchanging = exchange(std::move(code), std::move(verifier), std::move(redirect_uri));
  auto token = co_await std::move(exchanging);
  if (!token) co_return std::unexpected(std::move(token.error()));
  auto asking = viewer(std::move(*token));
  co_return co_await std::move(asking);
}

runtime::Task<runtime::Result<runtime::Secret>> SignIn::exchange(std::string code,
                                                                 runtime::Secret verifier,
                                                                 std::string redirect_uri) {
  net::HttpRequest request;
  request.url = options_.web_url + "/login/oauth/access_token";
  request.headers = {{"Accept", "application/json"},
                     {"User-Agent", kUserAgent},
                     {"Content-Type", "application/x-www-form-urlencoded"}};
  request.body =
      fmt::format("client_id={}&client_secret={}&code={}&redirect_uri={}&code_verifier={}",
                  encoded(options_.client_id), encoded(options_.client_secret.reveal()),
                  encoded(code), encoded(redirect_uri), encoded(verifier.reveal()));
  request.timeout = options_.timeout;
  request.max_body_bytes = kLongestAnswer;
  const auto response = co_await http_.send(std::move(request));
  if (!response || response->status >= 500) co_return unavailable();
  const json::object answer = object_of(response->body);
  // Errors come with status 200 (docs/remote-apis.md §2).
  const std::string error = text_at(answer, "error");
  if (!error.empty()) {
    co_return runtime::fail_for_good("oauth_refused", "GitHub refused: " + safe_word(error));
  }
  std::string token = text_at(answer, "access_token");
  if (!is_github_token(token)) co_return bad_answer();
  co_return runtime::Secret(std::move(token));
}

runtime::Task<runtime::Result<Account>> SignIn::viewer(runtime::Secret token) {
  net::HttpRequest request;
  request.url = options_.api_url + "/graphql";
  // The last one asks for ids of the new form, as the checks know them (docs/remote-apis.md §1.6).
  request.headers = {{"Authorization", fmt::format("Bearer {}", token.reveal())},
                     {"User-Agent", kUserAgent},
                     {"Content-Type", "application/json"},
                     {"X-Github-Next-Global-ID", "1"}};
  request.body = kWhoAmI;
  request.timeout = options_.timeout;
  request.max_body_bytes = kLongestAnswer;
  const auto response = co_await http_.send(std::move(request));
  if (!response || response->status != 200) co_return unavailable();
  const json::object answer = object_of(response->body);
  const json::value* data = answer.if_contains("data");
  const json::object* fields = data != nullptr ? data->if_object() : nullptr;
  const json::value* who = fields != nullptr ? fields->if_contains("viewer") : nullptr;
  const json::object* viewer = who != nullptr ? who->if_object() : nullptr;
  if (viewer == nullptr) co_return bad_answer();
  Account account;
  account.login = text_at(*viewer, "login");
  account.node_id = text_at(*viewer, "id");
  const json::value* number = viewer->if_contains("databaseId");
  if (number != nullptr && number->is_int64()) account.database_id = number->get_int64();
  const bool complete =
      is_github_login(account.login) && !account.node_id.empty() && account.database_id > 0;
  if (!complete) co_return bad_answer();
  co_return account;
}

}  // namespace streaky::github

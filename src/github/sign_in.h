// Signing in with GitHub: the web flow of an OAuth app with `state` and PKCE (docs/remote-apis.md
// §2). No scope is asked for: who somebody is, is public. The access token is used once, to ask who
// that is, and dropped.
//
// Threading: the executor's thread. Borrows the HTTP client. Errors (stable codes): `oauth_refused`
// (GitHub says no: the code is wrong, used or too old, or the app is misconfigured; the log has
// GitHub's word), `oauth_unavailable`, `oauth_bad_answer`.
#pragma once

#include <cstdint>
#include <string>

#include "net/http_client.h"
#include "runtime/secret.h"
#include "runtime/task.h"

namespace streaky::github {

struct SignInOptions {
  std::string web_url = "https://github.com";      // an origin
  std::string api_url = "https://api.github.com";  // an origin; /graphql is appended
  std::string client_id;
  runtime::Secret client_secret;
  runtime::Millis timeout{10'000};
};

struct Account {
  std::string login;
  std::string node_id;
  std::int64_t database_id = 0;
};

class SignIn {
 public:
  static constexpr std::size_t kLongestCode = 200;

  SignIn(net::HttpClient& http, const SignInOptions& options) : http_(http), options_(options) {}

  /// Where the browser is sent to.
  [[nodiscard]] std::string authorize_url(const std::string& state, const std::string& challenge,
                                          const std::string& redirect_uri) const;
  /// What the browser came back with → whose account it is.
  runtime::Task<runtime::Result<Account>> finish(std::string code, runtime::Secret verifier,
                                                 std::string redirect_uri);

 private:
  runtime::Task<runtime::Result<runtime::Secret>> exchange(std::string code,
                                                           runtime::Secret verifier,
                                                           std::string redirect_uri);
  runtime::Task<runtime::Result<Account>> viewer(runtime::Secret token);

  net::HttpClient& http_;         // borrowed
  const SignInOptions& options_;  // borrowed
};

}  // namespace streaky::github

// One request on its way through the site: what was asked, by whom, and what the answer needs.
//
// Threading: the executor's thread. A visit lives in the frame of `Site::answer`; handlers borrow
// it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_server.h"
#include "runtime/secret.h"
#include "runtime/time.h"
#include "store/sessions.h"
#include "web/fields.h"

namespace streaky::web {

struct Route;

struct Visit {
  net::ServerRequest request;
  const Route* route = nullptr;
  std::vector<std::string> parameters;  // the `{…}` of the route, in order
  Fields query;
  Fields form;
  Fields cookies;
  std::string address;  // the client's; behind trusted proxies the one that they name
  bool direct = true;   // no proxy stands between
  std::string id;       // for logs and errors
  runtime::TimePoint now{};

  std::optional<store::SignedIn> signed_in;
  bool is_operator = false;
  /// From which the forms' proof follows: the session's token, or that of a cookie for visitors.
  runtime::Secret form_key;
  std::vector<std::string> set_cookies;

  [[nodiscard]] bool reads() const { return request.method == "GET" || request.method == "HEAD"; }
  [[nodiscard]] bool wants_html() const;
  [[nodiscard]] const store::User& user() const { return signed_in->user; }
  [[nodiscard]] std::string_view value(std::string_view name) const { return field(form, name); }
  /// The proof that a form of ours was filled in.
  [[nodiscard]] std::string csrf() const;
};

}  // namespace streaky::web

// The site's cookies: their names and how they are set. Pure; any thread.
//
// On https each name begins with `__Host-`, so that no other host of the domain can set it.
#pragma once

#include <string>
#include <string_view>

#include "runtime/time.h"
#include "web/visit.h"

namespace streaky::web {

enum class Cookie {
  session,  // who is signed in
  visitor,  // for the forms of those who are not
  sign_in,  // on the way to GitHub and back, sealed
};

class CookieJar {
 public:
  explicit CookieJar(bool secure) : secure_(secure) {}

  [[nodiscard]] std::string_view read(const Visit& visit, Cookie cookie) const;
  void set(Visit& visit, Cookie cookie, std::string_view value, std::chrono::seconds life) const;
  void clear(Visit& visit, Cookie cookie) const;

 private:
  [[nodiscard]] std::string name_of(Cookie cookie) const;

  bool secure_;
};

}  // namespace streaky::web

#include "web/cookies.h"

#include <fmt/format.h>

namespace streaky::web {

std::string CookieJar::name_of(Cookie cookie) const {
  std::string name = secure_ ? "__Host-streaky" : "streaky";
  switch (cookie) {
    case Cookie::session:
      return name;
    case Cookie::visitor:
      return name + "-visitor";
    case Cookie::sign_in:
      return name + "-sign-in";
  }
  return name;
}

std::string_view CookieJar::read(const Visit& visit, Cookie cookie) const {
  return field(visit.cookies, name_of(cookie));
}

void CookieJar::set(Visit& visit, Cookie cookie, std::string_view value,
                    std::chrono::seconds life) const {
  visit.set_cookies.push_back(fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}",
                                          name_of(cookie), value, life.count(),
                                          secure_ ? "; Secure" : ""));
}

void CookieJar::clear(Visit& visit, Cookie cookie) const {
  set(visit, cookie, "", std::chrono::seconds{0});
}

}  // namespace streaky::web

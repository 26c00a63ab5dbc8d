// What answers of the API have in common. Pure.
//
// Lists come in pages: `?limit=` (1 to 100, 20 without) and `?cursor=`, which is what the page
// before gave as `next_cursor`, and null on the last page. A cursor's text is nobody's business.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/error.h"
#include "web/replies.h"

namespace streaky::web {

net::ServerResponse api_reply(int status, const boost::json::value& body);
net::ServerResponse no_content();

/// 422 with the code and the words of the error; 404 for `gone`, 409 where somebody else was there
/// first.
net::ServerResponse refused(Desk* desk, const Visit* visit, const runtime::Error& error);

/// Empty when the body has no other fields than these.
std::string other_field(const boost::json::object& body,
                        std::initializer_list<std::string_view> known);

struct PageRequest {
  int limit = 0;
  // Where the page before ended; the far future where there was none.
  runtime::TimePoint at{};
  std::string id;
};
/// Nothing when a limit or a cursor is none: 400 by `bad_page`.
std::optional<PageRequest> read_page(const Visit& visit);
net::ServerResponse bad_page(Desk* desk, const Visit* visit);
std::string make_cursor(runtime::TimePoint at, std::string_view id);

}  // namespace streaky::web

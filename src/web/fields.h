// Names and values of forms, queries and cookies. Pure; any thread.
//
// Everything here comes from strangers: what is malformed is nothing as a whole, never half of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streaky::web {

inline constexpr std::size_t kMostFields = 200;
inline constexpr std::size_t kMostCookies = 50;

using Fields = std::vector<std::pair<std::string, std::string>>;

/// application/x-www-form-urlencoded, also of a query. Nothing when there are too many fields, an
/// escape is broken, or a value is no UTF-8 or holds control characters other than line breaks and
/// tabs.
std::optional<Fields> parse_form(std::string_view text);
/// The first of that name; empty when there is none.
std::string_view field(const Fields& fields, std::string_view name);
bool has_field(const Fields& fields, std::string_view name);
/// All of that name, in order.
std::vector<std::string> all_fields(const Fields& fields, std::string_view name);

/// `Cookie: a=1; b=2`. What is no pair is left out.
Fields parse_cookies(std::string_view header);

/// Everything but letters, digits and `-._~` escaped (RFC 3986, section 2.3).
std::string percent_encode(std::string_view text);
/// `a=1&b=2`.
std::string to_query(const Fields& fields);
/// For attributes and text of HTML and SVG.
std::string escape_html(std::string_view text);

}  // namespace streaky::web

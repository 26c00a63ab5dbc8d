// The alphabet of HTTP/1.1 header fields (RFC 9110, section 5), for both ends of the wire.
#pragma once

#include <string_view>

namespace streaky::net {

/// Compares ASCII letters without case.
bool equals_ignoring_case(std::string_view a, std::string_view b);
/// One or more token characters: methods and field names.
bool is_token(std::string_view text);
/// No control characters but tab: nothing that could begin another line.
bool is_field_value(std::string_view text);

}  // namespace streaky::net

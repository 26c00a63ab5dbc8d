// Small text tools that several rooms need.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace streaky::runtime {

/// Base64 with the URL-safe alphabet and without padding (RFC 4648, section 5).
std::string base64url_encode(std::string_view bytes);
/// Nothing when the text is not exactly that.
std::optional<std::string> base64url_decode(std::string_view text);

std::string to_lower_ascii(std::string_view text);
std::string_view trim_ascii(std::string_view text);
/// True for well-formed UTF-8 (no overlong forms, no surrogates; RFC 3629).
bool is_utf8(std::string_view text);
/// Levenshtein distance, for "did you mean". Meant for short words.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace streaky::runtime

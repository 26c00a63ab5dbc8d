#include "runtime/printable.h"

#include <algorithm>

#include "runtime/bytes.h"

namespace streaky::runtime {

namespace {

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

bool is_control(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value < 0x20U || value == 0x7FU;
}

/// How many bytes the character at the start takes; 0 when it is not well-formed.
std::size_t character_bytes(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && length < 4 && continues_character(text[length])) ++length;
  return is_utf8(text.substr(0, length)) ? length : 0;
}

/// U+0080 to U+009F: control characters too, which some terminals obey.
bool is_wide_control(std::string_view character) {
  return character.size() == 2 && character[0] == '\xC2' &&
         static_cast<unsigned char>(character[1]) < 0xA0U;
}

}  // namespace

std::string printable(std::string_view text, std::size_t most) {
  std::string clean;
  for (std::size_t characters = 0; !text.empty(); ++characters) {
    if (characters == most) return clean + "…";
    const std::size_t length = character_bytes(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0) {
      clean += '?';
    } else if (is_control(character[0]) || is_wide_control(character)) {
      clean += ' ';
    } else {
      clean += character;
    }
    text.remove_prefix(character.size());
  }
  return clean;
}

}  // namespace streaky::runtime

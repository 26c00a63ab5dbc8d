// Small pieces of text that several files of this room make. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace streaky::streak {

/// `7` → `07`; longer numbers stay as they are.
inline std::string two_digits(int number) {
  std::string text = std::to_string(number);
  return text.size() < 2 ? "0" + text : text;
}

inline bool is_digit(char character) { return character >= '0' && character <= '9'; }

/// ASCII only, whatever the process's locale says.
inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& character : lower) {
    if (character >= 'A' && character <= 'Z')
      character = static_cast<char>(character + ('a' - 'A'));
  }
  return lower;
}

}  // namespace streaky::streak

// Hexadecimal text to bytes, for the known answers in the room's tests.
#pragma once

#include <string>
#include <string_view>

namespace streaky::crypto {

inline std::string unhex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

}  // namespace streaky::crypto

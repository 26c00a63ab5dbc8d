// Repeatable "randomness" of the world: every fact about a user follows from numbers mixed here,
// so that calendars need no memory and a seed replays everything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace streaky::sim {

/// SplitMix64's finaliser.
constexpr std::uint64_t mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) { return mix(mix(a) ^ b); }

/// `length` characters of [0-9A-Za-z] that follow from `key`.
inline std::string letters(std::uint64_t key, std::size_t length) {
  constexpr std::string_view kAlphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string text(length, '0');
  for (char& c : text) {
    key = mix(key);
    c = kAlphabet[key % kAlphabet.size()];
  }
  return text;
}

}  // namespace streaky::sim

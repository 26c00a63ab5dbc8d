#include "runtime/random.h"

#include <fmt/format.h>

#include <random>

namespace streaky::runtime {

std::uint64_t Random::below(std::uint64_t below) {
  // Rejects the uneven rest, so that every value is equally likely.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % below;
  std::uint64_t value = next();
  while (value >= limit) value = next();
  return value % below;
}

double Random::unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

Millis Random::jitter(Millis base) {
  const double factor = 0.75 + 0.5 * unit();
  return Millis{static_cast<std::int64_t>(static_cast<double>(base.count()) * factor)};
}

std::string Random::uuid() {
  const std::uint64_t high = (next() & ~0xF000ULL) | 0x4000ULL;
  const std::uint64_t low = (next() & ~(3ULL << 62U)) | (2ULL << 62U);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32U, (high >> 16U) & 0xFFFFU,
                     high & 0xFFFFU, low >> 48U, low & 0xFFFFFFFFFFFFULL);
}

std::uint64_t SeededRandom::next() {
  // SplitMix64 (Steele, Lea, Flood 2014).
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

std::unique_ptr<Random> make_system_random() {
  std::random_device device;
  const std::uint64_t seed = (static_cast<std::uint64_t>(device()) << 32U) | device();
  return std::make_unique<SeededRandom>(seed);
}

}  // namespace streaky::runtime

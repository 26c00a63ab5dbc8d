// Randomness, handed in, so that a seed replays everything that depends on it.
//
// Threading: one thread per instance. For jitter and ids that need not be secret: keys and nonces
// come from OpenSSL, in `crypto/`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "runtime/time.h"

namespace streaky::runtime {

class Random {
 public:
  Random() = default;
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;
  virtual ~Random() = default;

  virtual std::uint64_t next() = 0;

  /// Uniform in [0, below); `below` > 0.
  std::uint64_t below(std::uint64_t below);
  /// Uniform in [0, 1).
  double unit();
  /// `base` ± a quarter of it.
  Millis jitter(Millis base);
  /// Lower-case UUID, version 4 (RFC 9562).
  std::string uuid();
};

/// Reproducible: the same seed, the same numbers (SplitMix64).
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

/// Seeded from the operating system.
std::unique_ptr<Random> make_system_random();

}  // namespace streaky::runtime

// SHA-256 of something long, piece by piece: whether a copy is the same. Threading: one thread at a
// time. Failures of OpenSSL throw std::runtime_error.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace streaky::crypto {

class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(Checksum&&) noexcept;
  Checksum& operator=(Checksum&&) noexcept;

  void add(std::string_view piece);
  /// Hexadecimal, of what was added so far.
  [[nodiscard]] std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace streaky::crypto

// A credential in the clear: wiped when dropped, not copyable by accident, not printable.
//
// Whoever needs the bytes calls `reveal()`, which is easy to search for. No formatter and no
// logger accepts a Secret: `operator<<` and `fmt` are deleted or missing on purpose.
//
// The bytes lie in memory that is locked and left out of dumps (`protect_secrets`, process.h) as
// long as there is room; keys are made first and always have it. What finds no room there lies on
// the heap like everything else. Threading: as for a std::string.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>

namespace streaky::runtime {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  [[nodiscard]] std::string_view reveal() const {
    // Never a null pointer: to some C libraries that means another thing than "nothing".
    return bytes_ == nullptr ? std::string_view("") : std::string_view(bytes_, size_);
  }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// A copy that the caller asked for by name.
  [[nodiscard]] Secret clone() const;

 private:
  void wipe() noexcept;

  char* bytes_ = nullptr;  // OpenSSL's secure heap
  std::size_t size_ = 0;
};

std::ostream& operator<<(std::ostream&, const Secret&) = delete;

/// Overwrites the bytes in a way that the compiler may not remove, and empties the string.
void wipe(std::string& text) noexcept;

/// Compares in a time that depends on the lengths alone: for whatever is, or proves, a secret.
bool constant_time_equal(std::string_view one, std::string_view other) noexcept;

}  // namespace streaky::runtime

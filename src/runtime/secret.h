// A credential in the clear: wiped when dropped, not copyable by accident, not printable.
//
// Whoever needs the bytes calls `reveal()`, which is easy to search for. No formatter and no
// logger accepts a Secret: `operator<<` and `fmt` are deleted or missing on purpose.
#pragma once

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

  [[nodiscard]] std::string_view reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }
  /// A copy that the caller asked for by name.
  [[nodiscard]] Secret clone() const;

 private:
  void wipe() noexcept;

  std::string value_;
};

std::ostream& operator<<(std::ostream&, const Secret&) = delete;

/// Overwrites the bytes in a way that the compiler may not remove, and empties the string.
void wipe(std::string& text) noexcept;

/// Compares in a time that depends on the lengths alone: for whatever is, or proves, a secret.
bool constant_time_equal(std::string_view one, std::string_view other) noexcept;

}  // namespace streaky::runtime

// What a caller can meet. Exceptions are for bugs, start-up and a lost database (DESIGN: rules).
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace streaky::runtime {

/// `code` is stable, lower-case with underscores, and safe to match on, to log and to count;
/// `message` is for a person and never holds a credential. `permanent` says that asking again
/// with the same input cannot help.
struct Error {
  std::string code;
  std::string message;
  bool permanent = false;
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(std::string code, std::string message) {
  return std::unexpected(Error{std::move(code), std::move(message), false});
}
inline std::unexpected<Error> fail_for_good(std::string code, std::string message) {
  return std::unexpected(Error{std::move(code), std::move(message), true});
}

}  // namespace streaky::runtime

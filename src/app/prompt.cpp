#include "app/prompt.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <utility>

#include "app/terminal.h"
#include "runtime/bytes.h"

namespace streaky::app {

namespace {

constexpr std::size_t kLongestAnswer = 4U << 10U;

/// Switches the terminal's echo off for as long as it lives.
class NoEcho {
 public:
  NoEcho() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~NoEcho() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

/// False when there was nothing, or more than one answer can be.
bool read_answer(std::string& answer) {
  answer.reserve(kLongestAnswer);  // no copy is left behind by growing
  int c = std::cin.get();
  if (c == std::char_traits<char>::eof()) return false;
  while (c != std::char_traits<char>::eof() && c != '\n') {
    if (answer.size() == kLongestAnswer) return false;
    answer += static_cast<char>(c);
    c = std::cin.get();
  }
  return true;
}

}  // namespace

runtime::Result<runtime::Secret> read_secret(const std::string& what) {
  std::string answer;
  bool read = false;
  if (is_terminal(STDIN_FILENO)) {
    fmt::print(stderr, "{}: ", what);
    std::fflush(stderr);
    const NoEcho silent;
    read = read_answer(answer);
    fmt::print(stderr, "\n");
  } else {
    read = read_answer(answer);
  }
  runtime::Secret secret{std::string(runtime::trim_ascii(answer))};
  runtime::wipe(answer);
  if (!read || secret.empty()) {
    return runtime::fail_for_good(
        "no_input", fmt::format("{}: expected one line of at most 4 KiB on standard input", what));
  }
  return secret;
}

bool confirm(const std::string& question) {
  if (!is_terminal(STDIN_FILENO)) return false;
  fmt::print(stderr, "{} [y/N] ", question);
  std::fflush(stderr);
  std::string answer;
  if (!read_answer(answer)) return false;
  const std::string word = runtime::to_lower_ascii(runtime::trim_ascii(answer));
  return word == "y" || word == "yes";
}

}  // namespace streaky::app

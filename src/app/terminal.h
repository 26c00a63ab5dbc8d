// What commands print on a terminal: tables, colour, and text that came from elsewhere.
//
// Colour is used on standard output only when it is a terminal and NO_COLOR is unset or empty
// (no-color.org). Threading: any one thread at a time.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/printable.h"

namespace streaky::app {

bool is_terminal(int fd);
/// True when standard output may be coloured.
bool use_colour();

enum class Style { plain, bold, dim, red, green, yellow };
/// `text` in that style where colour may be used, else as it is.
std::string style(Style style, std::string_view text);

using runtime::printable;
/// How many columns the text takes: characters, with escape sequences left out.
std::size_t columns_of(std::string_view text);

/// Columns that line up. Widths are kept between prints, so that a long list can be printed in
/// parts. The header is printed once, above the first part.
class Table {
 public:
  explicit Table(std::vector<std::string> header);
  /// Missing cells are empty, further ones are left out.
  void add_row(std::vector<std::string> cells);
  /// Prints the rows that were added since the last print.
  void print(std::FILE* out);
  /// What `print` would write.
  std::string take_text();

 private:
  void widen(const std::vector<std::string>& cells);
  void append_row(std::string& text, const std::vector<std::string>& cells) const;

  std::vector<std::string> header_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
  bool header_printed_ = false;
};

}  // namespace streaky::app

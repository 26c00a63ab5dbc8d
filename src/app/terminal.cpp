#include "app/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace streaky::app {

namespace {

constexpr char kEscape = '\x1b';
constexpr std::string_view kGap = "  ";

const char* code_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::bold:
      return "\x1b[1m";
    case Style::dim:
      return "\x1b[2m";
    case Style::red:
      return "\x1b[31m";
    case Style::green:
      return "\x1b[32m";
    case Style::yellow:
      return "\x1b[33m";
  }
  return "";
}

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

}  // namespace

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

bool use_colour() {
  const char* no_color = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): never set here
  return is_terminal(STDOUT_FILENO) && (no_color == nullptr || *no_color == '\0');
}

std::string style(Style style, std::string_view text) {
  if (style == Style::plain || !use_colour()) return std::string(text);
  std::string styled = code_of(style);
  styled.append(text).append("\x1b[0m");
  return styled;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == kEscape) {
      while (i < text.size() && text[i] != 'm') ++i;
    } else if (!continues_character(text[i])) {
      ++columns;
    }
  }
  return columns;
}

Table::Table(std::vector<std::string> header)
    : header_(std::move(header)), widths_(header_.size(), 0) {
  widen(header_);
}

void Table::add_row(std::vector<std::string> cells) {
  cells.resize(header_.size());
  widen(cells);
  rows_.push_back(std::move(cells));
}

void Table::widen(const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    widths_[i] = std::max(widths_[i], columns_of(cells[i]));
  }
}

void Table::append_row(std::string& text, const std::vector<std::string>& cells) const {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    if (i + 1 == cells.size()) break;
    line.append(widths_[i] - columns_of(cells[i]), ' ').append(kGap);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  text.append(line).append("\n");
}

std::string Table::take_text() {
  std::string text;
  if (!header_printed_) {
    std::vector<std::string> header = header_;
    for (std::string& cell : header) cell = style(Style::bold, cell);
    append_row(text, header);
    header_printed_ = true;
  }
  for (const std::vector<std::string>& row : rows_) append_row(text, row);
  rows_.clear();
  return text;
}

void Table::print(std::FILE* out) {
  const std::string text = take_text();
  std::fwrite(text.data(), 1, text.size(), out);
}

}  // namespace streaky::app

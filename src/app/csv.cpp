#include "app/csv.h"

#include <algorithm>

namespace streaky::app {

namespace {

constexpr char kQuote = '"';

/// Takes one quoted cell off the front, its quotes included; false when what follows is no comma.
bool take_quoted(std::string_view& rest, std::string& cell) {
  rest.remove_prefix(1);
  while (!rest.empty()) {
    const std::size_t quote = rest.find(kQuote);
    if (quote == std::string_view::npos) return false;
    cell += rest.substr(0, quote);
    rest.remove_prefix(quote + 1);
    if (!rest.starts_with(kQuote)) return rest.empty() || rest.front() == ',';
    cell += kQuote;
    rest.remove_prefix(1);
  }
  return false;
}

bool take_bare(std::string_view& rest, std::string& cell) {
  const std::size_t end = std::min(rest.find(','), rest.size());
  cell = rest.substr(0, end);
  rest.remove_prefix(end);
  return !cell.contains(kQuote);
}

}  // namespace

void CsvQuotes::feed(std::string_view line) {
  char before = open_ ? '\n' : ',';
  for (const char c : line) {
    // A quote inside a bare value opens nothing: that record alone is malformed. A doubled quote
    // closes and opens again.
    if (c == kQuote && (open_ || before == ',' || before == kQuote)) open_ = !open_;
    before = c;
  }
}

std::optional<std::vector<std::string>> split_csv(std::string_view record) {
  std::vector<std::string> cells;
  while (cells.size() < kMostCsvCells) {
    std::string& cell = cells.emplace_back();
    const bool fine =
        record.starts_with(kQuote) ? take_quoted(record, cell) : take_bare(record, cell);
    if (!fine) return std::nullopt;
    if (record.empty()) return cells;
    record.remove_prefix(1);
  }
  return std::nullopt;
}

}  // namespace streaky::app

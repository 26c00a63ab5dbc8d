// One CSV record (RFC 4180): cells between commas, quoted where they hold commas, quotes or line
// ends. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streaky::app {

inline constexpr std::size_t kMostCsvCells = 100;

/// True when a quote is still open at the end of the text: the record goes on in the next line.
bool csv_quote_is_open(std::string_view text);

/// Nothing when a quote stands where none may, or there are too many cells.
std::optional<std::vector<std::string>> split_csv(std::string_view record);

}  // namespace streaky::app

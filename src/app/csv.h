// One CSV record (RFC 4180): cells between commas, quoted where they hold commas, quotes or line
// ends. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streaky::app {

inline constexpr std::size_t kMostCsvCells = 100;

/// Follows a record line by line and knows whether a quoted cell goes on.
class CsvQuotes {
 public:
  /// Takes the next line, without its end.
  void feed(std::string_view line);
  [[nodiscard]] bool open() const { return open_; }

 private:
  bool open_ = false;
};

/// Nothing when a quote stands where none may, or there are too many cells.
std::optional<std::vector<std::string>> split_csv(std::string_view record);

}  // namespace streaky::app

// Lines of a stream, bounded in length, number and bytes. CRLF and LF both end a line, a byte order
// mark is left out. Threading: one thread. Borrows the stream. Lines may hold credentials: the
// caller wipes them.
#pragma once

#include <cstdint>
#include <istream>
#include <string>

namespace streaky::app {

class LineReader {
 public:
  static constexpr std::size_t kLongestLine = 64U << 10U;
  static constexpr std::int64_t kMostLines = 1'000'000;
  static constexpr std::int64_t kMostBytes = 256LL << 20U;
  struct Limits {
    std::int64_t lines = kMostLines;
    std::int64_t bytes = kMostBytes;
  };

  explicit LineReader(std::istream& stream) : LineReader(stream, Limits{}) {}
  LineReader(std::istream& stream, Limits limits) : stream_(stream), limits_(limits) {}

  struct Line {
    std::int64_t number = 0;
    std::string text;       // without its end; cut where it is too long
    bool too_long = false;  // the rest of it was skipped
  };
  /// Why there is no next line.
  enum class End { none, of_stream, broken, too_many_lines, too_large };

  /// False at the end of the stream, or when it cannot or must not be read any further. A line that
  /// a limit or an error cut short is not given.
  bool next(Line& line);
  [[nodiscard]] End end() const { return end_; }
  /// How many lines have been read.
  [[nodiscard]] std::int64_t count() const { return number_; }

 private:
  int take();

  std::istream& stream_;  // borrowed
  const Limits limits_;
  std::int64_t number_ = 0;
  std::int64_t bytes_ = 0;
  End end_ = End::none;
};

}  // namespace streaky::app

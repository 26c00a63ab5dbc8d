// Lines of a stream, bounded. CRLF and LF both end a line, a byte order mark is left out.
// Threading: one thread. Borrows the stream. Lines may hold credentials: the caller wipes them.
#pragma once

#include <cstdint>
#include <istream>
#include <string>

namespace streaky::app {

class LineReader {
 public:
  static constexpr std::size_t kLongestLine = 64U << 10U;

  explicit LineReader(std::istream& stream) : stream_(stream) {}

  struct Line {
    std::int64_t number = 0;
    std::string text;       // without its end; cut where it is too long
    bool too_long = false;  // the rest of it was skipped
  };
  /// False at the end of the stream, or when it cannot be read any further.
  bool next(Line& line);
  /// True when reading failed: what came was not all.
  [[nodiscard]] bool failed() const { return failed_; }
  /// How many lines have been read.
  [[nodiscard]] std::int64_t count() const { return number_; }

 private:
  int take();

  std::istream& stream_;  // borrowed
  std::int64_t number_ = 0;
  bool failed_ = false;
};

}  // namespace streaky::app

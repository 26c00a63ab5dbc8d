#include "app/line_reader.h"

namespace streaky::app {

namespace {

constexpr int kEnd = std::char_traits<char>::eof();
constexpr const char* kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMarkBytes = 3;

}  // namespace

int LineReader::take() {
  const int c = stream_.get();
  if (c == kEnd && stream_.bad()) failed_ = true;
  return c;
}

bool LineReader::next(Line& line) {
  line = Line{};
  line.text.reserve(kLongestLine + 1);  // no copy of a credential is left behind by growing
  int c = take();
  if (c == kEnd) return false;
  for (; c != kEnd && c != '\n'; c = take()) {
    if (line.text.size() > kLongestLine) {
      line.too_long = true;
    } else {
      line.text += static_cast<char>(c);
    }
  }
  line.number = ++number_;
  if (line.text.ends_with('\r')) line.text.pop_back();
  if (line.text.size() > kLongestLine) line.too_long = true;
  if (number_ == 1 && line.text.starts_with(kByteOrderMark)) line.text.erase(0, kMarkBytes);
  return !failed_;
}

}  // namespace streaky::app

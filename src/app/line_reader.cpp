#include "app/line_reader.h"

#include "runtime/secret.h"

namespace streaky::app {

namespace {

constexpr int kEnd = std::char_traits<char>::eof();
constexpr const char* kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMarkBytes = 3;

}  // namespace

int LineReader::take() {
  if (end_ != End::none) return kEnd;
  const int c = stream_.get();
  if (c == kEnd) {
    end_ = stream_.bad() ? End::broken : End::of_stream;
  } else if (bytes_ == limits_.bytes) {
    end_ = End::too_large;
  } else {
    ++bytes_;
    return c;
  }
  return kEnd;
}

bool LineReader::next(Line& line) {
  line = Line{};
  int c = take();
  if (c == kEnd) return false;
  if (number_ == limits_.lines) {
    end_ = End::too_many_lines;
    return false;
  }
  line.text.reserve(kLongestLine + 1);  // no copy of a credential is left behind by growing
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
  const bool whole = end_ == End::none || end_ == End::of_stream;
  if (!whole) runtime::wipe(line.text);
  return whole;
}

}  // namespace streaky::app

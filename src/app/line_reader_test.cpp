#include "app/line_reader.h"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace streaky::app {
namespace {

struct Read {
  std::vector<std::string> lines;
  LineReader::End end = LineReader::End::none;
};

Read read_all(const std::string& text, LineReader::Limits limits) {
  std::istringstream stream(text);
  LineReader reader(stream, limits);
  LineReader::Line line;
  Read read;
  while (reader.next(line)) read.lines.push_back(line.text);
  EXPECT_FALSE(reader.next(line)) << "an end is an end";
  read.end = reader.end();
  return read;
}

TEST(LineReaderTest, TakesExactlyWhatItsLimitsAllow) {
  const std::vector<std::string> two = {"ab", "cd"};
  EXPECT_EQ(read_all("ab\ncd\n", {.lines = 2, .bytes = 6}).lines, two);
  EXPECT_EQ(read_all("ab\ncd\n", {.lines = 2, .bytes = 6}).end, LineReader::End::of_stream);
  EXPECT_EQ(read_all("ab\r\ncd", {.lines = 2, .bytes = 6}).lines, two);
}

TEST(LineReaderTest, OneLineMoreEnds) {
  const Read read = read_all("ab\ncd\n\n", {.lines = 2, .bytes = 100});
  EXPECT_EQ(read.lines.size(), 2U);
  EXPECT_EQ(read.end, LineReader::End::too_many_lines);
}

TEST(LineReaderTest, OneByteMoreEndsAndTheCutLineIsNotGiven) {
  const Read read = read_all("ab\ncdefgh", {.lines = 100, .bytes = 6});
  EXPECT_EQ(read.lines, std::vector<std::string>{"ab"});
  EXPECT_EQ(read.end, LineReader::End::too_large);
}

}  // namespace
}  // namespace streaky::app

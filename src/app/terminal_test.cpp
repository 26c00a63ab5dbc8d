#include "app/terminal.h"

#include <gtest/gtest.h>

namespace streaky::app {
namespace {

TEST(TerminalTest, ColumnsLineUpAcrossParts) {
  Table table({"NAME", "ZONE", "NOTE"});
  table.add_row({"ä", "UTC", "x"});
  table.add_row({"\x1b[31mred\x1b[0m", "Asia/Tokyo"});
  EXPECT_EQ(table.take_text(),
            "NAME  ZONE        NOTE\n"
            "ä     UTC         x\n"
            "\x1b[31mred\x1b[0m   Asia/Tokyo\n");
  table.add_row({"b", "UTC", "y"});
  EXPECT_EQ(table.take_text(), "b     UTC         y\n");
}

TEST(TerminalTest, TextFromElsewhereStaysOneHarmlessLine) {
  EXPECT_EQ(printable("a\nb\x1b[31mc\x7f"), "a b [31mc ");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            " 31m");  // a control sequence introducer in one byte
  EXPECT_EQ(printable("\xFFé\xC3"), "?é?");
  EXPECT_EQ(printable("日本語", 2), "日本…");
}

}  // namespace
}  // namespace streaky::app

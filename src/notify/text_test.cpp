#include "notify/text.h"

#include <gtest/gtest.h>

#include <string>

#include "runtime/bytes.h"
#include "runtime/random.h"

namespace streaky::notify {
namespace {

TEST(PlainText, CutsBetweenCharacters) {
  EXPECT_EQ(plain_text("hello", 5), "hello");
  EXPECT_EQ(plain_text("hello!", 5), "hell…");
  EXPECT_EQ(plain_text("äöüß", 3), "äö…");
  EXPECT_EQ(plain_text("a😀b", 4), "a😀b");
  EXPECT_EQ(plain_text("a😀bc", 4), "a😀…");
  EXPECT_EQ(plain_text("a😀bc", 3), "a…") << "an emoji counts as two";
  EXPECT_EQ(plain_text("abc", 1), "…");
  EXPECT_EQ(plain_text("abc", 0), "");
  EXPECT_EQ(plain_text("", 3), "");
}

TEST(PlainText, RepairsWhatIsNotText) {
  EXPECT_EQ(plain_text("a\xFFz", 10), "a\xEF\xBF\xBDz");
  EXPECT_EQ(plain_text("\xC3", 10), "\xEF\xBF\xBD");
  EXPECT_EQ(plain_text(std::string("a\0\r\x1B[1m\nb", 9), 20), "a[1m\nb");
}

TEST(TelegramHtml, EscapesAndCountsAnEntityOnce) {
  EXPECT_EQ(telegram_html("<a href=\"x\">&</a>", 100),
            "&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;");
  EXPECT_EQ(telegram_html("&&&&", 4), "&amp;&amp;&amp;&amp;");
  EXPECT_EQ(telegram_html("&&&&&", 4), "&amp;&amp;&amp;…");
}

TEST(DiscordMarkdown, EscapesWhatHasAMeaning) {
  EXPECT_EQ(discord_markdown("*_~`|<>[]\\", 100), R"(\*\_\~\`\|\<\>\[\]\\)");
  EXPECT_EQ(discord_markdown("@everyone <@1> ||x||", 100), R"(@everyone \<@1\> \|\|x\|\|)");
}

TEST(DiscordMarkdown, LeavesOrdinarySentencesAlone) {
  const std::string text = "mona-lisa: 3 h 12 min left, a streak of 400 days. Go (now)!";
  EXPECT_EQ(discord_markdown(text, 200), text);
}

TEST(DiscordMarkdown, EscapesListsQuotesAndHeadingsAtTheStartOfALine) {
  EXPECT_EQ(discord_markdown("# a\n- b\n  + c\n12. d\n> e", 100),
            "\\# a\n\\- b\n  \\+ c\n12\\. d\n\\> e");
}

TEST(DiscordMarkdown, LeavesAddressesWhole) {
  EXPECT_EQ(discord_markdown("see https://x.org/a_b_c for *more*", 100),
            R"(see https://x.org/a_b_c for \*more\*)");
  EXPECT_EQ(discord_markdown("https://x.org/<@1>", 100), R"(https://x.org/\<@1\>)");
}

TEST(DiscordMarkdown, NeverCutsAnEscape) {
  EXPECT_EQ(discord_markdown("ab**", 5), "ab\\*…");
  EXPECT_EQ(discord_markdown("ab**", 4), "ab…");
}

TEST(AllTexts, StayWithinTheLimitAndWellFormedWhateverComes) {
  runtime::SeededRandom random(11);
  for (int i = 0; i < 3'000; ++i) {
    std::string text;
    const auto length = random.below(60);
    for (std::uint64_t k = 0; k < length; ++k) text.push_back(static_cast<char>(random.below(256)));
    const auto limit = static_cast<std::size_t>(random.below(40));
    for (const std::string& out : {plain_text(text, limit), discord_markdown(text, limit)}) {
      EXPECT_LE(utf16_length(out), limit);
      EXPECT_TRUE(runtime::is_utf8(out));
    }
    EXPECT_TRUE(runtime::is_utf8(telegram_html(text, limit)));
  }
}

}  // namespace
}  // namespace streaky::notify

#include "app/user_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace streaky::app {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const char* const kWebhook =
    "https://discord.com/api/webhooks/123456789012345678/"
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdef";
const char* const kBot = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11";

struct Read {
  std::vector<account::UserDraft> users;
  std::vector<std::string> bad;  // `line 3: reason`
};

Read read_all(const std::string& text, std::optional<ImportFormat> format = std::nullopt,
              const std::string& bot_token = "") {
  std::istringstream stream(text);
  const runtime::Secret bot(bot_token);
  DraftReader reader(stream, format, bot);
  Read read;
  while (auto item = reader.next()) {
    if (item->has_value()) {
      read.users.push_back(std::move((*item)->user));
    } else {
      read.bad.push_back("line " + std::to_string(item->error().line) + ": " +
                         item->error().reason);
    }
  }
  return read;
}

/// The reason why a line of JSON is refused.
std::string refused(const std::string& line) {
  const runtime::Secret none;
  const auto draft = parse_json_line(line, none);
  return draft ? "accepted" : draft.error().message;
}

TEST(JsonLineTest, ReadsEveryField) {
  const std::string line =
      std::string(R"({"login":"octocat","github_id":"U_kgDOADP9xw","time_zone":"Europe/Berlin",)") +
      R"("remind_at":["22:30","20:00","20:00"],"rest_days":["sat","Sunday"],"daily_summary":true,)" +
      R"("github_token":"ghp_abc","discord_webhook":")" + kWebhook + R"(","telegram":{"token":")" +
      kBot + R"(","chat_id":-1001234567890}})";
  const Read read = read_all(line);
  ASSERT_THAT(read.bad, ElementsAre());
  ASSERT_EQ(read.users.size(), 1U);
  const account::UserDraft& user = read.users[0];
  EXPECT_EQ(user.login, "octocat");
  EXPECT_EQ(user.node_id, "U_kgDOADP9xw");
  EXPECT_EQ(*user.time_zone.value(), "Europe/Berlin");
  EXPECT_THAT(*user.remind_at.value(), ElementsAre(1200, 1350));
  EXPECT_EQ(user.rest_days.value()->to_text(), "sun,sat");
  EXPECT_TRUE(*user.daily_summary.value());
  EXPECT_EQ(user.github_token.value()->reveal(), "ghp_abc");
  EXPECT_THAT(std::string(user.discord_webhook.value()->reveal()), HasSubstr("123456789012345678"));
  EXPECT_THAT(std::string(user.telegram.value()->reveal()), HasSubstr("-1001234567890"));
}

TEST(JsonLineTest, NullClearsAndAbsentKeeps) {
  const Read read = read_all(
      R"({"login":"a","time_zone":null,"remind_at":null,"rest_days":null,"github_token":null,)"
      R"("discord_webhook":null,"telegram":null,"github_id":null})"
      "\n"
      R"({"login":"b"})");
  ASSERT_EQ(read.users.size(), 2U);
  const account::UserDraft& cleared = read.users[0];
  EXPECT_TRUE(cleared.time_zone.said() && cleared.time_zone.value() == nullptr);
  EXPECT_TRUE(cleared.remind_at.said() && cleared.remind_at.value() == nullptr);
  EXPECT_TRUE(cleared.rest_days.said() && cleared.rest_days.value() == nullptr);
  EXPECT_TRUE(cleared.github_token.said() && cleared.github_token.value() == nullptr);
  EXPECT_TRUE(cleared.discord_webhook.said() && cleared.discord_webhook.value() == nullptr);
  EXPECT_TRUE(cleared.telegram.said() && cleared.telegram.value() == nullptr);
  const account::UserDraft& kept = read.users[1];
  EXPECT_FALSE(kept.time_zone.said() || kept.remind_at.said() || kept.rest_days.said() ||
               kept.daily_summary.said() || kept.github_token.said() ||
               kept.discord_webhook.said() || kept.telegram.said());
}

TEST(JsonLineTest, ATelegramOfNullsIsNull) {
  for (const char* line : {R"({"login":"a","telegram":{"token":null,"chat_id":null}})",
                           R"({"login":"a","telegram":{"chat_id":null}})"}) {
    const Read read = read_all(line, std::nullopt, kBot);
    ASSERT_EQ(read.users.size(), 1U) << line << ": " << read.bad.at(0);
    EXPECT_TRUE(read.users[0].telegram.said()) << line;
    EXPECT_EQ(read.users[0].telegram.value(), nullptr) << line;
  }
  EXPECT_THAT(refused(std::string(R"({"login":"a","telegram":{"token":")") + kBot +
                      R"(","chat_id":null}})"),
              HasSubstr("the chat_id is missing"));
}

TEST(JsonLineTest, IdsComeAsNodeIdNumberOrDigits) {
  const Read read = read_all(R"({"login":"a","github_id":583231})"
                             "\n"
                             R"({"login":"b","github_id":"583231"})"
                             "\n"
                             R"({"login":"c","github_id":"MDQ6VXNlcjU4MzIzMQ=="})"
                             "\n"
                             R"({"login":"d","github_id":"U_kgDOADP9xw"})");
  ASSERT_EQ(read.users.size(), 4U);
  for (const std::size_t i : {0U, 1U, 2U}) {
    EXPECT_EQ(read.users[i].database_id, 583231) << read.users[i].login;
  }
  EXPECT_EQ(read.users[1].node_id, "");
  EXPECT_EQ(read.users[2].node_id, "MDQ6VXNlcjU4MzIzMQ==") << "it finds a renamed account";
  EXPECT_EQ(read.users[3].node_id, "U_kgDOADP9xw");
}

TEST(JsonLineTest, SaysWhatIsWrong) {
  EXPECT_THAT(refused("{"), HasSubstr("not valid JSON"));
  EXPECT_THAT(refused("[1]"), HasSubstr("expected a JSON object"));
  EXPECT_THAT(refused("{}"), HasSubstr("login is missing"));
  EXPECT_THAT(refused(R"({"login":5})"), HasSubstr("login: expected"));
  EXPECT_THAT(refused(R"({"login":"a","github_id":1.5})"), HasSubstr("github_id: expected"));
  EXPECT_THAT(refused(R"({"login":"a","github_id":-4})"), HasSubstr("github_id: expected"));
  for (const char* id : {"-4", "octocat", "U_", "O_kgDOADP9xw", "MDQ6VXNlcg=="}) {
    EXPECT_THAT(refused(std::string(R"({"login":"a","github_id":")") + id + R"("})"),
                HasSubstr("github_id: expected"))
        << id;
  }
  EXPECT_THAT(refused(R"({"login":"a","github_id":"99999999999999999999"})"),
              HasSubstr("github_id: expected"));
  EXPECT_THAT(refused(R"({"login":"a","time_zone":"Europe/Berln"})"),
              HasSubstr("did you mean Europe/Berlin?"));
  EXPECT_THAT(refused(R"({"login":"a","remind_at":"20:00"})"), HasSubstr("expected a list"));
  EXPECT_THAT(refused(R"({"login":"a","remind_at":["24:00"]})"), HasSubstr("from 00:00 to 23:59"));
  EXPECT_THAT(refused(R"({"login":"a","remind_at":[]})"), HasSubstr("1 to 24"));
  EXPECT_THAT(refused(R"({"login":"a","rest_days":["saturn"]})"), HasSubstr("days of the week"));
  EXPECT_THAT(refused(R"({"login":"a","daily_summary":"yes"})"), HasSubstr("true or false"));
  EXPECT_THAT(refused(R"({"login":"a","timezone":"UTC"})"),
              HasSubstr("unknown field \"timezone\"; did you mean time_zone?"));
  EXPECT_THAT(refused(R"({"login":"a","telegram":{"chatid":1}})"),
              HasSubstr("did you mean chat_id?"));
  EXPECT_THAT(refused(R"({"login":"a","telegram":{"chat_id":1}})"),
              HasSubstr("the token is missing"));
}

TEST(JsonLineTest, TwentyFiveTimesAreTooMany) {
  std::string times;
  for (int i = 0; i < 25; ++i) {
    times +=
        (i == 0 ? "\"00:" : ",\"00:") + std::string(i < 10 ? "0" : "") + std::to_string(i) + "\"";
  }
  EXPECT_THAT(refused(R"({"login":"a","remind_at":[)" + times + "]}"), HasSubstr("1 to 24"));
}

TEST(JsonLineTest, TheConfiguredBotSpeaksWhereNoTokenIsGiven) {
  const Read read = read_all(R"({"login":"a","telegram":{"chat_id":"42"}})", std::nullopt, kBot);
  ASSERT_EQ(read.users.size(), 1U) << read.bad.at(0);
  EXPECT_THAT(std::string(read.users[0].telegram.value()->reveal()),
              AllOf(HasSubstr(kBot), HasSubstr("42")));
}

TEST(JsonLineTest, NoReasonRepeatsACredential) {
  const std::vector<std::string> lines = {
      R"({"login":"hunter2 hunter2"})",
      R"({"login":"a","github_token":"hunter2"})",
      R"({"login":"a","discord_webhook":"https://discord.com/hunter2"})",
      R"({"login":"a","telegram":{"token":"hunter2","chat_id":"1"}})",
      R"({"login":"a","telegram":{"token":"1:x","chat_id":"hunter2"}})",
      R"({"login":"a","time_zone":"hunter2"})",
      R"({"login":"a","ghp_hunter2":"x"})",
      R"({"login":"a","github_token":"hunter2)"};
  for (const std::string& line : lines) {
    EXPECT_THAT(refused(line), AllOf(Not(HasSubstr("hunter2")), Not("accepted"))) << line;
  }
}

TEST(LoginTest, TakesGitHubsFormsAlone) {
  for (const char* good : {"a", "octo-cat", "mona_acme", "trailing-", "A1"}) {
    EXPECT_EQ(refused(std::string(R"({"login":")") + good + "\"}"), "accepted") << good;
  }
  for (const char* bad : {"", "-a", "a b", "a/b", "ä", "<b>"}) {
    EXPECT_THAT(refused(std::string(R"({"login":")") + bad + "\"}"), HasSubstr("login")) << bad;
  }
  EXPECT_EQ(refused(R"({"login":")" + std::string(39, 'a') + "\"}"), "accepted");
  EXPECT_THAT(refused(R"({"login":")" + std::string(40, 'a') + "\"}"), HasSubstr("1 to 39"));
}

TEST(DraftReaderTest, BadLinesAreNumberedAndTheRestIsRead) {
  const Read read = read_all(
      "\xEF\xBB\xBF{\"login\":\"a\"}\r\n"
      "\r\n"
      "{\"login\":\"b\",\"time_zone\":\"Mars\"}\r\n"
      "nonsense\n"
      "{\"login\":\"c\"}");
  ASSERT_EQ(read.users.size(), 2U);
  EXPECT_EQ(read.users[1].login, "c");
  EXPECT_THAT(read.bad,
              ElementsAre(HasSubstr("line 3: time_zone"), HasSubstr("line 4: not valid")));
}

TEST(DraftReaderTest, ALineOver64KiBIsBadAndTheNextIsRead) {
  const std::string fits = R"({"login":"a"})" + std::string((64U << 10U) - 13, ' ');
  const Read read = read_all(fits + "\n" + fits + " \n{\"login\":\"b\"}\n");
  ASSERT_EQ(read.users.size(), 2U);
  EXPECT_EQ(read.users[1].login, "b");
  EXPECT_THAT(read.bad, ElementsAre("line 2: longer than 64 KiB"));
}

TEST(DraftReaderTest, AJsonArrayIsNoJsonLines) {
  EXPECT_THAT(read_all("[{\"login\":\"a\"}]").bad, ElementsAre(HasSubstr("a JSON array")));
}

TEST(CsvTest, ReadsTheSameFields) {
  const Read read = read_all(
      "login,github_id,time_zone,remind_at,rest_days,daily_summary,telegram_token,telegram_chat_"
      "id\r\n"
      "octocat,583231,Europe/Berlin,22:30;20:00,sat sun,true," +
      std::string(kBot) +
      ",-100123\r\n"
      "mona,,,\"20:00,21:00\",none,,,\r\n");
  ASSERT_THAT(read.bad, ElementsAre());
  ASSERT_EQ(read.users.size(), 2U);
  EXPECT_EQ(read.users[0].database_id, 583231);
  EXPECT_THAT(*read.users[0].remind_at.value(), ElementsAre(1200, 1350));
  EXPECT_EQ(read.users[0].rest_days.value()->to_text(), "sun,sat");
  EXPECT_TRUE(*read.users[0].daily_summary.value());
  EXPECT_THAT(std::string(read.users[0].telegram.value()->reveal()), HasSubstr("-100123"));
  EXPECT_THAT(*read.users[1].remind_at.value(), ElementsAre(1200, 1260));
  EXPECT_TRUE(read.users[1].rest_days.said() && read.users[1].rest_days.value() == nullptr);
  EXPECT_FALSE(read.users[1].time_zone.said() || read.users[1].telegram.said());
}

TEST(CsvTest, QuotedCellsMayHoldLineEndsQuotesAndCommas) {
  const Read read = read_all(
      "login,remind_at\n"
      "\"octocat\",\"20:00,\n21:00\"\n"
      "mo\"na,20:00\n"
      "hubot,20:00,x\n"
      "\"hubot\"x,20:00\n"
      "last,20:00\n",
      ImportFormat::csv);
  ASSERT_EQ(read.users.size(), 2U);
  EXPECT_EQ(read.users[0].login, "octocat");
  EXPECT_EQ(read.users[1].login, "last");
  EXPECT_THAT(read.bad, ElementsAre(HasSubstr("line 4: a quote"), HasSubstr("line 5: 3 values"),
                                    HasSubstr("line 6: a quote")));
}

TEST(CsvTest, LinesAreCountedAcrossQuotedLineEnds) {
  const Read read = read_all("login,remind_at\na,\"20:00\n21:00\"\nb,99:00\nc\n");
  EXPECT_EQ(read.users.size(), 1U);
  EXPECT_THAT(read.bad, ElementsAre(HasSubstr("line 4: remind_at"),
                                    HasSubstr("line 5: 1 values: the header names 2")));
}

TEST(CsvTest, AnEndlessQuoteIsBounded) {
  const std::string lines(200'000, '\n');
  const Read read = read_all("login\n\"a" + lines + "b\n");
  ASSERT_FALSE(read.bad.empty());
  EXPECT_THAT(read.bad.front(), HasSubstr("line 2: a quoted value does not end within 64 KiB"));
}

TEST(CsvTest, AHeaderThatIsNoneSpoilsTheFile) {
  EXPECT_THAT(read_all("login,zone\na,UTC\n").bad,
              ElementsAre(HasSubstr("line 1: the header has unknown field \"zone\"")));
  EXPECT_THAT(read_all("time_zone\nUTC\n").bad, ElementsAre(HasSubstr("no column login")));
  EXPECT_THAT(read_all("login,login\na,b\n").bad, ElementsAre(HasSubstr("names login twice")));
  // A file without a header: the first line is data, and data may be a credential.
  EXPECT_THAT(read_all("login,ghp_hunter2\n").bad, ElementsAre(Not(HasSubstr("hunter2"))));
}

TEST(FormatTest, TheFilesNameTells) {
  EXPECT_EQ(format_of_file("users.CSV"), ImportFormat::csv);
  EXPECT_EQ(format_of_file("users.jsonl"), ImportFormat::json_lines);
  EXPECT_EQ(format_of_file("users.txt"), std::nullopt);
}

}  // namespace
}  // namespace streaky::app

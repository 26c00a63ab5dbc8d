#include "notify/telegram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "notify/test_world.h"

namespace streaky::notify {
namespace {

using runtime::Millis;
using testing::HasSubstr;
using testing::Not;

std::string failure(int code, const std::string& description, const std::string& more = "") {
  return R"({"ok":false,"error_code":)" + std::to_string(code) + R"(,"description":")" +
         description + "\"" + more + "}";
}

TEST(TelegramCredential, AcceptsTokensAndChatIds) {
  for (const auto& [typed, stored] : {std::pair{"99", "99"},
                                      {"-1001234567890", "-1001234567890"},
                                      {" 7 ", "7"},
                                      {"@my_channel", "@my_channel"},
                                      {"9223372036854775807", "9223372036854775807"}}) {
    const auto secret = normalise_telegram(std::string(" ") + kBotToken + "\n", typed);
    ASSERT_TRUE(secret.has_value()) << typed;
    EXPECT_EQ(secret->reveal(),
              std::string(R"({"token":")") + kBotToken + R"(","chat_id":")" + stored + R"("})");
    EXPECT_EQ(parse_telegram(secret->reveal())->chat_id, stored);
  }
}

TEST(TelegramCredential, RefusesOthersWithoutRepeatingThem) {
  const std::string secret = "ABCDEFGHIJ";
  for (const std::string& token :
       {std::string(), secret, ":" + secret, std::string("1:"), "x1:" + secret, "-1:" + secret,
        "1:" + secret + "/", "1:" + secret + ":x", "1:" + secret + "\"",
        "18014398509481984:" + secret, "99999999999999999999999:" + secret,
        "1:" + std::string(79, 'a'), "1:" + secret + "\n2"}) {
    const auto result = normalise_telegram(token, "1");
    ASSERT_FALSE(result.has_value()) << token;
    EXPECT_EQ(result.error().code, "telegram_token_invalid");
    EXPECT_THAT(result.error().message, Not(HasSubstr(secret)));
  }
  for (const std::string& chat :
       {"", "0", "x", "1.5", "+1", "9223372036854775808", "--1", "1 2", "@abc", "@1abc", "@a-bcd",
        "@", "name", "@abcdefghijabcdefghijabcdefghijabc"}) {
    const auto result = normalise_telegram(kBotToken, chat);
    ASSERT_FALSE(result.has_value()) << chat;
    EXPECT_EQ(result.error().code, "telegram_chat_invalid");
    EXPECT_THAT(result.error().message, Not(HasSubstr(kBotToken)));
  }
}

TEST(TelegramCredential, HintTellsChatsApart) {
  EXPECT_EQ(hint_of(World::telegram("-1001234567890").credential), "chat -…7890");
  EXPECT_EQ(hint_of(World::telegram("123456789").credential), "chat …6789");
  EXPECT_EQ(hint_of(World::telegram("@my_channel").credential), "chat @my…");
  EXPECT_EQ(hint_of(Credential{ChannelKind::telegram, runtime::Secret("{}")}), "chat");
}

TEST(TelegramRequest, IsHtmlEscapedAndWithoutPreview) {
  World world;
  world.options.telegram_api_url = "http://127.0.0.1:9/";
  world.restart();
  Outgoing outgoing = World::telegram("-1001234567890");
  outgoing.message = {"a<b & c", "1 > 0 \"x\"", streak::Urgency::low};
  const auto delivered = world.send(std::move(outgoing));
  EXPECT_EQ(std::get<Sent>(delivered.outcome).remote_id, "42");
  EXPECT_FALSE(delivered.moved_to.has_value());

  EXPECT_EQ(world.http.seen[0].request.url,
            std::string("http://127.0.0.1:9/bot") + kBotToken + "/sendMessage");
  const auto body = world.http.body(0);
  EXPECT_EQ(body.at("chat_id").as_int64(), -1001234567890);
  EXPECT_EQ(body.at("text").as_string(), "<b>a&lt;b &amp; c</b>\n\n1 &gt; 0 &quot;x&quot;");
  EXPECT_EQ(body.at("parse_mode").as_string(), "HTML");
  EXPECT_TRUE(body.at("link_preview_options").at("is_disabled").as_bool());
}

TEST(TelegramRequest, NamesChannelsByTheirNameAndKeepsToTheLimit) {
  World world;
  Outgoing outgoing = World::telegram("@my_channel");
  outgoing.message.body = std::string(9'000, '&');
  (void)world.send(std::move(outgoing));
  const auto body = world.http.body(0);
  EXPECT_EQ(body.at("chat_id").as_string(), "@my_channel");
  const std::string text(body.at("text").as_string());
  EXPECT_LT(text.size(), 4'096U * 5);
  EXPECT_THAT(text, testing::EndsWith("&amp;&amp;…"));
}

// One test per row of docs/remote-apis.md §4.

class TelegramRows : public testing::Test {
 protected:
  Delivered answer(Reply next, const std::string& chat = "99") {
    world_.http.script.emplace_back(std::move(next));
    return world_.send(World::telegram(chat));
  }
  Delivered answer(int code, const std::string& description, const std::string& chat = "99") {
    return answer(reply(code, failure(code, description)), chat);
  }
  [[nodiscard]] Millis wait_of(const Delivered& delivered) const {
    return retry_of(delivered).at - world_.clock.now();
  }
  World world_;
};

TEST_F(TelegramRows, UnauthorizedMeansTheBotIsDead) {
  EXPECT_EQ(dead_of(answer(401, "Unauthorized")).code, "bot_token_dead");
  EXPECT_EQ(dead_of(answer(401, "Unauthorized: invalid token specified")).code, "bot_token_dead");
}

TEST_F(TelegramRows, NotFoundMeansTheTokenIsMalformed) {
  EXPECT_EQ(dead_of(answer(404, "Not Found")).code, "bad_bot_token");
}

TEST_F(TelegramRows, UnknownMethodIsAConfigurationThatCanBeMended) {
  EXPECT_THAT(retry_of(answer(404, "Not Found: method not found")).reason,
              HasSubstr("telegram.api_url"));
}

TEST_F(TelegramRows, ChatNotFoundIsDead) {
  EXPECT_EQ(dead_of(answer(400, "Bad Request: chat not found")).code, "chat_not_found");
}

TEST_F(TelegramRows, RefusedMarkupIsSentAgainAsPlainText) {
  world_.http.script.emplace_back(reply(
      400, failure(400, "Bad Request: can't parse entities: unsupported tag at byte offset 5")));
  Outgoing outgoing = World::telegram();
  outgoing.message.body = "a < b";
  const auto delivered = world_.send(std::move(outgoing));
  EXPECT_TRUE(std::holds_alternative<Sent>(delivered.outcome));
  ASSERT_EQ(world_.http.seen.size(), 2U);
  EXPECT_FALSE(world_.http.body(1).contains("parse_mode"));
  EXPECT_EQ(world_.http.body(1).at("text").as_string(), "1 day left\n\na < b");
  EXPECT_GE(world_.http.seen[1].at - world_.http.seen[0].at, Millis{1'000});
}

TEST_F(TelegramRows, RefusedTwiceIsRefused) {
  for (const std::string& words :
       {"can't parse entities: x", "message is too long", "message text is empty"}) {
    world_.http.script.emplace_back(reply(400, failure(400, "Bad Request: " + words)));
    EXPECT_TRUE(std::holds_alternative<Refused>(answer(400, "Bad Request: " + words).outcome));
  }
  EXPECT_EQ(world_.http.seen.size(), 6U);
}

TEST_F(TelegramRows, AChatWhereTheBotMayNotWriteIsDead) {
  for (const char* words :
       {"not enough rights to send text messages to the chat", "have no rights to send a message",
        "CHAT_WRITE_FORBIDDEN", "need administrator rights in the channel chat"}) {
    const auto dead = dead_of(answer(400, std::string("Bad Request: ") + words, "-100"));
    EXPECT_EQ(dead.code, "no_right_to_write") << words;
    EXPECT_THAT(dead.reason, HasSubstr("permission"));
  }
}

TEST_F(TelegramRows, AClosedTopicIsDead) {
  EXPECT_EQ(dead_of(answer(400, "Bad Request: TOPIC_CLOSED", "-100")).code, "topic_closed");
}

TEST_F(TelegramRows, OtherBadRequestsAreRefusedAtOnce) {
  EXPECT_TRUE(std::holds_alternative<Refused>(answer(400, "Bad Request: whatever").outcome));
  EXPECT_EQ(world_.http.seen.size(), 1U);
}

TEST_F(TelegramRows, BlockedByTheUser) {
  EXPECT_EQ(dead_of(answer(403, "Forbidden: bot was blocked by the user")).code, "bot_blocked");
}
TEST_F(TelegramRows, UserIsDeactivated) {
  EXPECT_EQ(dead_of(answer(403, "Forbidden: user is deactivated")).code, "user_deactivated");
}
TEST_F(TelegramRows, KickedFromGroupSupergroupOrChannel) {
  for (const std::string& kind : {"group", "supergroup", "channel"}) {
    EXPECT_EQ(dead_of(answer(403, "Forbidden: bot was kicked from the " + kind + " chat")).code,
              "bot_kicked");
  }
}
TEST_F(TelegramRows, NotAMemberOfTheChannel) {
  EXPECT_EQ(dead_of(answer(403, "Forbidden: bot is not a member of the channel chat")).code,
            "bot_not_member");
}
TEST_F(TelegramRows, GroupWasDeleted) {
  EXPECT_EQ(dead_of(answer(403, "Forbidden: the group chat was deleted")).code, "chat_deleted");
}
TEST_F(TelegramRows, NeedsStart) {
  EXPECT_THAT(dead_of(answer(403, "Forbidden: bot can't initiate conversation with a user")).reason,
              HasSubstr("press Start"));
}

TEST_F(TelegramRows, ConflictIsTriedAgain) {
  EXPECT_FALSE(
      retry_of(answer(409, "Conflict: terminated by other getUpdates request")).maybe_seen);
}

TEST_F(TelegramRows, TooManyRequestsInAPrivateChatRestsTheBot) {
  const auto delivered = answer(reply(429, failure(429, "Too Many Requests: retry after 35",
                                                   R"(,"parameters":{"retry_after":35})")));
  EXPECT_GE(wait_of(delivered), Millis{35'000});
  EXPECT_LE(wait_of(delivered), Millis{35'100});
  EXPECT_GE(wait_of(world_.send(World::telegram("100"))), Millis{34'000});
  EXPECT_EQ(world_.http.seen.size(), 1U);
}

TEST_F(TelegramRows, TooManyRequestsInAGroupRestsTheGroupAlone) {
  const auto delivered = answer(reply(429, failure(429, "Too Many Requests: retry after 35",
                                                   R"(,"parameters":{"retry_after":35})")),
                                "-100");
  EXPECT_EQ(wait_of(delivered), Millis{35'000});
  EXPECT_TRUE(std::holds_alternative<Sent>(world_.send(World::telegram("100")).outcome));
}

TEST_F(TelegramRows, TooManyRequestsByHeaderAlone) {
  EXPECT_GE(wait_of(answer(reply(429, failure(429, "Too Many Requests"), {{"Retry-After", "12"}}))),
            Millis{12'000});
  world_.restart();
  EXPECT_GE(wait_of(answer(reply(429, "<html>", {{"Retry-After", "12"}}))), Millis{12'000});
  world_.restart();
  EXPECT_GE(wait_of(answer(reply(429, "<html>",
                                 {{"Date", "Wed, 06 Aug 2025 08:00:00 GMT"},
                                  {"Retry-After", "Wed, 06 Aug 2025 08:00:12 GMT"}}))),
            Millis{12'000});
  world_.restart();
  EXPECT_GE(wait_of(answer(429, "Too Many Requests")), Millis{1'500});
}

TEST_F(TelegramRows, MovedChatIsFollowedAtOnceAndGivenBack) {
  world_.http.script.emplace_back(
      reply(400, failure(400, "Bad Request: group chat was upgraded to a supergroup chat",
                         R"(,"parameters":{"migrate_to_chat_id":-1001234567890})")));
  const auto delivered = world_.send(World::telegram("-55"));
  EXPECT_TRUE(std::holds_alternative<Sent>(delivered.outcome));
  EXPECT_EQ(world_.http.body(1).at("chat_id").as_int64(), -1001234567890);
  ASSERT_TRUE(delivered.moved_to.has_value());
  EXPECT_EQ(delivered.moved_to->reveal(),
            std::string(R"({"token":")") + kBotToken + R"(","chat_id":"-1001234567890"})");
}

TEST_F(TelegramRows, MovedChatIsGivenBackEvenWhenTheSecondTryFails) {
  const std::string moved =
      failure(400, "Bad Request: upgraded", R"(,"parameters":{"migrate_to_chat_id":-100777})");
  world_.http.script.emplace_back(reply(400, moved));
  world_.http.script.emplace_back(reply(400, moved));
  const auto delivered = world_.send(World::telegram("-55"));
  EXPECT_TRUE(std::holds_alternative<RetryAt>(delivered.outcome)) << "no endless following";
  EXPECT_EQ(world_.http.seen.size(), 2U);
  EXPECT_TRUE(delivered.moved_to.has_value());
}

TEST_F(TelegramRows, ANewTokenOfTheServicesBotReachesChatsLinkedUnderTheOldOne) {
  world_.options.telegram_bot_token = runtime::Secret("123456:new-token");
  world_.restart();
  (void)world_.send(World::telegram("99"));
  EXPECT_THAT(world_.http.seen[0].request.url, HasSubstr("/bot123456:new-token/"));
  const std::string moved =
      failure(400, "Bad Request: upgraded", R"(,"parameters":{"migrate_to_chat_id":-100777})");
  world_.http.script.emplace_back(reply(400, moved));
  const auto delivered = world_.send(World::telegram("-55"));
  ASSERT_TRUE(delivered.moved_to.has_value());
  EXPECT_EQ(delivered.moved_to->reveal(), R"({"token":"123456:new-token","chat_id":"-100777"})");
}

TEST_F(TelegramRows, SomebodyElsesBotKeepsItsOwnToken) {
  for (const char* other : {"1234567:new-token", "12345:new-token", "123456", ""}) {
    world_.options.telegram_bot_token = runtime::Secret(other);
    world_.restart();
    world_.http.seen.clear();
    (void)world_.send(World::telegram("99"));
    EXPECT_THAT(world_.http.seen[0].request.url, HasSubstr(std::string("/bot") + kBotToken + "/"))
        << other;
  }
}

TEST_F(TelegramRows, ServerErrorsAndLostAnswersMayHaveBeenSeen) {
  EXPECT_TRUE(retry_of(answer(500, "Internal Server Error")).maybe_seen);
  EXPECT_TRUE(retry_of(answer(reply(502, "<html>Bad Gateway</html>"))).maybe_seen);
  EXPECT_TRUE(
      retry_of(answer(std::unexpected(runtime::Error{"timeout", "host", false}))).maybe_seen);
  EXPECT_FALSE(
      retry_of(answer(std::unexpected(runtime::Error{"connect", "host", false}))).maybe_seen);
}

TEST_F(TelegramRows, OnlyOkWithAMessageIdIsSent) {
  for (const std::string& body :
       {"", "garbage", "{}", R"({"ok":true})", R"({"ok":"true","result":{"message_id":1}})",
        R"({"ok":true,"result":{"message_id":"1"}})", R"({"ok":true,"result":[]})",
        R"({"ok":false})"}) {
    EXPECT_TRUE(retry_of(answer(reply(200, body))).maybe_seen) << body;
  }
}

TEST_F(TelegramRows, WhatIsNotTelegramsAnswerSwitchesNothingOff) {
  for (const int status : {400, 401, 403, 404}) {
    EXPECT_THAT(retry_of(answer(reply(status, "<html>captive portal</html>"))).reason,
                HasSubstr(std::to_string(status)));
  }
}

TEST_F(TelegramRows, MalformedStoredCredentialIsDeadWithoutAsking) {
  for (const std::string& value :
       {"", "x", "[]", R"({"token":"1:a"})", R"({"token":"1:a/../x","chat_id":"1"})",
        R"({"token":"1:a","chat_id":1})"}) {
    Outgoing outgoing = World::telegram();
    outgoing.credential.value = runtime::Secret(value);
    EXPECT_EQ(dead_of(world_.send(std::move(outgoing))).code, "bad_credential") << value;
  }
  EXPECT_TRUE(world_.http.seen.empty());
}

Outgoing with_links() {
  Outgoing outgoing = World::telegram();
  outgoing.message.links = {{"Rest today", "https://streaky.example/today/AA"},
                            {"No more today", "https://streaky.example/today/BB"}};
  return outgoing;
}

TEST(TelegramRequest, LinksAreButtons) {
  World world;
  (void)world.send(with_links());
  const auto body = world.http.body(0);
  const auto& rows = body.at("reply_markup").at("inline_keyboard").as_array();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].at(0).at("text").as_string(), "Rest today");
  EXPECT_EQ(rows[1].at(0).at("url").as_string(), "https://streaky.example/today/BB");
}

TEST_F(TelegramRows, ARefusedButtonDoesNotCostTheMessage) {
  world_.http.script.emplace_back(
      reply(400, failure(400, "Bad Request: inline keyboard button URL is invalid")));
  const auto delivered = world_.send(with_links());
  EXPECT_TRUE(std::holds_alternative<Sent>(delivered.outcome));
  ASSERT_EQ(world_.http.seen.size(), 2U);
  const auto body = world_.http.body(1);
  EXPECT_FALSE(body.contains("reply_markup"));
  EXPECT_THAT(std::string(body.at("text").as_string()),
              HasSubstr("Rest today: https://streaky.example/today/AA\n\nNo more today: https://"));
}

TEST(TelegramRequest, SilentMessagesMakeNoSound) {
  World world;
  Outgoing outgoing = World::telegram();
  outgoing.message.silent = true;
  (void)world.send(std::move(outgoing));
  EXPECT_TRUE(world.http.body(0).at("disable_notification").as_bool());
}

}  // namespace
}  // namespace streaky::notify

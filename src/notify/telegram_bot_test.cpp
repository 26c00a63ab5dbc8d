// Listening to a bot: what people write, and what Telegram answers (docs/remote-apis.md §4).
#include "notify/telegram_bot.h"

#include <gmock/gmock.h>

#include <boost/asio/use_future.hpp>
#include <future>

#include "notify/test_world.h"

namespace streaky::notify {
namespace {

struct BotTest : testing::Test {
  template <typename T>
  T ask(runtime::Task<T> task) {
    auto future = boost::asio::co_spawn(world.io, std::move(task), boost::asio::use_future);
    world.drive([&future] {
      return future.wait_for(std::chrono::seconds{0}) == std::future_status::ready;
    });
    return future.get();
  }
  World world;
  TelegramBot bot{world.http, "http://127.0.0.1:9/", runtime::Secret(kBotToken)};
};

TEST(StartCode, IsWhatFollowsTheCommand) {
  EXPECT_EQ(start_code("/start abc", "streaky_bot"), "abc");
  EXPECT_EQ(start_code("/start", "streaky_bot"), "");
  EXPECT_EQ(start_code("/start@Streaky_Bot  abc ", "streaky_bot"), "abc");
  EXPECT_EQ(start_code("/start@streaky_bot", "streaky_bot"), "");
  for (const char* other :
       {"", "hello", "start abc", "/started abc", "/start@other_bot abc", "/start@ abc", "/help"}) {
    EXPECT_FALSE(start_code(other, "streaky_bot")) << other;
  }
}

TEST(BotId, IsTheNumberOfTheToken) {
  EXPECT_EQ(telegram_bot_id(kBotToken), 123456);
  EXPECT_FALSE(telegram_bot_id("nonsense"));
  EXPECT_FALSE(telegram_bot_id(""));
}

TEST_F(BotTest, AsksForMessagesAloneAndConfirmsWhatItHasSeen) {
  world.http.script.emplace_back(reply(200, R"({"ok":true,"result":[
    {"update_id":7,"message":{"chat":{"id":-1001234567890,"type":"supergroup"},"text":"/start x"}},
    {"update_id":8,"my_chat_member":{}},
    {"update_id":9,"message":{"chat":{"id":5,"type":"private"}}}]})"));
  const auto updates = ask(bot.updates(7, std::chrono::seconds{25}));
  ASSERT_TRUE(updates) << updates.error().message;
  EXPECT_EQ(updates->next, 10);
  ASSERT_EQ(updates->messages.size(), 2U);
  EXPECT_EQ(updates->messages[0].chat_id, "-1001234567890");
  EXPECT_EQ(updates->messages[0].update_id, 7);
  EXPECT_EQ(updates->messages[1].update_id, 9);
  EXPECT_FALSE(updates->messages[0].is_private);
  EXPECT_EQ(updates->messages[0].text, "/start x");
  EXPECT_TRUE(updates->messages[1].is_private);
  const auto& request = world.http.seen[0].request;
  EXPECT_EQ(request.url, std::string("http://127.0.0.1:9/bot") + kBotToken + "/getUpdates");
  EXPECT_GT(request.timeout, runtime::Millis{25'000}) << "longer than the question waits";
  EXPECT_EQ(world.http.body(0).at("offset").as_int64(), 7);
  EXPECT_EQ(world.http.body(0).at("timeout").as_int64(), 25);
  EXPECT_EQ(world.http.body(0).at("allowed_updates").as_array().size(), 1U);
}

TEST_F(BotTest, WithoutANumberItAsksForWhateverIsNotConfirmed) {
  world.http.script.emplace_back(reply(200, R"({"ok":true,"result":[{"update_id":3}]})"));
  EXPECT_EQ(ask(bot.updates(0, std::chrono::seconds{0}))->next, 4);
  EXPECT_FALSE(world.http.body(0).contains("offset"));
}

TEST_F(BotTest, WhatIsNoAnswerIsTrouble) {
  for (const char* body :
       {"", "[]", "{}", R"({"ok":true})", R"({"ok":true,"result":{}})", "<html>502</html>"}) {
    world.http.script.emplace_back(reply(200, body));
    const auto updates = ask(bot.updates(0, std::chrono::seconds{1}));
    ASSERT_FALSE(updates) << body;
    EXPECT_EQ(updates.error().code, "telegram_trouble") << body;
  }
}

TEST_F(BotTest, RefusalsAreToldApartAndNameNoToken) {
  const std::vector<std::pair<int, std::string>> rows = {{401, "bot_token_dead"},
                                                         {404, "bot_token_dead"},
                                                         {409, "conflict"},
                                                         {429, "rate_limited"},
                                                         {500, "telegram_trouble"}};
  for (const auto& [code, name] : rows) {
    world.http.script.emplace_back(
        reply(code, R"({"ok":false,"error_code":)" + std::to_string(code) + "}"));
    const auto updates = ask(bot.updates(0, std::chrono::seconds{1}));
    ASSERT_FALSE(updates);
    EXPECT_EQ(updates.error().code, name);
    EXPECT_THAT(updates.error().message, testing::Not(testing::HasSubstr("ABC-DEF")));
  }
}

TEST_F(BotTest, KnowsItsName) {
  world.http.script.emplace_back(
      reply(200, R"({"ok":true,"result":{"id":123456,"username":"streaky_bot"}})"));
  EXPECT_EQ(ask(bot.username()).value(), "streaky_bot");
  world.http.script.emplace_back(
      reply(200, R"({"ok":true,"result":{"id":123456,"username":"\"><script>"}})"));
  EXPECT_FALSE(ask(bot.username()));
}

}  // namespace
}  // namespace streaky::notify

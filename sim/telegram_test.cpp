// Telegram as strict as the real one.
#include <gtest/gtest.h>

#include "sim/telegram_html.h"
#include "sim/test_support.h"

namespace streaky::sim {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): helpers of this room's tests
using runtime::Millis;
using std::chrono::seconds;

class TelegramTest : public ::testing::Test {
 protected:
  TelegramTest() : world_(WorldOptions{}) {
    add("alice", TelegramState::living);
    add("group", TelegramState::group);
    world_.reset_ledger(kNow);
  }

  std::size_t add(const std::string& login, TelegramState state) {
    Person person = with_streak(login, 3);
    person.telegram = state;
    return world_.people().add(person);
  }

  Answer say(boost::json::object fields, std::size_t who = 0, runtime::TimePoint now = kNow) {
    const Person& person = world_.people().at(who);
    if (!fields.contains("chat_id")) {
      fields["chat_id"] = People::imported_chat(person);
    }
    return world_.handle(
        Service::telegram,
        post(bot_path(world_, person, "sendMessage"), boost::json::serialize(fields)), now);
  }

  std::string description(const Answer& answer) {
    return std::string(body(answer).at("description").as_string());
  }

  World world_;
};

TEST_F(TelegramTest, AMessageIsTakenAndWrittenDown) {
  const Answer answer = say({{"text", "<b>a &lt; b</b>"}, {"parse_mode", "HTML"}});
  EXPECT_EQ(answer.response.status, 200);
  EXPECT_EQ(at(answer, "/ok"), "true");
  EXPECT_EQ(at(answer, "/result/text"), R"("a < b")");
  ASSERT_EQ(world_.ledger().entries().size(), 1U);
  EXPECT_EQ(world_.ledger().entries()[0].text, "a < b");
  EXPECT_EQ(say({{"chat_id", std::to_string(People::imported_chat(world_.people().at(0)))},
                 {"text", "as a string"}})
                .response.status,
            200);
}

TEST_F(TelegramTest, TokensAreChecked) {
  const auto ask_me = [this](const std::string& path) {
    return world_.handle(Service::telegram, post(path, ""), kNow);
  };
  EXPECT_EQ(at(ask_me(bot_path(world_, world_.people().at(0), "GETME")), "/result/is_bot"), "true");
  EXPECT_EQ(ask_me("/botnonsense/getMe").response.status, 404);
  EXPECT_EQ(ask_me("/bot123:abc/getMe").response.status, 401);
  EXPECT_EQ(description(ask_me("/bot123:abc/getMe")), "Unauthorized");
  EXPECT_EQ(description(ask_me(bot_path(world_, world_.people().at(0), "fly"))),
            "Not Found: method not found");
}

TEST_F(TelegramTest, TextIsChecked) {
  EXPECT_EQ(description(say({{"text", ""}})), "Bad Request: message text is empty");
  EXPECT_EQ(description(say({{"text", " \n"}})), "Bad Request: message text is empty");
  EXPECT_EQ(description(say({{"text", "<b></b>"}, {"parse_mode", "HTML"}})),
            "Bad Request: message text is empty");
  EXPECT_EQ(say({{"text", std::string(4'096, 'x')}}).response.status, 200);
  EXPECT_EQ(description(say({{"text", std::string(4'097, 'x')}})),
            "Bad Request: message is too long");
  // The limit counts what is left after parsing.
  EXPECT_EQ(say({{"text", "<b>" + std::string(4'096, 'x') + "</b>"}, {"parse_mode", "html"}})
                .response.status,
            200);
  EXPECT_EQ(description(say({{"chat_id", 5}, {"text", "x"}})), "Bad Request: chat not found");
}

TEST_F(TelegramTest, HtmlErrorsNameTheByteOffset) {
  EXPECT_EQ(description(say({{"text", "ä <u>x</b>"}, {"parse_mode", "HTML"}})),
            "Bad Request: can't parse entities: Unmatched end tag at byte offset 7, expected "
            "\"</u>\", found \"</b>\"");
  EXPECT_EQ(parse_telegram_html("a <div>b").error(),
            "Unsupported start tag \"div\" at byte offset 2");
  EXPECT_EQ(parse_telegram_html("a < b").error(), "Unsupported start tag \"\" at byte offset 2");
  EXPECT_EQ(parse_telegram_html("<b>x").error(),
            "Can't find end tag corresponding to start tag \"b\"");
  EXPECT_FALSE(parse_telegram_html("</b>").has_value());
  EXPECT_FALSE(parse_telegram_html("<b").has_value());
  EXPECT_EQ(parse_telegram_html("&amp;&quot;&#x41;&nbsp;&").value(), "&\"A&nbsp;&");
  EXPECT_EQ(parse_telegram_html(R"(<a href="https://x/?a>b">link</a>)").value(), "link");
  EXPECT_EQ(utf16_length("a\xF0\x9F\x94\xA5"), 3U);
}

struct Dead {
  TelegramState state;
  int status;
  const char* description;
};

class TelegramDead : public TelegramTest, public ::testing::WithParamInterface<Dead> {};

TEST_P(TelegramDead, SaysWhy) {
  const std::size_t who = add("dead", GetParam().state);
  const Answer answer = say({{"text", "x"}}, who);
  EXPECT_EQ(answer.response.status, GetParam().status);
  EXPECT_EQ(description(answer), GetParam().description);
  EXPECT_EQ(world_.ledger().refusals(static_cast<std::uint32_t>(who), Service::telegram), 1);
}

INSTANTIATE_TEST_SUITE_P(
    States, TelegramDead,
    ::testing::Values(Dead{TelegramState::blocked, 403, "Forbidden: bot was blocked by the user"},
                      Dead{TelegramState::deactivated, 403, "Forbidden: user is deactivated"},
                      Dead{TelegramState::kicked, 403,
                           "Forbidden: bot was kicked from the supergroup chat"},
                      Dead{TelegramState::not_found, 400, "Bad Request: chat not found"},
                      Dead{TelegramState::never_started, 403,
                           "Forbidden: bot can't initiate conversation with a user"}));

TEST_F(TelegramTest, AMigratedGroupNamesItsNewChat) {
  const std::size_t who = add("moved", TelegramState::migrated);
  const Answer answer = say({{"text", "x"}}, who);
  EXPECT_EQ(answer.response.status, 400);
  const std::int64_t moved = People::present_chat(world_.people().at(who));
  EXPECT_EQ(at(answer, "/parameters/migrate_to_chat_id"), std::to_string(moved));
  EXPECT_TRUE(world_.ledger().entries().empty());
  EXPECT_EQ(say({{"chat_id", moved}, {"text", "x"}}, who).response.status, 200);
}

TEST_F(TelegramTest, OneASecondPerChatAfterABurst) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(say({{"text", "x"}}).response.status, 200);
  }
  const Answer over = say({{"text", "x"}});
  EXPECT_EQ(over.response.status, 429);
  EXPECT_EQ(at(over, "/parameters/retry_after"), header(over, "Retry-After"));
  EXPECT_EQ(say({{"text", "x"}}, 0, kNow + Millis{1'000}).response.status, 200);
  EXPECT_EQ(say({{"text", "x"}}, 0, kNow + Millis{1'500}).response.status, 429);
}

TEST_F(TelegramTest, TwentyAMinutePerGroup) {
  runtime::TimePoint now = kNow;
  for (int i = 0; i < 20; ++i, now += seconds{1}) {
    ASSERT_EQ(say({{"text", "x"}}, 1, now).response.status, 200) << i;
  }
  EXPECT_EQ(at(say({{"text", "x"}}, 1, now), "/parameters/retry_after"), "40");
  EXPECT_EQ(say({{"text", "x"}}, 1, kNow + seconds{61}).response.status, 200);
}

TEST_F(TelegramTest, ThirtyASecondPerBot) {
  world_.rules().telegram.chat_burst = 1'000;
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(say({{"text", "x"}}).response.status, 200);
  }
  EXPECT_EQ(say({{"text", "x"}}, 0, kNow + Millis{999}).response.status, 429);
  EXPECT_EQ(say({{"text", "x"}}, 0, kNow + Millis{1'000}).response.status, 200);
}

TEST_F(TelegramTest, StartReachesTheBotOnce) {
  const auto poll = [this](boost::json::object fields, runtime::TimePoint now) {
    return world_.handle(
        Service::telegram,
        post(bot_path(world_, world_.people().at(0), "getUpdates"), boost::json::serialize(fields)),
        now);
  };
  world_.telegram().press_start(world_.people().at(0), "token123", kNow);
  const Answer first = poll({}, kNow);
  EXPECT_EQ(at(first, "/result/0/message/text"), R"("/start token123")");
  EXPECT_EQ(at(first, "/result/0/message/chat/id"),
            std::to_string(People::present_chat(world_.people().at(0))));
  const std::int64_t id = body(first).at_pointer("/result/0/update_id").as_int64();
  const Answer confirmed = poll({{"offset", id + 1}, {"timeout", 20}}, kNow);
  EXPECT_EQ(at(confirmed, "/result"), "[]");
  ASSERT_TRUE(confirmed.held);
  EXPECT_EQ(confirmed.held->until, kNow + seconds{20});
  EXPECT_FALSE(world_.telegram().look_again(*confirmed.held, kNow + seconds{10}));
  EXPECT_EQ(poll({}, kNow + seconds{19}).response.status, 409);
  EXPECT_EQ(poll({}, kNow + seconds{20}).response.status, 200);
}

TEST_F(TelegramTest, AfterAWeekOfSilenceUpdatesAreNumberedAnew) {
  const Person& ada = world_.people().at(0);
  const auto press = [&](runtime::TimePoint now) {
    world_.telegram().press_start(ada, "x", now);
    const Answer all =
        world_.handle(Service::telegram, post(bot_path(world_, ada, "getUpdates"), "{}"), now);
    return body(all).at("result").as_array().back().at("update_id").as_int64();
  };
  const std::int64_t first = press(kNow);
  const runtime::TimePoint soon = kNow + Telegram::kOneSeries - seconds{1};
  EXPECT_EQ(press(soon), first + 1);
  const runtime::TimePoint late = soon + Telegram::kOneSeries;
  const std::int64_t anew = press(late);
  EXPECT_LT(anew, first);
  EXPECT_EQ(press(late), anew + 1);
}

TEST_F(TelegramTest, WhatLiesBelowTheOffsetIsLostToAQuestionThatWaits) {
  const Person& ada = world_.people().at(0);
  const boost::json::object fields{{"offset", Telegram::kFirstUpdate + 1}, {"timeout", 20}};
  const Answer waits = world_.handle(
      Service::telegram, post(bot_path(world_, ada, "getUpdates"), boost::json::serialize(fields)),
      kNow);
  ASSERT_TRUE(waits.held);
  world_.telegram().press_start(ada, "x", kNow);
  EXPECT_FALSE(world_.telegram().look_again(*waits.held, kNow + seconds{1}));
}

TEST_F(TelegramTest, AHeldQuestionEndsWithTheNews) {
  const auto poll = [this](boost::json::object fields, runtime::TimePoint now) {
    return world_.handle(
        Service::telegram,
        post(bot_path(world_, world_.people().at(0), "getUpdates"), boost::json::serialize(fields)),
        now);
  };
  const Answer waits = poll({{"timeout", 20}}, kNow);
  ASSERT_TRUE(waits.held);
  world_.telegram().press_start(world_.people().at(0), "token123", kNow + seconds{3});
  const auto news = world_.telegram().look_again(*waits.held, kNow + seconds{3});
  ASSERT_TRUE(news);
  EXPECT_EQ(at(*news, "/result/0/message/text"), R"("/start token123")");
  const runtime::TimePoint later = kNow + seconds{4};
  EXPECT_EQ(poll({}, later).response.status, 200) << "nobody waits any more";
  EXPECT_EQ(poll({{"allowed_updates", "message"}}, later).response.status, 400);
}

TEST_F(TelegramTest, ASilentMessageIsWrittenDownAsOne) {
  say({{"text", "x"}, {"disable_notification", true}});
  say({{"text", "x"}});
  ASSERT_EQ(world_.ledger().entries().size(), 2U);
  EXPECT_TRUE(world_.ledger().entries()[0].silent);
  EXPECT_FALSE(world_.ledger().entries()[1].silent);
}

TEST_F(TelegramTest, ButtonsAreTakenAsStrictlyAsTheyAreDocumented) {
  const auto markup = [](const char* text, const char* url) {
    boost::json::array row;
    row.push_back({{"text", text}, {"url", url}});
    boost::json::array rows;
    rows.push_back(std::move(row));
    boost::json::object keyboard;
    keyboard["inline_keyboard"] = std::move(rows);
    return keyboard;
  };
  ASSERT_EQ(
      say({{"text", "x"}, {"reply_markup", markup("Rest", "https://streaky.example/today/a")}})
          .response.status,
      200);
  ASSERT_EQ(world_.ledger().entries().back().links.size(), 1U);
  EXPECT_EQ(world_.ledger().entries().back().links[0].url, "https://streaky.example/today/a");
  for (const auto& wrong :
       {markup("", "https://streaky.example/"), markup("Rest", ""), markup("Rest", "javascript:x"),
        markup("Rest", "http://localhost:1/")}) {
    EXPECT_EQ(say({{"text", "x"}, {"reply_markup", wrong}}).response.status, 400);
  }
  EXPECT_EQ(say({{"text", "x"}, {"reply_markup", "nonsense"}}).response.status, 400);
}

}  // namespace
}  // namespace streaky::sim

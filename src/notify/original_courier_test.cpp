// A worker of ours and an original proxy: the original's contract from the other side.
#include "notify/original_courier.h"

#include <gmock/gmock.h>

#include "crypto/original_form.h"
#include "notify/test_world.h"

namespace streaky::notify {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kKey = "0123456789abcdef0123456789abcdef";
constexpr const char* kProxySecret = "vps-secret-0123456789";

struct OriginalCourierTest : testing::Test {
  [[nodiscard]] SealedOutgoing delivery(ChannelKind kind = ChannelKind::discord) const {
    const std::string credential =
        kind == ChannelKind::discord
            ? std::string("https://discord.com/api/webhooks/123/") + kToken
            : std::string(R"({"token":")") + kBotToken + R"(","chat_id":"-100123"})";
    SealedOutgoing out;
    out.delivery_id = "d-1";
    out.kind = kind;
    out.user_id = 5;
    out.channel_id = 8;
    out.sealed = sealer->seal(runtime::Secret(credential),
                              {.purpose = crypto::Purpose::channel, .user_id = 5, .channel_id = 8});
    out.message = {"Last call", "octo_cat shows nothing", streak::Urgency::high};
    out.login = "octo_cat";
    out.streak = 12;
    return out;
  }
  Carried carry(SealedOutgoing out) {
    OriginalOptions options;
    options.urls = {"http://one:8000", "http://two:8000"};
    options.secret = runtime::Secret(kProxySecret);
    options.key = runtime::Secret(kKey);
    options.telegram_bot_token = runtime::Secret(bot_token);
    OriginalCourier courier(world.http, *sealer, world.clock, world.random, world.log,
                            world.metrics, std::move(options));
    std::optional<Carried> result;
    boost::asio::co_spawn(world.io, courier.carry(std::move(out)),
                          [&result](std::exception_ptr error, Carried carried) {
                            if (error) std::rethrow_exception(error);
                            result = std::move(carried);
                          });
    world.drive([&result] { return result.has_value(); });
    return std::move(*result);
  }
  void answer(const std::string& error) {
    boost::json::object body{{"success", error.empty()}, {"error", nullptr}};
    if (!error.empty()) body["error"] = error;
    world.http.script.emplace_back(reply(200, boost::json::serialize(body)));
  }

  std::string bot_token;
  World world;
  std::unique_ptr<crypto::Sealer> sealer = crypto::make_ephemeral_sealer();
};

TEST_F(OriginalCourierTest, SealsInTheOriginalsFormAndNamesTheUser) {
  answer("");
  EXPECT_TRUE(std::holds_alternative<Sent>(carry(delivery()).outcome));
  ASSERT_EQ(world.http.seen.size(), 1U);
  const auto& request = world.http.seen[0].request;
  EXPECT_THAT(request.url, HasSubstr("/send-notification"));
  EXPECT_THAT(request.body, Not(HasSubstr(kToken)));
  const auto body = world.http.body(0);
  EXPECT_EQ(body.at("type"), "discord");
  EXPECT_EQ(body.at("message").at("username"), "octo_cat");
  EXPECT_EQ(body.at("message").at("current_streak"), 12);
  const auto opened = crypto::open_original(
      runtime::Secret(kKey), std::string_view(body.at("encrypted_webhook").as_string()));
  ASSERT_TRUE(opened);
  EXPECT_THAT(std::string(opened->reveal()), HasSubstr(kToken));
  EXPECT_TRUE(std::ranges::any_of(request.headers, [](const net::HttpHeader& header) {
    return header.name == "X-API-Secret" && header.value == kProxySecret;
  }));
}

TEST_F(OriginalCourierTest, TelegramsTwoPartsAreSealedApartAndTheMarkUpIsHarmless) {
  answer("");
  (void)carry(delivery(ChannelKind::telegram));
  const auto body = world.http.body(0);
  const auto part = [&body](const char* name) {
    const auto opened =
        crypto::open_original(runtime::Secret(kKey), std::string_view(body.at(name).as_string()));
    return opened ? std::string(opened->reveal()) : "does not open";
  };
  EXPECT_EQ(part("encrypted_token"), kBotToken);
  EXPECT_EQ(part("encrypted_chat_id"), "-100123");
  EXPECT_EQ(body.at("message").at("message"), "Last call\n\nocto\\_cat shows nothing");
}

TEST_F(OriginalCourierTest, TheServicesBotGoesByItsPresentToken) {
  bot_token = "123456:new-token";
  answer("");
  (void)carry(delivery(ChannelKind::telegram));
  const auto body = world.http.body(0);
  const auto token = crypto::open_original(
      runtime::Secret(kKey), std::string_view(body.at("encrypted_token").as_string()));
  ASSERT_TRUE(token);
  EXPECT_EQ(token->reveal(), "123456:new-token");
}

TEST_F(OriginalCourierTest, OnlyWhatIsCertainSwitchesAChannelOff) {
  answer(R"(Discord API error: 404 Not Found - {"message": "Unknown Webhook", "code": 10015})");
  EXPECT_TRUE(std::holds_alternative<Dead>(carry(delivery()).outcome));
  answer(R"(Telegram API error: 403 Forbidden - {"ok":false,"error_code":403,"description":"x"})");
  EXPECT_TRUE(std::holds_alternative<Dead>(carry(delivery(ChannelKind::telegram)).outcome));
  for (const char* error : {"Discord API error: 404 Not Found - <html>10015</html>", "10015",
                            R"(Discord API error: 429 - {"code":0})", "decryption failed"}) {
    answer(error);
    const auto later = carry(delivery());
    ASSERT_TRUE(std::holds_alternative<RetryAt>(later.outcome)) << error;
    EXPECT_THAT(std::get<RetryAt>(later.outcome).reason, Not(HasSubstr("10015")));
  }
}

TEST_F(OriginalCourierTest, OneThatIsDownIsPassedOverAndALostAnswerIsSaid) {
  world.http.script.emplace_back(runtime::fail("connect", "nobody listens"));
  answer("");
  EXPECT_TRUE(std::holds_alternative<Sent>(carry(delivery()).outcome));
  EXPECT_EQ(world.http.seen.size(), 2U);
  world.http.script.emplace_back(runtime::fail("timeout", "no answer"));
  const auto lost = carry(delivery());
  EXPECT_TRUE(std::get<RetryAt>(lost.outcome).maybe_seen);
  EXPECT_EQ(world.http.seen.size(), 3U) << "it may have sent: nobody else is asked";
  world.http.script.emplace_back(reply(401, ""));
  EXPECT_EQ(std::get<RetryAt>(carry(delivery()).outcome).code, "proxy_refused");
}

}  // namespace
}  // namespace streaky::notify

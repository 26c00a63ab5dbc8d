// The contract of the original's proxy, line by line.
#include "proxy/original.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/original_form.h"
#include "proxy/test_world.h"

namespace streaky::proxy {
namespace {

using test::World;
using testing::HasSubstr;
using testing::Not;

const std::string kWebhook = std::string("https://discord.com/api/webhooks/123/") + notify::kToken;

std::string sealed(const std::string& text) {
  return crypto::seal_original(runtime::Secret(test::kCompatKey), runtime::Secret(text));
}

struct OriginalTest : testing::Test {
  World::Reply send(const boost::json::value& body) { return send(boost::json::serialize(body)); }
  World::Reply send(const std::string& body) {
    auto request = world.request("/send-notification", body);
    request.headers.push_back({"X-API-Secret", test::kSecret});
    return world.ask(std::move(request));
  }
  static boost::json::object message() {
    return {{"username", "octo_cat"}, {"current_streak", 12}, {"message", "Do not lose it!"}};
  }
  static boost::json::object discord() {
    return {{"type", "discord"}, {"encrypted_webhook", sealed(kWebhook)}, {"message", message()}};
  }
  static boost::json::object telegram() {
    return {{"type", "telegram"},
            {"encrypted_token", sealed(notify::kBotToken)},
            {"encrypted_chat_id", sealed("-1001234567890")},
            {"message", message()}};
  }

  World world;
};

TEST_F(OriginalTest, SendsToDiscord) {
  const auto reply = send(discord());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "application/json");
  EXPECT_EQ(reply.body, R"({"success":true,"error":null})");
  ASSERT_EQ(world.channels.seen.size(), 1U);
  EXPECT_THAT(world.channels.seen[0].request.url, HasSubstr("/webhooks/123/"));
  EXPECT_THAT(world.channels.seen[0].request.body, HasSubstr("Do not lose it!"));
  EXPECT_THAT(world.channels.seen[0].request.body, HasSubstr("12 days"));
}

TEST_F(OriginalTest, SendsToTelegram) {
  EXPECT_EQ(send(telegram()).body, R"({"success":true,"error":null})");
  ASSERT_EQ(world.channels.seen.size(), 1U);
  EXPECT_THAT(world.channels.seen[0].request.url, HasSubstr(notify::kBotToken));
  EXPECT_THAT(world.channels.seen[0].request.body, HasSubstr("-1001234567890"));
}

TEST_F(OriginalTest, ReadsTheUrlSafeAlphabetToo) {
  auto body = discord();
  std::string text(body["encrypted_webhook"].as_string());
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  std::erase(text, '=');
  body["encrypted_webhook"] = text;
  EXPECT_EQ(send(body).body, R"({"success":true,"error":null})");
}

TEST_F(OriginalTest, WithoutTheSecretAnEmpty401) {
  const auto reply =
      world.ask(world.request("/send-notification", boost::json::serialize(discord())));
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.body, "");
  EXPECT_TRUE(world.channels.seen.empty());
}

TEST_F(OriginalTest, WhateverComesOfItIs200) {
  world.channels.script.emplace_back(notify::reply(404, R"({"code":10015})"));
  auto reply = send(discord());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"success":false,"error":"the Discord webhook was deleted"})");
  world.channels.script.emplace_back(notify::reply(500, ""));
  reply = send(discord());
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr(R"("success":false,"error":"not sent)"));
}

TEST_F(OriginalTest, AnUnknownTypeIs200AndNoSuccess) {
  auto body = discord();
  body["type"] = "smoke-signal";
  const auto reply = send(body);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"success":false,"error":"Invalid notification type"})");
}

TEST_F(OriginalTest, AMissingCredentialIs200AndNoSuccess) {
  for (const char* name : {"encrypted_webhook", "encrypted_token", "encrypted_chat_id"}) {
    for (const bool null : {true, false}) {
      auto body = std::string(name) == "encrypted_webhook" ? discord() : telegram();
      if (null) {
        body[name] = nullptr;
      } else {
        body.erase(name);
      }
      const auto reply = send(body);
      EXPECT_EQ(reply.status, 200) << name;
      EXPECT_THAT(reply.body, HasSubstr(std::string("Missing ") + name));
    }
  }
}

TEST_F(OriginalTest, MissingOrWrongFieldsAre422) {
  for (const char* name : {"type", "message"}) {
    auto body = discord();
    body.erase(name);
    EXPECT_EQ(send(body).status, 422) << name;
    body[name] = 7;
    EXPECT_EQ(send(body).status, 422) << name;
    body[name] = nullptr;
    EXPECT_EQ(send(body).status, 422) << name;
  }
  for (const char* name : {"username", "current_streak", "message"}) {
    auto body = discord();
    body["message"].as_object().erase(name);
    EXPECT_EQ(send(body).status, 422) << name;
    body["message"].as_object()[name] = boost::json::array();
    EXPECT_EQ(send(body).status, 422) << name;
  }
  auto body = discord();
  body["encrypted_webhook"] = 5;
  EXPECT_EQ(send(body).status, 422);
  body = discord();
  body["message"].as_object()["current_streak"] = 3'000'000'000;
  EXPECT_EQ(send(body).status, 422) << "a 32-bit number";
  body["message"].as_object()["current_streak"] = 1.5;
  EXPECT_EQ(send(body).status, 422);
  EXPECT_EQ(send(std::string("[]")).status, 422);
  EXPECT_TRUE(world.channels.seen.empty());
}

TEST_F(OriginalTest, ContributionsTodayIsOptionalAndEndsTheAlarm) {
  auto body = discord();
  body["message"].as_object()["contributions_today"] = nullptr;
  EXPECT_EQ(send(body).status, 200);
  EXPECT_THAT(world.channels.seen.back().request.body, HasSubstr("reminder"));
  body["message"].as_object()["contributions_today"] = 3;
  EXPECT_EQ(send(body).status, 200);
  EXPECT_THAT(world.channels.seen.back().request.body, Not(HasSubstr("reminder")));
  body["message"].as_object()["contributions_today"] = "3";
  EXPECT_EQ(send(body).status, 422);
}

TEST_F(OriginalTest, NoJsonIs400AndAnotherTypeOfContent415) {
  EXPECT_EQ(send(std::string("{")).status, 400);
  EXPECT_EQ(send(std::string()).status, 400);
  for (const char* type : {"text/plain", "", "application/x-www-form-urlencoded"}) {
    auto request = world.request("/send-notification", boost::json::serialize(discord()));
    request.headers.push_back({"X-API-Secret", test::kSecret});
    request.headers.front().value = type;
    EXPECT_EQ(world.ask(std::move(request)).status, 415) << type;
  }
  for (const char* type : {"application/json; charset=utf-8", "application/vnd.api+json"}) {
    auto request = world.request("/send-notification", boost::json::serialize(discord()));
    request.headers.push_back({"X-API-Secret", test::kSecret});
    request.headers.front().value = type;
    EXPECT_EQ(world.ask(std::move(request)).status, 200) << type;
  }
}

TEST_F(OriginalTest, WhatDoesNotOpenIsNoSuccessAndSaysNothingOfWhatItIs) {
  auto body = discord();
  body["encrypted_webhook"] = crypto::seal_original(
      runtime::Secret("ffffffffffffffffffffffffffffffff"), runtime::Secret(kWebhook));
  auto reply = send(body);
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr("\"success\":false"));
  body["encrypted_webhook"] = sealed("http://169.254.169.254/latest/meta-data");
  reply = send(body);
  EXPECT_THAT(reply.body, HasSubstr("not a Discord webhook address"));
  EXPECT_THAT(reply.body, Not(HasSubstr("169.254")));
  EXPECT_TRUE(world.channels.seen.empty());
}

TEST_F(OriginalTest, EndsBeforeTheOriginalWorkerGivesUp) {
  world.channels.latency = runtime::Millis{9'000};
  for (int i = 0; i < 5; ++i) world.spawn(world.sealed("d" + std::to_string(i), 1, kWebhook));
  world.drive_for(runtime::Millis{100});
  const auto began = world.clock.monotonic();
  const auto reply = send(discord());  // the webhook's five in two seconds are taken
  EXPECT_EQ(reply.status, 200);
  EXPECT_LE(world.clock.monotonic() - began, runtime::Millis{15'000});
  world.drive_all();
}

}  // namespace
}  // namespace streaky::proxy

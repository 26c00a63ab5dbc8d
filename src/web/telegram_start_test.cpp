// Connecting Telegram by pressing *Start*: the page, the bot, and whoever listens to it.
#include <gtest/gtest.h>

#include <algorithm>

#include "account/telegram_listener.h"
#include "crypto/tokens.h"
#include "support/site.h"

namespace streaky::web {
namespace {

using account::TelegramListener;
using sim::People;
using test::Browser;
using test::header_of;
using test::TestSite;

std::string bot_token() {
  return People(sim::WorldOptions{}.seed).bot_token(People::bot_id(sim::Person{}));
}

/// The way to Telegram, which may be slow for what the bot says, or lead to one that refuses it.
class Way final : public net::HttpClient {
 public:
  Way(net::HttpClient& world, runtime::Clock& clock) : world_(world), clock_(clock) {}

  runtime::Task<runtime::Result<net::HttpResponse>> send(net::HttpRequest request) override {
    net::HttpResponse response;
    if (request.url.ends_with("/getMe") && !name.empty()) {
      response.status = 200;
      response.body = R"({"ok":true,"result":{"username":")" + name + R"("}})";
      co_return response;
    }
    if (request.url.ends_with("/getUpdates") && refusal != 0) {
      response.status = refusal;
      response.body = R"({"ok":false,"error_code":)" + std::to_string(refusal) + "}";
      co_return response;
    }
    if (request.url.ends_with("/sendMessage")) co_await clock_.sleep_for(say_takes);
    auto asking = world_.send(std::move(request));
    co_return co_await std::move(asking);
  }

  int refusal = 0;
  std::string name;
  runtime::Millis say_takes{0};

 private:
  net::HttpClient& world_;
  runtime::Clock& clock_;
};

struct Linking : testing::Test {
  Linking() {
    site.settle_person("ada");
    site.world.people().at(0).telegram = sim::TelegramState::living;
    ada.sign_in("ada");
    site.finish_looks();
  }
  ~Linking() override {
    for (const auto& one : listeners) one->stop();
    for (const auto& one : listeners) site.wait(one->wait_idle());
  }

  TelegramListener& listen(const std::string& owner = "one") {
    listeners.push_back(std::make_unique<TelegramListener>(
        TelegramListener::Parts{.http = way,
                                .database = site.database,
                                .sealer = *site.sealer,
                                .clock = site.clock,
                                .log = *site.log,
                                .metrics = site.metrics,
                                .executor = site.io.get_executor(),
                                .owner = owner,
                                .api_url = "https://api.telegram.org",
                                .public_url = test::kOrigin,
                                .bot_token = runtime::Secret(bot_token())}));
    listeners.back()->start();
    run(std::chrono::seconds{1});
    return *listeners.back();
  }
  void run(runtime::Millis time) {
    constexpr runtime::Millis kStep{100};
    for (runtime::Millis passed{0}; passed < time; passed += kStep) site.pass(kStep);
  }

  std::string make_code() {
    EXPECT_EQ(header_of(ada.submit("/settings", "/settings/telegram/start", {}), "Location"),
              "/settings/telegram");
    return code_on(ada.get("/settings/telegram").body);
  }
  static std::string code_on(const std::string& page) {
    const std::string mark = "?start=";
    const std::size_t begin = page.find(mark);
    if (begin == std::string::npos) return {};
    return page.substr(begin + mark.size(), 43);
  }
  void press(const std::string& code) {
    site.world.telegram().press_start(person(), code, site.clock.now());
    run(std::chrono::seconds{1});
  }
  sim::Person& person() { return site.world.people().at(0); }

  std::vector<store::Channel> channels() {
    return site.wait(store::Users(site.database).list(0, 1)).front().channels;
  }
  [[nodiscard]] bool offered() { return ada.get("/settings").body.contains("Connect Telegram"); }
  /// Sends it from a chat without waiting for what comes of it.
  void write(std::size_t index, const std::string& text) {
    site.world.telegram().press_start(site.world.people().at(index), text, site.clock.now());
  }
  /// So many others who have spoken to the bot, from the second person on.
  void settle_others(int count) {
    for (int i = 1; i <= count; ++i) {
      site.settle_person("other" + std::to_string(i));
      site.world.people().at(static_cast<std::size_t>(i)).telegram = sim::TelegramState::living;
    }
  }
  std::size_t answers_to(std::uint32_t index) {
    return static_cast<std::size_t>(
        std::ranges::count(site.world.ledger().entries(), index, &sim::Entry::person));
  }
  std::string last_answer() {
    const auto& entries = site.world.ledger().entries();
    return entries.empty() ? std::string() : entries.back().text;
  }

  TestSite site{{.bot_token = bot_token()}};
  Way way{site.http, site.clock};
  Browser ada{site};
  std::vector<std::unique_ptr<TelegramListener>> listeners;
};

TEST_F(Linking, PressingStartConnectsTheChatAndSaysSoOnBothSides) {
  listen();
  EXPECT_TRUE(ada.get("/settings").body.contains("Connect Telegram"));
  const std::string code = make_code();
  ASSERT_TRUE(crypto::is_token(code)) << code;
  EXPECT_EQ(code_on(ada.get("/settings/telegram").body), code) << "the page may be reloaded";
  press(code);
  ASSERT_EQ(channels().size(), 1U);
  EXPECT_EQ(channels()[0].kind, "telegram");
  EXPECT_TRUE(channels()[0].on);
  EXPECT_TRUE(last_answer().contains("streak of ada")) << last_answer();
  EXPECT_TRUE(ada.get("/settings/telegram").body.contains("Connected"));
  const auto tested =
      ada.submit("/settings", "/settings/test", {{"channel", std::to_string(channels()[0].id)}});
  EXPECT_TRUE(tested.body.contains("Telegram took the message"));
}

TEST_F(Linking, GroupsToo) {
  person().telegram = sim::TelegramState::group;
  listen();
  press(make_code());
  ASSERT_EQ(channels().size(), 1U);
  EXPECT_TRUE(channels()[0].hint.contains("-")) << channels()[0].hint;
}

TEST_F(Linking, ACodeWorksOnceAndForTenMinutes) {
  listen();
  const std::string code = make_code();
  press(code);
  const std::string sealed = channels().at(0).sealed;
  press(code);
  EXPECT_TRUE(last_answer().contains("does not work any more"));
  EXPECT_EQ(channels().at(0).sealed, sealed);

  const std::string late = make_code();
  ada.submit("/settings", "/settings/channels/" + std::to_string(channels()[0].id) + "/remove", {});
  run(std::chrono::minutes{10});
  press(late);
  EXPECT_TRUE(last_answer().contains("does not work any more"));
  EXPECT_TRUE(channels().empty());
}

TEST_F(Linking, ANewCodeEndsTheOldOne) {
  listen();
  const std::string old = make_code();
  run(std::chrono::seconds{2});
  const std::string code = make_code();
  ASSERT_NE(code, old);
  press(old);
  EXPECT_TRUE(channels().empty());
  press(code);
  EXPECT_EQ(channels().size(), 1U);
}

TEST_F(Linking, GuessesAndChatterLinkNothing) {
  listen();
  make_code();
  for (const std::string& text :
       {std::string("x"), std::string(43, 'A'), std::string("' OR 1=1")}) {
    press(text);
    EXPECT_TRUE(last_answer().contains("does not work any more")) << text;
  }
  run(std::chrono::minutes{1});
  press("");
  EXPECT_TRUE(last_answer().contains(test::kOrigin)) << "who comes without a code is told where to";
  EXPECT_TRUE(channels().empty());
}

TEST_F(Linking, WhoWritesAllDayIsAnsweredRarelyAndOthersStillAre) {
  site.world.rules().telegram.lifted = true;
  listen();
  settle_others(1);
  for (int i = 0; i < 50; ++i) write(0, i % 2 == 0 ? "junk" : "");
  write(1, "junk");
  run(std::chrono::seconds{15});
  EXPECT_EQ(answers_to(0), account::AnswerRates::kChatBurst);
  EXPECT_EQ(answers_to(1), 1U);
}

TEST_F(Linking, InGroupsJunkIsNotAnswered) {
  person().telegram = sim::TelegramState::group;
  listen();
  const std::string code = make_code();
  press("junk");
  press("");
  press(std::string(43, 'A'));
  EXPECT_EQ(answers_to(0), 0U);
  press(code);
  EXPECT_EQ(answers_to(0), 1U);
  press(code);
  EXPECT_EQ(answers_to(0), 1U) << "it has ended";
}

TEST_F(Linking, SlowAnswersHoldNeitherTheLeaseNorOthersUp) {
  site.world.rules().telegram.lifted = true;
  way.say_takes = std::chrono::seconds{9};
  settle_others(3);
  listen("one");
  listen("two");
  const std::string code = make_code();
  for (std::size_t i = 0; i < 9; ++i) write(1 + i % 3, "junk");
  run(std::chrono::seconds{1});
  write(0, code);
  run(std::chrono::seconds{40});
  EXPECT_EQ(channels().size(), 1U);
  run(std::chrono::minutes{5});
  for (std::uint32_t i = 1; i <= 3; ++i) EXPECT_LE(answers_to(i), 3U) << i;
  EXPECT_FALSE(site.metrics.text().contains("listening_troubles")) << "one alone has listened";
}

TEST_F(Linking, SigningOutEndsTheCode) {
  listen();
  const std::string code = make_code();
  ada.submit("/settings", "/sign-out", {});
  press(code);
  EXPECT_TRUE(last_answer().contains("does not work any more")) << last_answer();
  EXPECT_TRUE(channels().empty());
}

TEST_F(Linking, StartIsHeardAfterAWeekOfSilence) {
  listen();
  press(make_code());
  ASSERT_EQ(channels().size(), 1U);
  ada.submit("/settings", "/settings/channels/" + std::to_string(channels()[0].id) + "/remove", {});
  site.pass(std::chrono::days{8});
  run(std::chrono::minutes{1});
  press(make_code());
  ASSERT_EQ(channels().size(), 1U);
  const std::size_t told = answers_to(0);
  run(std::chrono::minutes{2});
  EXPECT_EQ(answers_to(0), told) << "and taken in once";
}

TEST_F(Linking, NoLinkIsOfferedWhileTelegramRefusesTheBot) {
  for (const int refusal : {401, 409}) {
    way.refusal = 0;
    if (listeners.empty()) listen();
    run(std::chrono::minutes{2});
    ASSERT_TRUE(offered());
    way.refusal = refusal;
    run(std::chrono::seconds{30});
    EXPECT_FALSE(offered()) << refusal;
    run(std::chrono::minutes{5});
    EXPECT_FALSE(offered()) << refusal;
  }
}

TEST_F(Linking, NoLinkIsOfferedWhileTelegramIsAway) {
  listen();
  ASSERT_TRUE(offered());
  site.world.down(sim::Service::telegram) = true;
  run(std::chrono::minutes{3});
  EXPECT_FALSE(offered());
  site.world.down(sim::Service::telegram) = false;
  run(std::chrono::seconds{10});
  EXPECT_TRUE(offered());
}

TEST_F(Linking, ABotThatWasRenamedIsAskedForItsNameAtTheNextStart) {
  way.name = "old_name_bot";
  listen("one").stop();
  run(std::chrono::seconds{60});
  way.name = "new_name_bot";
  listen("one");
  make_code();
  EXPECT_TRUE(ada.get("/settings/telegram").body.contains("t.me/new_name_bot?"));
}

TEST_F(Linking, AnotherSessionDoesNotSeeTheCode) {
  listen();
  const std::string code = make_code();
  Browser elsewhere(site, "198.51.100.4");
  elsewhere.sign_in("ada");
  const std::string page = elsewhere.get("/settings/telegram").body;
  EXPECT_FALSE(page.contains(code));
  EXPECT_EQ(code_on(page), "");
}

TEST_F(Linking, WhereNobodyListensNoLinkIsOffered) {
  EXPECT_FALSE(ada.get("/settings").body.contains("Connect Telegram"));
  EXPECT_EQ(ada.submit("/settings", "/settings/telegram/start", {}).status, 503);
}

TEST_F(Linking, OfTwoProcessesOneListensAndTheOtherTakesOver) {
  TelegramListener& one = listen("one");
  listen("two");
  run(std::chrono::minutes{2});
  EXPECT_FALSE(site.metrics.text().contains("listening_troubles")) << "no conflict";
  one.stop();
  run(std::chrono::seconds{60});
  press(make_code());
  EXPECT_EQ(channels().size(), 1U);
}

TEST_F(Linking, AnOutageOfTelegramIsSurvived) {
  listen();
  const std::string code = make_code();
  site.world.down(sim::Service::telegram) = true;
  run(std::chrono::seconds{40});
  site.world.telegram().press_start(person(), code, site.clock.now());
  site.world.down(sim::Service::telegram) = false;
  run(std::chrono::seconds{10});
  EXPECT_EQ(channels().size(), 1U);
}

}  // namespace
}  // namespace streaky::web

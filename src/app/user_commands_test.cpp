// The commands as people run them: argv in, text and exit code out, on a data folder of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/command.h"

namespace streaky::app {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const char* const kWebhook =
    "https://discord.com/api/webhooks/123456789012345678/"
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdef";

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

class UserCommandsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "streaky-commands-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string data() const { return folder_ + "/data"; }

  [[nodiscard]] Ran call(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "streaky");
    arguments.insert(arguments.end(), {"--data", data()});
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Ran ran;
    ran.code = run(static_cast<int>(argv.size()), argv.data());
    ran.out = testing::internal::GetCapturedStdout();
    ran.err = testing::internal::GetCapturedStderr();
    return ran;
  }

  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }

  [[nodiscard]] boost::json::object shown(const std::string& login) const {
    const Ran ran = call({"user", "show", login, "--json"});
    EXPECT_EQ(ran.code, kExitDone) << ran.err;
    return boost::json::parse(ran.out).as_object();
  }

  /// Every byte that was written, of all files.
  [[nodiscard]] std::string all_files() const {
    std::string bytes;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      std::ifstream file(entry.path(), std::ios::binary);
      std::ostringstream text;
      text << file.rdbuf();
      bytes += text.str();
    }
    return bytes;
  }

  std::string folder_;
};

TEST_F(UserCommandsTest, AnAddedUserIsShownListedAndExported) {
  const Ran added = call({"user", "add", "octocat", "--time-zone", "Europe/Berlin", "--remind-at",
                          "22:30,20:00", "--rest-days", "sat,sun", "--discord-webhook", kWebhook});
  ASSERT_EQ(added.code, kExitDone) << added.err;
  EXPECT_THAT(added.out, AllOf(HasSubstr("added octocat"), HasSubstr("Europe/Berlin")));

  const auto user = shown("OctoCat");
  EXPECT_EQ(user.at("time_zone"), "Europe/Berlin");
  EXPECT_EQ(boost::json::serialize(user.at("remind_at")), R"(["20:00","22:30"])");
  EXPECT_EQ(boost::json::serialize(user.at("rest_days")), R"(["sun","sat"])");
  EXPECT_EQ(user.at("channels").as_array().at(0).at("kind"), "discord");
  EXPECT_TRUE(user.at("next_check_at").is_string());

  EXPECT_THAT(call({"user", "list"}).out, AllOf(HasSubstr("octocat"), HasSubstr("discord")));
  EXPECT_THAT(call({"user", "show", "octocat"}).out, HasSubstr("20:00, 22:30"));
  EXPECT_THAT(call({"user", "export"}).err, HasSubstr("without their credentials"));
}

TEST_F(UserCommandsTest, NoCredentialIsStoredOrPrintedInTheClear) {
  const std::string file = write(
      "users.jsonl",
      std::string(R"({"login":"a","github_token":"ghp_plaintext","discord_webhook":")") + kWebhook +
          R"(","telegram":{"token":"123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11","chat_id":-100}})");
  ASSERT_EQ(call({"user", "import", file}).code, kExitDone);
  std::filesystem::remove(file);
  std::string everything = all_files();
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"user", "list"},
                                             {"user", "list", "--json"},
                                             {"user", "show", "a"},
                                             {"user", "show", "a", "--json"},
                                             {"user", "export"}}) {
    const Ran ran = call(command);
    everything += ran.out + ran.err;
  }
  EXPECT_THAT(everything, AllOf(Not(HasSubstr("ghp_plaintext")), Not(HasSubstr("abcdefghij")),
                                Not(HasSubstr("ABC-DEF1234"))));
}

TEST_F(UserCommandsTest, ImportTakesGoodLinesListsBadOnesAndTheCodeTells) {
  const std::string good = R"({"login":"a"})";
  const std::string bad = R"({"login":"b","time_zone":"Europe/Berln"})";
  const Ran mixed = call({"user", "import", write("m.jsonl", good + "\n" + bad + "\n")});
  EXPECT_EQ(mixed.code, kExitFailed);
  EXPECT_THAT(mixed.err, HasSubstr("line 2: time_zone"));
  EXPECT_THAT(mixed.out, HasSubstr("1 added, 0 updated, 1 bad"));

  const Ran json = call({"user", "import", write("j.jsonl", bad + "\n" + good), "--json"});
  EXPECT_EQ(boost::json::parse(json.err).at("line"), 1);
  EXPECT_EQ(boost::json::parse(json.out).at("updated"), 1);

  EXPECT_EQ(call({"user", "import", write("g.jsonl", good)}).code, kExitDone);
  EXPECT_EQ(call({"user", "import", write("b.jsonl", bad)}).code, kExitUsage);
  EXPECT_EQ(call({"user", "import", write("e.jsonl", "")}).code, kExitUsage);
}

TEST_F(UserCommandsTest, AnImportWithoutOneGoodLineLeavesNothingBehind) {
  EXPECT_EQ(call({"user", "import", write("b.jsonl", "{}\n")}).code, kExitUsage);
  EXPECT_EQ(call({"user", "import", folder_ + "/missing"}).code, kExitUsage);
  EXPECT_FALSE(std::filesystem::exists(data()));
  EXPECT_FALSE(std::filesystem::exists(data() + ".keys"));
}

TEST_F(UserCommandsTest, ImportingALineAgainUpdatesThatUser) {
  ASSERT_EQ(call({"user", "import",
                  write("1.jsonl", R"({"login":"Old","github_id":5,"time_zone":"Asia/Tokyo"})")})
                .code,
            kExitDone);
  const Ran again =
      call({"user", "import",
            write("2.jsonl", R"({"login":"new","github_id":"5","remind_at":["09:00"]})")});
  EXPECT_THAT(again.out, HasSubstr("0 added, 1 updated"));
  const auto user = shown("new");
  EXPECT_EQ(user.at("time_zone"), "Asia/Tokyo");
  EXPECT_EQ(boost::json::serialize(user.at("remind_at")), R"(["09:00"])");
  EXPECT_EQ(call({"user", "show", "Old"}).code, kExitUsage);
}

TEST_F(UserCommandsTest, ASecondLineForOneLoginIsBadAndTheFirstIsImported) {
  const Ran ran = call({"user", "import",
                        write("d.csv",
                              "login,time_zone,remind_at\n"
                              "mona,Asia/Tokyo,08:00\n"
                              "Mona,,09:00\n")});
  EXPECT_EQ(ran.code, kExitFailed);
  EXPECT_THAT(ran.err, HasSubstr("line 3: Mona stands in line 2 already"));
  EXPECT_THAT(ran.out, HasSubstr("1 added, 0 updated, 1 bad"));
  const auto user = shown("mona");
  EXPECT_EQ(user.at("time_zone"), "Asia/Tokyo");
  EXPECT_EQ(boost::json::serialize(user.at("remind_at")), R"(["08:00"])");
}

TEST_F(UserCommandsTest, LinesOfOneAccountAreNotMerged) {
  const Ran ran = call({"user", "import",
                        write("ids.jsonl", R"({"login":"a","github_id":5})"
                                           "\n"
                                           R"({"login":"b","github_id":"5"})"
                                           "\n"
                                           R"({"login":"c","github_id":"MDQ6VXNlcjU="})"
                                           "\n"
                                           R"({"login":"d","github_id":"U_d"})"
                                           "\n"
                                           R"({"login":"e","github_id":"U_d"})"
                                           "\n")});
  EXPECT_EQ(ran.code, kExitFailed);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("line 2: the same user as in line 1"),
                             HasSubstr("line 3: the same user as in line 1"),
                             HasSubstr("line 5: the same user as in line 4")));
  EXPECT_THAT(ran.out, HasSubstr("2 added, 0 updated, 3 bad"));
  EXPECT_EQ(shown("a").at("database_id"), 5);
  EXPECT_EQ(shown("d").at("node_id"), "U_d");
  EXPECT_EQ(call({"user", "show", "b"}).code, kExitUsage);
}

TEST_F(UserCommandsTest, LinesOfOneStoredUserAreNotMergedAcrossBites) {
  ASSERT_EQ(call({"user", "add", "mona", "--github-id", "5"}).code, kExitDone);
  std::string lines = "{\"login\":\"mona\",\"time_zone\":\"Asia/Tokyo\"}\n";
  for (int i = 0; i < 600; ++i) lines += "{\"login\":\"user-" + std::to_string(i) + "\"}\n";
  lines += R"({"login":"lisa","github_id":5})";
  const Ran ran = call({"user", "import", write("many.jsonl", lines)});
  EXPECT_EQ(ran.code, kExitFailed);
  EXPECT_THAT(ran.err, HasSubstr("line 602: the same user as in line 1"));
  EXPECT_EQ(shown("mona").at("time_zone"), "Asia/Tokyo");
}

TEST_F(UserCommandsTest, OneUserThatCannotBeStoredDoesNotSpoilTheBite) {
  // "taken" is a user without ids; the second line would give that login to the user with id 5.
  ASSERT_EQ(call({"user", "import",
                  write("1.jsonl", "{\"login\":\"taken\"}\n{\"login\":\"b\",\"github_id\":5}")})
                .code,
            kExitDone);
  const Ran ran = call({"user", "import",
                        write("2.jsonl",
                              "{\"login\":\"c\"}\n{\"login\":\"taken\",\"github_id\":5}\n"
                              "{\"login\":\"d\"}\n")});
  EXPECT_EQ(ran.code, kExitFailed);
  EXPECT_THAT(ran.err,
              HasSubstr("line 2: the login taken belongs to another user here, whose GitHub "
                        "id is not known: give that user's github_id first"));
  EXPECT_THAT(ran.out, HasSubstr("2 added, 0 updated, 1 bad"));
  EXPECT_EQ(shown("b").at("database_id"), 5);
}

TEST_F(UserCommandsTest, MoreThanOneBiteIsImported) {
  std::string lines;
  for (int i = 0; i < 1'201; ++i) lines += "{\"login\":\"user-" + std::to_string(i) + "\"}\n";
  EXPECT_THAT(call({"user", "import", write("many.jsonl", lines)}).out, HasSubstr("1201 added"));
  const Ran exported = call({"user", "export"});
  EXPECT_EQ(std::ranges::count(exported.out, '\n'), 1'201);
  const Ran again = call({"user", "import", write("again.jsonl", exported.out)});
  EXPECT_EQ(again.code, kExitDone);
  EXPECT_THAT(again.out, HasSubstr("0 added, 1201 updated"));
}

TEST_F(UserCommandsTest, PauseAndResume) {
  ASSERT_EQ(call({"user", "add", "octocat"}).code, kExitDone);
  EXPECT_THAT(call({"user", "pause", "octocat"}).out, HasSubstr("octocat: paused"));
  EXPECT_EQ(shown("octocat").at("status"), "paused");
  EXPECT_TRUE(shown("octocat").at("next_check_at").is_null());
  EXPECT_THAT(call({"user", "resume", "octocat"}).out, HasSubstr("active; next check"));
  EXPECT_TRUE(shown("octocat").at("pause").is_null());
  EXPECT_THAT(call({"user", "resume", "octocat"}).err, HasSubstr("is not paused"));
  EXPECT_EQ(call({"user", "pause", "octocat", "--until", "2020-01-01"}).code, kExitUsage);
  EXPECT_EQ(call({"user", "pause", "octocat", "--until", "soon"}).code, kExitUsage);
}

TEST_F(UserCommandsTest, RemoveTakesYesWhereNobodyCanBeAsked) {
  ASSERT_EQ(call({"user", "add", "octocat"}).code, kExitDone);
  EXPECT_EQ(call({"user", "remove", "hubot", "--yes"}).code, kExitUsage);
  EXPECT_EQ(call({"user", "remove", "octocat", "--yes"}).code, kExitDone);
  EXPECT_EQ(call({"user", "show", "octocat"}).code, kExitUsage);
}

TEST_F(UserCommandsTest, AUserIsNamedByIdToo) {
  ASSERT_EQ(call({"user", "add", "octocat", "--github-id", "583231"}).code, kExitDone);
  ASSERT_EQ(call({"user", "add", "12", "--github-id", "U_x="}).code, kExitDone);
  EXPECT_EQ(shown("583231").at("login"), "octocat");
  EXPECT_EQ(shown("U_x=").at("login"), "12");
  ASSERT_EQ(call({"user", "add", "mona", "--github-id", "12"}).code, kExitDone);
  EXPECT_EQ(shown("12").at("login"), "12") << "a login comes before an id";
  EXPECT_EQ(call({"user", "pause", "583231"}).code, kExitDone);
  EXPECT_EQ(shown("octocat").at("status"), "paused");
  EXPECT_EQ(call({"user", "remove", "U_x=", "--yes"}).code, kExitDone);
  EXPECT_EQ(shown("12").at("login"), "mona");
}

TEST_F(UserCommandsTest, GlobalFlagsStandBeforeOrAfterTheCommand) {
  EXPECT_THAT(call({"--engine-lease", "1m", "config"}).out, HasSubstr("1m"));
  EXPECT_THAT(call({"config", "--engine-lease", "1m"}).out, HasSubstr("1m"));
}

TEST_F(UserCommandsTest, WrongUsageIsOneLineThatHelps) {
  struct Case {
    std::vector<std::string> arguments;
    std::string says;
  };
  const std::vector<Case> cases = {
      {{}, "a command is required; see streaky --help"},
      {{"user"}, "a command is required; see streaky user --help"},
      {{"usr"}, "unknown command \"usr\"; did you mean user?"},
      {{"user", "lst"}, "unknown command \"lst\"; did you mean list?"},
      {{"user", "add", "a", "--time-zon", "UTC"}, "did you mean --time-zone?"},
      {{"user", "add", "a", "b"}, "unexpected argument \"b\"; see streaky user add --help"},
      {{"user", "add"}, "login is required"},
      {{"user", "add", "a", "--remind-at", "25:00"}, "remind_at: expected"},
      {{"user", "list", "--engine-claim", "0"}, "--engine-claim: \"0\" is not accepted"},
      {{"user", "import", "x", "--format", "xml"}, "expected jsonl or csv"},
      {{"user", "add", "a", "--time-zone", ""}, "--time-zone: is empty"},
      {{"user", "add", ""}, "login: is empty"},
      {{"user", "pause", "a", "--until", ""}, "--until: is empty"},
      {{"serve", "--role", ""}, "--role: is empty"},
      {{"--config", "", "config"}, "--config: is empty"},
      {{"user", "list", "--store-url", "sqlite::memory:"}, "forgets everything"}};
  for (const Case& one : cases) {
    const Ran ran = call(one.arguments);
    EXPECT_EQ(ran.code, kExitUsage) << one.says;
    EXPECT_THAT(ran.err, HasSubstr(one.says));
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
    EXPECT_EQ(ran.out, "");
  }
  EXPECT_FALSE(std::filesystem::exists(data()));
}

TEST_F(UserCommandsTest, AMisplacedCredentialIsNotRepeated) {
  const std::string token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"user", "add", "a", token},
                                             {"user", "add", token},
                                             {"user", "add", "a", "--github-tokn", token},
                                             {"user", "add", "a", "--github-tokn=" + token},
                                             {"user", "show", token},
                                             {"user", token},
                                             {token}}) {
    const Ran ran = call(arguments);
    EXPECT_EQ(ran.code, kExitUsage);
    EXPECT_THAT(ran.err, Not(HasSubstr("0123456789")));
  }
}

TEST_F(UserCommandsTest, WithoutADatabaseThereIsOnePlainLine) {
  const Ran ran = call({"user", "list"});
  EXPECT_EQ(ran.code, kExitUnknown);
  EXPECT_THAT(ran.err, HasSubstr("there is no database at"));
}

TEST_F(UserCommandsTest, ConfigAndVersionPrintJson) {
  const auto config = boost::json::parse(call({"config", "--json"}).out);
  EXPECT_EQ(config.as_array().at(0).at("environment"), "STREAKY_SERVER_LISTEN");
  EXPECT_TRUE(boost::json::parse(call({"version", "--json"}).out).at("version").is_string());
  const Ran secret = call({"config", "--telegram-bot-token", "1:hunter2"});
  EXPECT_THAT(secret.out, AllOf(HasSubstr("set"), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace streaky::app

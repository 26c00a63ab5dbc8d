#include "app/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "app/config_file.h"
#include "app/option_table.h"

namespace streaky::app {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class OptionsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "streaky-options-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& text) const { std::ofstream(folder_ + "/streaky.toml") << text; }

  [[nodiscard]] runtime::Result<Options> load() const {
    const Environment environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      if (found == variables_.end()) return std::nullopt;
      return found->second;
    };
    return load_options(folder_, config_, environment, flags_);
  }
  [[nodiscard]] std::string error() const {
    const auto options = load();
    return options ? "no error" : options.error().message;
  }

  std::string folder_;
  std::string config_;
  std::map<std::string, std::string> variables_;
  Flags flags_;
};

TEST_F(OptionsTest, FlagsOutrankTheEnvironmentWhichOutranksTheFile) {
  write("[github]\napi_url = \"https://file.example\"\n");
  EXPECT_EQ(load()->github_api_url, "https://file.example");
  variables_["STREAKY_GITHUB_API_URL"] = "https://environment.example";
  EXPECT_EQ(load()->github_api_url, "https://environment.example");
  flags_["github.api_url"] = "https://flag.example";
  EXPECT_EQ(load()->github_api_url, "https://flag.example");
}

TEST_F(OptionsTest, ABadValueIsRefusedThoughAnotherOverrulesIt) {
  write("[engine]\n\nclaim = 0\n");
  variables_["STREAKY_ENGINE_CLAIM"] = "10";
  EXPECT_THAT(error(), HasSubstr("config file line 3: engine.claim"));
  flags_["engine.claim"] = "20";
  EXPECT_THAT(error(), HasSubstr("config file line 3: engine.claim"));
  write("");
  variables_["STREAKY_ENGINE_CLAIM"] = "many";
  EXPECT_THAT(error(), HasSubstr("STREAKY_ENGINE_CLAIM"));
  variables_["STREAKY_ENGINE_CLAIM"] = "10";
  EXPECT_EQ(load()->engine_claim, 20);
}

TEST_F(OptionsTest, AnEmptyVariableIsUnset) {
  variables_["STREAKY_GITHUB_TOKENS"] = "";
  variables_["STREAKY_ENGINE_LEASE"] = "";
  EXPECT_EQ(load()->engine_lease, runtime::Millis{30'000});
}

TEST_F(OptionsTest, EveryOptionCanBeSetByFlagAndShowsItsSource) {
  const std::map<std::string, std::string> values = {
      {"server.listen", "[::1]:9000"},
      {"server.public_url", "https://streaky.example"},
      {"server.trusted_proxies", "10.0.0.0/8,::1"},
      {"server.metrics_token", "a-token"},
      {"server.cors_origins", "https://app.example,http://localhost:3000"},
      {"store.url", "sqlite:/tmp/x.db"},
      {"store.listen_url", "postgresql://db.example/streaky"},
      {"store.clocks_apart", "2m"},
      {"keys.file", "/tmp/keys"},
      {"keys.text", "k1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"},
      {"github.api_url", "http://127.0.0.1:1"},
      {"github.web_url", "http://127.0.0.1:2"},
      {"github.tokens", "ghp_one,ghp_two"},
      {"github.client_id", "Iv1.abc"},
      {"github.client_secret", "s3cret"},
      {"discord.api_url", "http://127.0.0.1:3"},
      {"discord.per_second", "7"},
      {"telegram.api_url", "http://127.0.0.1:4"},
      {"telegram.per_second", "8"},
      {"telegram.bot_token", "123456:ABC"},
      {"proxy.urls", "http://127.0.0.1:5,https://proxy.example"},
      {"proxy.secret", "0123456789abcdef,another-secret-of-ours"},
      {"proxy.listen", "127.0.0.1:9001"},
      {"proxy.send_from", "192.0.2.7"},
      {"proxy.compat", "true"},
      {"proxy.compat_key", "0123456789abcdef0123456789abcdef"},
      {"engine.tick", "250ms"},
      {"engine.lease", "10s"},
      {"engine.claim", "20"},
      {"engine.in_flight", "40"},
      {"engine.deadline", "1m"},
      {"compat.cron_secret", "cron-secret-of-16"},
      {"compat.server_secret", "server-secret-of-16"},
      {"compat.jwt_secret", "jwt-secret-of-16"},
      {"admin.logins", "octocat,hubot"},
      {"log.level", "debug"},
      {"log.format", "json"}};
  for (const auto& [name, value] : values) flags_[name] = value;
  ASSERT_TRUE(load()) << error();
  const auto infos =
      describe_options(folder_, "", [](const std::string&) { return std::nullopt; }, flags_);
  ASSERT_TRUE(infos);
  EXPECT_EQ(infos->size(), values.size()) << "an option that this test does not know";
  for (const OptionInfo& info : *infos) {
    EXPECT_EQ(info.source, "flag") << info.name;
    EXPECT_FALSE(info.documentation.empty()) << info.name;
    if (info.secret) {
      EXPECT_THAT(info.value, testing::StartsWith("set")) << info.name;
    } else {
      EXPECT_EQ(info.value, values.at(info.name)) << info.name;
    }
  }
}

TEST_F(OptionsTest, ListsComeAsArraysOrCommaSeparated) {
  write("[github]\ntokens = [\"ghp_a1\", \"github_pat_b2\"]\n[admin]\nlogins = \"a, b,,c\"\n");
  const auto options = load();
  ASSERT_TRUE(options) << error();
  ASSERT_EQ(options->github_tokens.size(), 2U);
  EXPECT_EQ(options->github_tokens[1].reveal(), "github_pat_b2");
  EXPECT_THAT(options->admin_logins, testing::ElementsAre("a", "b", "c"));
}

TEST_F(OptionsTest, AnUnknownKeyNamesLineAndNearestName) {
  write("[engine]\ntick = \"1s\"\nleese = \"30s\"\n");
  EXPECT_THAT(error(), AllOf(HasSubstr("line 3"), HasSubstr("engine.leese"),
                             HasSubstr("did you mean engine.lease?")));
  write("\n[gihub]\napi_url = \"https://x\"\n");
  EXPECT_THAT(error(), AllOf(HasSubstr("line 2"), HasSubstr("did you mean [github]?")));
  write("tokens = [\"ghp_x\"]\n");
  EXPECT_THAT(error(), AllOf(HasSubstr("line 1"), HasSubstr("did you mean github.tokens?")));
  write("[weather]\nrain = \"x\"\n");
  EXPECT_THAT(error(), HasSubstr("unknown section [weather]"));
}

TEST_F(OptionsTest, AWrongTypeSaysWhatIsAccepted) {
  write("[engine]\nclaim = \"many\"\n");
  EXPECT_THAT(error(), AllOf(HasSubstr("line 2"), HasSubstr("engine.claim"),
                             HasSubstr("expected a whole number")));
  write("[github]\napi_url = 5\n");
  EXPECT_THAT(error(), HasSubstr("github.api_url: expected text in quotes"));
  write("[github]\ntokens = [1, 2]\n");
  EXPECT_THAT(error(), HasSubstr("github.tokens: expected a list of texts"));
  write("[log]\nlevel = [\"info\"]\n");
  EXPECT_THAT(error(), HasSubstr("expected text in quotes"));
}

TEST_F(OptionsTest, ABrokenFileNamesTheLine) {
  write("[engine]\ntick = \n");
  EXPECT_THAT(error(), AllOf(HasSubstr("streaky.toml"), HasSubstr("line 2")));
}

TEST_F(OptionsTest, AFileOverOneMebibyteIsRefused) {
  write(std::string(kLargestConfigFile - 1, '#') + "\n");
  EXPECT_EQ(error(), "no error");
  write(std::string(kLargestConfigFile, '#') + "\n");
  EXPECT_THAT(error(), HasSubstr("larger than 1 MiB"));
}

TEST_F(OptionsTest, ANamedConfigFileMustExist) {
  EXPECT_EQ(error(), "no error");
  config_ = folder_ + "/other.toml";
  EXPECT_THAT(error(), HasSubstr("no such config file"));
  config_ = folder_;
  EXPECT_THAT(error(), HasSubstr("is a folder"));
}

struct BoundsCase {
  const char* option;
  std::vector<const char*> good;
  std::vector<const char*> bad;
};

TEST_F(OptionsTest, ValuesOutsideTheirBoundsAreRefused) {
  const std::vector<BoundsCase> cases = {
      {"engine.lease", {"5s", "10m", "5000"}, {"4999ms", "11m", "5", "soon", "-5s", "5 s", "5d"}},
      {"engine.tick", {"100ms", "1h"}, {"99ms", "2h", "", "s"}},
      {"engine.deadline", {"1s", "5m"}, {"999ms", "301s"}},
      {"engine.claim", {"1", "1000"}, {"0", "1001", "1e3", "+5", "10 "}},
      {"engine.in_flight", {"1", "100000"}, {"0", "100001", "99999999999999999999"}},
      {"discord.per_second", {"1", "1000000"}, {"0", "1000001"}},
      {"telegram.per_second", {"1", "1000000"}, {"0", "1000001"}},
      {"server.listen", {"0.0.0.0:80"}, {"8420", "host", "host:99999", "http://x:1"}},
      {"github.api_url", {"https://x.example/"}, {"ftp://x", "x.example", "https://x/y"}},
      {"proxy.urls",
       {"http://proxy:8421", "https://a.example,https://b.example"},
       {"proxy:8421", "ftp://x", "https://x/y"}},
      {"proxy.secret",
       {"0123456789abcdef", "0123456789abcdef,fedcba9876543210"},
       {"0123456789abcde", "0123456789 abcdef", "0123456789abcdef,short"}},
      {"proxy.listen", {"[::]:8421"}, {"8421", "host"}},
      {"proxy.compat", {"true", "false"}, {"yes", "1", "TRUE"}},
      {"proxy.compat_key",
       {"0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef and more"},
       {"0123456789abcdef0123456789abcde"}},
      {"log.level", {"warn"}, {"loud", "INFO"}},
      {"log.format", {"text"}, {"xml"}},
      {"store.url",
       {"sqlite:a.db", "postgresql://ann:p%40ss@a,b:5433/streaky?sslmode=require"},
       {"a.db", "mysql://x", "sqlite:", "postgresql://ann:p@ss@a/streaky"}},
      {"telegram.bot_token", {"1:a"}, {"abc", "1:", ":a", "x1:a"}},
      {"github.tokens", {"gho_x", "ghs_x_y"}, {"ghp_", "token", "ghr_x", "ghp_a b"}}};
  for (const BoundsCase& one : cases) {
    for (const char* value : one.good) {
      flags_ = {{one.option, value}};
      EXPECT_EQ(error(), "no error") << one.option << " = " << value;
    }
    for (const char* value : one.bad) {
      flags_ = {{one.option, value}};
      // Blanks around a value are forgiven.
      if (std::string(value) == "10 ") continue;
      EXPECT_THAT(error(),
                  AllOf(testing::StartsWith(flag_name(one.option) + ": "), HasSubstr("expected")))
          << one.option << " = " << value;
    }
  }
}

TEST_F(OptionsTest, ErrorsNeverRepeatASecret) {
  const std::string secret = "hunter2-is-not-a-token";
  for (const char* option : {"github.tokens", "telegram.bot_token", "store.listen_url", "keys.text",
                             "proxy.compat_key"}) {
    flags_ = {{option, secret}};
    EXPECT_THAT(error(), AllOf(HasSubstr(flag_name(option)), Not(HasSubstr("hunter2")))) << option;
  }
  flags_ = {{"store.url", "postgresql://me:hunter2@x@db.example/streaky"}};
  EXPECT_THAT(error(), AllOf(Not("no error"), Not(HasSubstr("hunter2"))));
  for (const char* option : {"github.api_url", "proxy.urls"}) {
    flags_ = {{option, "https://me:hunter2@github.example"}};
    EXPECT_THAT(error(), AllOf(Not("no error"), Not(HasSubstr("hunter2")))) << option;
  }
  flags_ = {{"proxy.secret", "hunter2"}};
  EXPECT_THAT(error(), AllOf(HasSubstr("expected"), Not(HasSubstr("hunter2"))));
  flags_.clear();
  write("[telegram]\nbot_token = \"hunter2\"\n");
  EXPECT_THAT(error(), AllOf(HasSubstr("line 2"), Not(HasSubstr("hunter2"))));
}

TEST_F(OptionsTest, TheOriginalsVariablesCountWhereOursAreNotSet) {
  variables_ = {{"VPS_SECRET", "the-originals-secret"},
                {"ENCRYPTION_KEY", "0123456789abcdef0123456789abcdef"}};
  auto options = load();
  ASSERT_TRUE(options) << error();
  ASSERT_EQ(options->proxy_secret.size(), 1U);
  EXPECT_EQ(options->proxy_secret[0].reveal(), "the-originals-secret");
  EXPECT_EQ(options->proxy_compat_key.reveal(), "0123456789abcdef0123456789abcdef");
  variables_["STREAKY_PROXY_SECRET"] = "ours-counts-before-it,and-another-one-too";
  options = load();
  ASSERT_TRUE(options) << error();
  ASSERT_EQ(options->proxy_secret.size(), 2U);
  EXPECT_EQ(options->proxy_secret[0].reveal(), "ours-counts-before-it");
  variables_ = {{"ENCRYPTION_KEY", "hunter2"}};
  EXPECT_THAT(error(), AllOf(HasSubstr("ENCRYPTION_KEY"), Not(HasSubstr("hunter2"))));
}

TEST_F(OptionsTest, TheKeysStandBesideTheDataFolder) {
  Options options;
  EXPECT_EQ(options.key_path(), "./data.keys");
  options.data_dir = "/var/lib/streaky/";
  EXPECT_EQ(options.key_path(), "/var/lib/streaky.keys");
  EXPECT_EQ(options.database_url(), "sqlite:/var/lib/streaky/streaky.db");
  options.data_dir = ".";
  EXPECT_EQ(options.key_path(), std::filesystem::current_path().string() + ".keys");
  options.keys_file = "/etc/keys";
  EXPECT_EQ(options.key_path(), "/etc/keys");
}

TEST(DurationTest, UnitsAndOverflow) {
  EXPECT_EQ(parse_duration("500ms"), runtime::Millis{500});
  EXPECT_EQ(parse_duration("2h"), runtime::Millis{7'200'000});
  EXPECT_EQ(parse_duration("42"), runtime::Millis{42});
  EXPECT_EQ(parse_duration("9223372036854775807h"), std::nullopt);
  EXPECT_EQ(parse_duration("1.5s"), std::nullopt);
  EXPECT_EQ(parse_duration(""), std::nullopt);
  EXPECT_EQ(duration_text(runtime::Millis{90'000}), "90s");
  EXPECT_EQ(duration_text(runtime::Millis{3'600'000}), "1h");
  EXPECT_EQ(duration_text(runtime::Millis{250}), "250ms");
}

TEST(OptionNameTest, OneRuleForFlagsAndEnvironment) {
  EXPECT_EQ(environment_name("github.api_url"), "STREAKY_GITHUB_API_URL");
  EXPECT_EQ(flag_name("engine.in_flight"), "--engine-in-flight");
}

}  // namespace
}  // namespace streaky::app

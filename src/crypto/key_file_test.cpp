#include "crypto/key_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "crypto/keyring.h"
#include "crypto/sealer.h"
#include "runtime/bytes.h"

namespace streaky::crypto {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Binding kMine{Purpose::github_token, 1, 0};

std::string encoded_key(char fill) { return runtime::base64url_encode(std::string(32, fill)); }

class KeyFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "streaky_keys_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ + "/data.keys";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& text, mode_t mode = 0600) const {
    std::ofstream(path_, std::ios::trunc) << text;
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
  }
  [[nodiscard]] std::string content() const {
    std::ostringstream out;
    out << std::ifstream(path_).rdbuf();
    return out.str();
  }
  [[nodiscard]] std::string refusal(bool create = false) const {
    try {
      (void)load_sealer(path_, create);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "accepted";
  }
  [[nodiscard]] std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      count += entry.exists() ? 1U : 0U;
    }
    return count;
  }

  std::string folder_;
  std::string path_;
};

TEST_F(KeyFile, IsMadeOnceForItsOwnerAlone) {
  const mode_t old = ::umask(0);
  const auto first = load_sealer(path_, true);
  ::umask(old);
  struct stat facts{};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0600U);
  EXPECT_EQ(files(), 1U) << "no temporary file stays behind";

  const std::string before = content();
  const auto second = load_sealer(path_, true);
  EXPECT_EQ(content(), before);
  EXPECT_TRUE(second->open(first->seal(runtime::Secret("x"), kMine), kMine).has_value());
}

// What a killed process would leave behind.
TEST_F(KeyFile, NoOtherNameEverHoldsTheKeysWhileItIsMade) {
  const int unnamed = ::open(folder_.c_str(), O_TMPFILE | O_WRONLY, 0600);
  if (unnamed < 0) GTEST_SKIP() << "this file system has no files without a name";
  ::close(unnamed);
  const int watch = ::inotify_init1(IN_NONBLOCK);
  ASSERT_GE(::inotify_add_watch(watch, folder_.c_str(), IN_CREATE), 0);
  ASSERT_TRUE(create_key_file(path_, new_keyring()));
  alignas(inotify_event) std::array<char, 4096> events{};
  const ssize_t got = ::read(watch, events.data(), events.size());
  ::close(watch);
  ASSERT_GT(got, 0);
  const std::string names(events.data(), static_cast<std::size_t>(got));
  EXPECT_THAT(names, HasSubstr("data.keys"));
  EXPECT_THAT(names, Not(HasSubstr(".new")));
}

TEST_F(KeyFile, MissingIsRefusedWhenItMayNotBeMade) {
  EXPECT_EQ(refusal(false), "key file " + path_ + ": does not exist");
  EXPECT_EQ(files(), 0U);
}

TEST_F(KeyFile, MissingFolderIsSaidPlainly) {
  path_ = folder_ + "/nowhere/data.keys";
  EXPECT_THAT(refusal(true), HasSubstr("cannot create it in " + folder_ + "/nowhere"));
}

TEST_F(KeyFile, LooserPermissionsAreRefusedWithTheRemedy) {
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0644U, 0666U, 0610U}) {
    write("k1 " + encoded_key('a') + "\n", mode);
    EXPECT_THAT(refusal(true), HasSubstr("chmod 600 " + path_)) << mode;
  }
  write("k1 " + encoded_key('a') + "\n", 0400);
  EXPECT_EQ(refusal(), "accepted");
}

TEST_F(KeyFile, FolderOrPipeInItsPlaceIsRefused) {
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  EXPECT_THAT(refusal(true), HasSubstr("not a regular file"));
  ASSERT_EQ(::rmdir(path_.c_str()), 0);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(refusal(true), HasSubstr("not a regular file"));
}

TEST_F(KeyFile, MalformedLinesAreNamedByNumberAndNeverRepeated) {
  const std::string good = "k1 " + encoded_key('a') + "\n";
  const std::string secret = "TopSecretTopSecret";
  const std::vector<std::string> bad = {
      "K2 " + encoded_key('b'),
      "abcdefghijklmnopq " + encoded_key('b'),
      "k2 " + secret,
      "k2",
      "k2 " + encoded_key('b') + "=",
      "k2 " + encoded_key('b') + " " + secret,
      secret + encoded_key('b'),
      "channel ch1",
      "prepared",
      "prepared prepared k2 " + encoded_key('b'),
      "channel " + encoded_key('b') + " " + secret,
      "channel ch1 " + secret,
      "channel-public ch1",
      "channel-public",
      "channel-private ch1 " + encoded_key('b'),
      "channel ch1 " + encoded_key('b') + " " + secret,
  };
  for (const std::string& line : bad) {
    write("# heading\n\n" + good + line + "\n");
    EXPECT_THAT(refusal(), HasSubstr("line 4: ")) << line;
    EXPECT_THAT(refusal(), Not(HasSubstr(secret)));
    EXPECT_THAT(refusal(), Not(HasSubstr(encoded_key('b').substr(0, 10))));
  }
  write(good + good);
  EXPECT_THAT(refusal(), HasSubstr("line 2: the key id k1 is used twice"));
}

TEST_F(KeyFile, EmptyAndOversizedFilesAreRefused) {
  write("");
  EXPECT_THAT(refusal(true), HasSubstr("holds no key"));
  write("# nothing\n");
  EXPECT_THAT(refusal(), HasSubstr("holds no key"));
  write(std::string(kMaxKeyFileBytes + 1, '#'));
  EXPECT_THAT(refusal(), HasSubstr("larger than 65536 bytes"));
}

TEST_F(KeyFile, HoldsSixteenKeysButNotSeventeen) {
  std::string text;
  for (int i = 0; i < 16; ++i) {
    text += fmt::format("k{} {}\r\n", i, encoded_key(static_cast<char>('a' + i)));
  }
  write(text);
  EXPECT_EQ(refusal(), "accepted");
  write(text + "last " + encoded_key('z'));
  EXPECT_THAT(refusal(), HasSubstr("line 17: there are more than 16 keys"));
}

TEST_F(KeyFile, TheLastKeySealsAndOlderOnesStillOpen) {
  write("old " + encoded_key('a') + "\n");
  const std::string sealed = load_sealer(path_, false)->seal(runtime::Secret("x"), kMine);
  write("old " + encoded_key('a') + "\nnew " + encoded_key('b') + "\n");
  const auto both = load_sealer(path_, false);
  EXPECT_TRUE(both->open(sealed, kMine).has_value());
  EXPECT_THAT(both->seal(runtime::Secret("y"), kMine), testing::StartsWith("v1.new."));
  // A key renamed is another key: the id is authenticated.
  write("older " + encoded_key('a') + "\n");
  EXPECT_FALSE(load_sealer(path_, false)->open("v1.older" + sealed.substr(6), kMine).has_value());
}

TEST_F(KeyFile, ProcessesThatStartTogetherEndWithOneKey) {
  constexpr int kProcesses = 8;
  for (int round = 0; round < 10; ++round) {
    std::filesystem::remove(path_);
    std::array<int, 2> start{};
    std::array<int, 2> results{};
    ASSERT_EQ(::pipe(start.data()), 0);
    ASSERT_EQ(::pipe(results.data()), 0);
    for (int i = 0; i < kProcesses; ++i) {
      if (::fork() != 0) continue;
      char go = 0;
      ::close(start[1]);
      (void)!::read(start[0], &go, 1);
      const std::string sealed = load_sealer(path_, true)->seal(runtime::Secret("x"), kMine) + "\n";
      const bool written =
          ::write(results[1], sealed.data(), sealed.size()) == static_cast<ssize_t>(sealed.size());
      ::_exit(written ? 0 : 1);
    }
    ::close(start[0]);
    ::close(start[1]);  // the end of the pipe is the starting shot
    ::close(results[1]);
    std::string all;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 1; got > 0;) {
      got = ::read(results[0], buffer.data(), buffer.size());
      if (got > 0) all.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(results[0]);
    for (int i = 0; i < kProcesses; ++i) {
      int status = -1;
      ::wait(&status);
      EXPECT_EQ(status, 0);
    }
    const auto sealer = load_sealer(path_, false);
    std::istringstream lines(all);
    int opened = 0;
    for (std::string line; std::getline(lines, line);) opened += sealer->open(line, kMine) ? 1 : 0;
    EXPECT_EQ(opened, kProcesses);
    EXPECT_EQ(files(), 1U);
  }
}

}  // namespace
}  // namespace streaky::crypto

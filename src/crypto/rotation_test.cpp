// Keys that come, change and go while a process works with them, and halves that lie apart.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "crypto/key_file.h"
#include "crypto/keyring.h"
#include "crypto/sealer.h"

namespace streaky::crypto {
namespace {

using runtime::Secret;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

constexpr Binding kChannel{Purpose::channel, 7, 9};
constexpr Binding kToken{Purpose::github_token, 7, 0};

std::unique_ptr<Sealer> sealer_of(const Keyring& keys) {
  KeySource source;
  source.text = to_text(keys);
  source.name = "the test's keys";
  return load_sealer(std::move(source), false);
}

std::string code_of(const Sealer& sealer, const std::string& sealed, Binding binding) {
  const auto opened = sealer.open(sealed, binding);
  return opened ? "opened" : opened.error().code;
}

class Rotation : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "streaky_keys_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ + "/data.keys";
    ASSERT_TRUE(create_key_file(path_, keys_));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void add_keys() {
    keys_.masters.push_back(new_master_key(next_master_id(keys_)));
    keys_.channels.push_back(new_channel_key(next_channel_id(keys_)));
    save();
  }
  void drop_oldest() {
    keys_.masters.erase(keys_.masters.begin());
    keys_.channels.erase(keys_.channels.begin());
    save();
  }
  void save() const {
    const KeyFileLock lock(path_);
    replace_key_file(path_, keys_);
  }

  std::string folder_;
  std::string path_;
  Keyring keys_ = new_keyring();
};

TEST_F(Rotation, ARunningProcessSealsWithTheNewKeyAtOnce) {
  const auto sealer = load_sealer(path_, false);
  EXPECT_THAT(sealer->seal(Secret("x"), kToken), StartsWith("v1.k1x"));
  EXPECT_THAT(sealer->seal(Secret("x"), kChannel), StartsWith("c1.ch1x"));
  add_keys();
  EXPECT_THAT(sealer->seal(Secret("x"), kToken), StartsWith("v1.k2x"));
  EXPECT_THAT(sealer->seal(Secret("x"), kChannel), StartsWith("c1.ch2x"));
  EXPECT_THAT(sealer->seals_as(Purpose::github_token), StartsWith("v1.k2x"));
  EXPECT_THAT(sealer->seals_as(Purpose::channel), StartsWith("c1.ch2x"));
}

TEST_F(Rotation, ARunningProcessOpensWhatAnotherSealedWithTheNewKey) {
  const auto running = load_sealer(path_, false);
  add_keys();
  const auto other = load_sealer(path_, false);
  for (const Binding& binding : {kToken, kChannel}) {
    EXPECT_EQ(code_of(*running, other->seal(Secret("x"), binding), binding), "opened");
  }
}

TEST_F(Rotation, WhatWasReadBeforeAKeyRetiredStillOpensInTheProcessThatReadIt) {
  const auto running = load_sealer(path_, false);
  const std::string token = running->seal(Secret("x"), kToken);
  const std::string channel = running->seal(Secret("x"), kChannel);
  add_keys();
  (void)running->seal(Secret("y"), kToken);
  drop_oldest();
  (void)running->seal(Secret("y"), kToken);
  EXPECT_EQ(code_of(*running, token, kToken), "opened");
  EXPECT_EQ(code_of(*running, channel, kChannel), "opened");
  const auto fresh = load_sealer(path_, false);
  EXPECT_EQ(code_of(*fresh, token, kToken), "sealed_unknown_key");
  EXPECT_EQ(code_of(*fresh, channel, kChannel), "sealed_unknown_key");
}

TEST_F(Rotation, AFileThatIsGoneOrBrokenLeavesTheProcessItsKeys) {
  const auto sealer = load_sealer(path_, false);
  const std::string token = sealer->seal(Secret("x"), kToken);
  std::ofstream(path_, std::ios::trunc) << "nonsense\n";
  EXPECT_EQ(code_of(*sealer, token, kToken), "opened");
  EXPECT_THAT(sealer->seal(Secret("x"), kToken), StartsWith("v1.k1x"));
  std::filesystem::remove(path_);
  EXPECT_EQ(code_of(*sealer, sealer->seal(Secret("x"), kChannel), kChannel), "opened");
  add_keys();
  EXPECT_THAT(sealer->seal(Secret("x"), kToken), StartsWith("v1.k2x")) << "mended";
}

TEST_F(Rotation, TheRightFilePutBackHealsARunningProcess) {
  const auto right = load_sealer(path_, false);
  const std::string token = right->seal(Secret("x"), kToken);
  const std::string channel = right->seal(Secret("x"), kChannel);
  const Keyring mine = keys_.clone();
  keys_.masters[0] = new_master_key(keys_.masters[0].id);
  keys_.channels[0] = new_channel_key(keys_.channels[0].id);
  save();
  const auto running = load_sealer(path_, false);
  EXPECT_EQ(code_of(*running, token, kToken), "sealed_does_not_open");
  EXPECT_EQ(code_of(*running, channel, kChannel), "sealed_does_not_open");
  keys_ = mine.clone();
  save();
  EXPECT_EQ(code_of(*running, token, kToken), "opened");
  EXPECT_EQ(code_of(*running, channel, kChannel), "opened");
}

TEST_F(Rotation, AFileThatCannotBeReadAnyMoreIsSaid) {
  const auto running = load_sealer(path_, false);
  add_keys();
  const std::string sealed = load_sealer(path_, false)->seal(Secret("x"), kToken);
  ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
  const auto opened = running->open(sealed, kToken);
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().message, HasSubstr("others than its owner may use it"));
}

TEST_F(Rotation, TheFileThatReplacesKeepsItsOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  constexpr uid_t kNobody = 65534;
  ASSERT_EQ(::chown(path_.c_str(), kNobody, kNobody), 0);
  add_keys();
  struct stat facts{};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_uid, kNobody);
  EXPECT_EQ(facts.st_gid, kNobody);
  EXPECT_EQ(facts.st_mode & 07777U, 0600U);
}

TEST_F(Rotation, ThreadsSealAndOpenWhileKeysComeAndGo) {
  const auto sealer = load_sealer(path_, false);
  std::atomic<bool> done = false;
  std::atomic<int> failures = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!done) {
        for (const Binding& binding : {kToken, kChannel}) {
          const std::string sealed = sealer->seal(Secret("x"), binding);
          if (!sealer->open(sealed, binding)) ++failures;
        }
      }
    });
  }
  for (int i = 0; i < 30; ++i) {
    add_keys();
    drop_oldest();
  }
  done = true;
  threads.clear();
  EXPECT_EQ(failures, 0);
}

TEST(KeyHalves, ThePublicHalfSealsAndOnlyThePrivateOneOpens) {
  Keyring both = new_keyring();
  Keyring worker = both.clone();
  worker.channels[0] = worker.channels[0].without_private_half();
  Keyring proxy;
  proxy.channels = both.clone().channels;

  const auto at_worker = sealer_of(worker);
  const auto at_proxy = sealer_of(proxy);
  const std::string channel = at_worker->seal(Secret("webhook"), kChannel);
  EXPECT_EQ(code_of(*at_worker, channel, kChannel), "sealed_no_private_key");
  EXPECT_EQ(at_proxy->open(channel, kChannel)->reveal(), "webhook");
  EXPECT_EQ(sealer_of(both)->open(channel, kChannel)->reveal(), "webhook");
  EXPECT_EQ(to_text(worker).reveal().find(
                std::string(to_text(proxy).reveal()).substr(to_text(proxy).reveal().size() - 44)),
            std::string::npos)
      << "the private half is not in the worker's keys";

  const std::string token = at_worker->seal(Secret("token"), kToken);
  EXPECT_EQ(code_of(*at_worker, token, kToken), "opened");
  EXPECT_EQ(code_of(*at_proxy, token, kToken), "sealed_unknown_key");
  EXPECT_THROW((void)at_proxy->seal(Secret("token"), kToken), std::runtime_error);
  EXPECT_EQ(at_proxy->seals_as(Purpose::github_token), "");
}

TEST(KeyHalves, AKeyFileFromBeforeChannelKeysSealsAsItDid) {
  Keyring old;
  old.masters.push_back(new_master_key("k1"));
  const auto sealer = sealer_of(old);
  const std::string channel = sealer->seal(Secret("webhook"), kChannel);
  EXPECT_THAT(channel, StartsWith("v1.k1."));

  Keyring rotated = old.clone();
  rotated.masters.push_back(new_master_key("k2"));
  rotated.channels.push_back(new_channel_key("ch1"));
  const auto now = sealer_of(rotated);
  const auto resealed = reseal(*now, channel, kChannel);
  ASSERT_TRUE(resealed.has_value());
  EXPECT_THAT(*resealed, StartsWith("c1.ch1."));
  EXPECT_EQ(now->open(*resealed, kChannel)->reveal(), "webhook");
  EXPECT_EQ(reseal(*now, channel, kToken).error().code, "sealed_does_not_open");
}

TEST(KeyHalves, ResealingIsDoneByWhoHoldsThePrivateHalves) {
  Keyring proxy;
  proxy.channels.push_back(new_channel_key("ch1"));
  const std::string old = sealer_of(proxy)->seal(Secret("webhook"), kChannel);
  proxy.channels.push_back(new_channel_key("ch2"));
  const auto at_proxy = sealer_of(proxy);
  const auto resealed = reseal(*at_proxy, old, kChannel);
  ASSERT_TRUE(resealed.has_value()) << resealed.error().message;
  EXPECT_THAT(*resealed, StartsWith("c1.ch2."));

  Keyring worker;
  worker.channels.push_back(proxy.channels[1].without_private_half());
  EXPECT_EQ(reseal(*sealer_of(worker), *resealed, kChannel).error().code, "sealed_no_private_key");
}

TEST(Keyring, TextAndBackIsTheSame) {
  Keyring keys = new_keyring();
  keys.masters.push_back(new_master_key("second"));
  keys.channels.push_back(new_channel_key("ch2").without_private_half());
  keys.masters[1].prepared = true;
  keys.channels[1].prepared = true;
  const Keyring back = parse_keyring(to_text(keys).reveal(), "text");
  ASSERT_EQ(back.masters.size(), 2U);
  ASSERT_EQ(back.channels.size(), 2U);
  EXPECT_EQ(back.masters[1].bytes.reveal(), keys.masters[1].bytes.reveal());
  EXPECT_EQ(back.channels[0].private_half.reveal(), keys.channels[0].private_half.reveal());
  EXPECT_EQ(back.channels[0].public_half, keys.channels[0].public_half);
  EXPECT_TRUE(back.channels[1].private_half.empty());
  EXPECT_TRUE(back.masters[1].prepared);
  EXPECT_TRUE(back.channels[1].prepared);
  EXPECT_FALSE(back.masters[0].prepared);
  EXPECT_EQ(back.channels[1].public_half, keys.channels[1].public_half);
}

TEST(Keyring, APreparedKeyOpensButDoesNotSealYet) {
  Keyring keys = new_keyring();
  keys.masters.push_back(new_master_key("k2"));
  keys.channels.push_back(new_channel_key("ch2"));
  const auto ahead = sealer_of(keys);
  keys.masters[1].prepared = true;
  keys.channels[1].prepared = true;
  const auto waiting = sealer_of(keys);
  EXPECT_THAT(waiting->seal(Secret("x"), kToken), StartsWith("v1.k1x"));
  EXPECT_THAT(waiting->seal(Secret("x"), kChannel), StartsWith("c1.ch1x"));
  EXPECT_EQ(code_of(*waiting, ahead->seal(Secret("x"), kToken), kToken), "opened");
  EXPECT_EQ(code_of(*waiting, ahead->seal(Secret("x"), kChannel), kChannel), "opened");
}

TEST_F(Rotation, TwoCommandsDoNotChangeTheFileAtOnce) {
  const KeyFileLock first(path_);
  EXPECT_THROW(KeyFileLock second(path_), std::runtime_error);
}

TEST(Keyring, IdsNeverComeTwice) {
  Keyring keys = new_keyring();
  EXPECT_THAT(keys.masters[0].id, MatchesRegex("k1x[0-9a-f]{8}"));
  EXPECT_THAT(keys.channels[0].id, MatchesRegex("ch1x[0-9a-f]{8}"));
  keys.masters.push_back(new_master_key("k9"));
  keys.masters.push_back(new_master_key("mine"));
  keys.masters.push_back(new_master_key("k4294967295"));
  EXPECT_THAT(next_master_id(keys), MatchesRegex("k10x[0-9a-f]{8}"));
  EXPECT_THAT(next_channel_id(keys), MatchesRegex("ch2x[0-9a-f]{8}"));
  EXPECT_NE(next_master_id(keys), next_master_id(keys)) << "two machines, two keys";
  EXPECT_TRUE(is_key_id(next_channel_id(keys)));
}

TEST(Keyring, AFingerprintTellsKeysOfTheSameIdApart) {
  const Keyring keys = new_keyring();
  EXPECT_EQ(fingerprint_of(keys.masters[0]), fingerprint_of(keys.clone().masters[0]));
  EXPECT_EQ(fingerprint_of(keys.channels[0]),
            fingerprint_of(keys.channels[0].without_private_half()));
  EXPECT_NE(fingerprint_of(keys.masters[0]), fingerprint_of(new_master_key(keys.masters[0].id)));
  EXPECT_NE(fingerprint_of(keys.channels[0]), fingerprint_of(new_channel_key(keys.channels[0].id)));
}

TEST(Keyring, KeysInAVariableNameItInErrors) {
  KeySource source;
  source.text = Secret("k1 short");
  source.name = "STREAKY_KEYS_TEXT";
  try {
    (void)load_sealer(std::move(source), false);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("STREAKY_KEYS_TEXT: line 1: after the key id"));
  }
}

TEST_F(Rotation, AnExistingFileIsNeverOverwritten) {
  const auto before = mark_of(path_);
  EXPECT_FALSE(create_key_file(path_, new_keyring()));
  EXPECT_EQ(mark_of(path_), before);
}

TEST_F(Rotation, TheFileThatReplacesIsForItsOwnerAloneAndFollowsALink) {
  const std::string real = folder_ + "/real.keys";
  std::filesystem::rename(path_, real);
  std::filesystem::create_symlink(real, path_);
  std::ofstream(real + ".next") << "left by a killed process";
  const mode_t old = ::umask(0);
  add_keys();
  ::umask(old);
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  struct stat facts{};
  ASSERT_EQ(::stat(real.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0600U);
  EXPECT_FALSE(std::filesystem::exists(real + ".next"));
  EXPECT_EQ(read_keys(KeySource{.file = path_, .text = {}, .name = {}}, false).keys.masters.size(),
            2U);
}

TEST_F(Rotation, ACredentialOfTheServiceManagerMayShowAnAccessListsMask) {
  ASSERT_EQ(::chmod(path_.c_str(), 0440), 0);
  KeySource source;
  source.file = path_;
  EXPECT_THROW((void)read_keys(source, false), std::runtime_error);
  source.from_service_manager = true;
  EXPECT_EQ(read_keys(source, false).keys.masters.size(), 1U);
  ASSERT_EQ(::chmod(path_.c_str(), 0444), 0);
  EXPECT_THROW((void)read_keys(source, false), std::runtime_error);
}

}  // namespace
}  // namespace streaky::crypto

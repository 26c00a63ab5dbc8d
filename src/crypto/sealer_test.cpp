#include "crypto/sealer.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>

#include "runtime/bytes.h"
#include "runtime/random.h"

namespace streaky::crypto {
namespace {

using runtime::Secret;

constexpr Binding kMine{Purpose::channel, 7, 9};
constexpr Binding kMyToken{Purpose::github_token, 7, 0};
// The two sealed forms, by what a binding leads to.
constexpr std::array kBoth = {kMine, kMyToken};

std::string prefix_of(const std::string& sealed) {
  return sealed.substr(0, sealed.find('.', sealed.find('.') + 1) + 1);
}

std::string code_of(const Sealer& sealer, std::string_view sealed, Binding binding = kMine) {
  const auto opened = sealer.open(sealed, binding);
  if (opened) return "opened";
  EXPECT_TRUE(opened.error().permanent);
  return opened.error().code;
}

TEST(Sealer, OpensWhatItSealed) {
  const auto sealer = make_ephemeral_sealer();
  for (const std::string& value : {std::string(), std::string("x"), std::string("a\0b", 3),
                                   std::string(kMaxSealableBytes, 'z')}) {
    for (const Purpose purpose :
         {Purpose::channel, Purpose::github_token, Purpose::session, Purpose::action_link}) {
      const Binding binding{purpose, 7, 9};
      const auto opened = sealer->open(sealer->seal(Secret(value), binding), binding);
      ASSERT_TRUE(opened.has_value()) << value.size();
      EXPECT_EQ(opened->reveal(), value);
    }
  }
}

TEST(Sealer, RefusesToSealWhatIsTooLong) {
  EXPECT_THROW(
      (void)make_ephemeral_sealer()->seal(Secret(std::string(kMaxSealableBytes + 1, 'z')), kMine),
      std::length_error);
}

TEST(Sealer, ShowsNothingOfTheValueAndNeverTheSameTextTwice) {
  const auto sealer = make_ephemeral_sealer();
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string sealed = sealer->seal(Secret("ghp_secret"), kMine);
    EXPECT_EQ(sealed.rfind("c1.tmp.", 0), 0U);
    // The whole value: four letters of it turn up by chance once in a thousand runs.
    const auto bytes = runtime::base64url_decode(sealed.substr(prefix_of(sealed).size()));
    ASSERT_TRUE(bytes.has_value());
    EXPECT_EQ(bytes->find("ghp_secret"), std::string::npos);
    EXPECT_EQ(sealed.find(runtime::base64url_encode("ghp_secret").substr(0, 8)), std::string::npos);
    EXPECT_TRUE(seen.insert(sealed).second);
  }
}

TEST(Sealer, EachFlippedBitIsNoticed) {
  const auto sealer = make_ephemeral_sealer();
  for (const Binding& binding : kBoth) {
    const std::string sealed = sealer->seal(Secret("https://example.invalid/x"), binding);
    for (std::size_t i = 0; i < sealed.size() * 8; ++i) {
      std::string bent = sealed;
      bent[i / 8] = static_cast<char>(static_cast<unsigned char>(bent[i / 8]) ^ (1U << (i % 8)));
      EXPECT_NE(code_of(*sealer, bent, binding), "opened") << "bit " << i;
    }
  }
}

TEST(Sealer, EachFlippedBitOfTheBytesInsideIsNoticed) {
  const auto sealer = make_ephemeral_sealer();
  for (const Binding& binding : kBoth) {
    const std::string sealed = sealer->seal(Secret("value"), binding);
    const std::string prefix = prefix_of(sealed);
    const auto bytes = runtime::base64url_decode(sealed.substr(prefix.size()));
    ASSERT_TRUE(bytes.has_value());
    for (std::size_t i = 0; i < bytes->size() * 8; ++i) {
      std::string bent = *bytes;
      bent[i / 8] = static_cast<char>(static_cast<unsigned char>(bent[i / 8]) ^ (1U << (i % 8)));
      EXPECT_EQ(code_of(*sealer, prefix + runtime::base64url_encode(bent), binding),
                "sealed_does_not_open");
    }
  }
}

TEST(Sealer, EachPartOfTheBindingCounts) {
  const auto sealer = make_ephemeral_sealer();
  const std::string sealed = sealer->seal(Secret("value"), kMine);
  const Binding others[] = {
      {Purpose::github_token, 7, 9},
      {Purpose::channel, 8, 9},
      {Purpose::channel, 7, 0},
      {Purpose::channel, 9, 7},
      {Purpose::channel, 79, 0},
      {Purpose::channel, -7, 9},
      {Purpose::channel, 7, 9 + (std::int64_t{1} << 32)},
  };
  for (const Binding& other : others) {
    EXPECT_EQ(code_of(*sealer, sealed, other), "sealed_does_not_open")
        << other.user_id << ' ' << other.channel_id;
  }
  EXPECT_EQ(code_of(*sealer, sealed), "opened");

  const std::string token = sealer->seal(Secret("value"), kMyToken);
  for (const Purpose purpose : {Purpose::channel, Purpose::session, Purpose::action_link}) {
    EXPECT_EQ(code_of(*sealer, token, {purpose, 7, 0}), "sealed_does_not_open");
  }
  EXPECT_EQ(code_of(*sealer, token, {Purpose::github_token, 8, 0}), "sealed_does_not_open");
}

TEST(Sealer, OneFormIsNotTakenForTheOther) {
  const auto sealer = make_ephemeral_sealer();
  for (const Binding& binding : kBoth) {
    std::string sealed = sealer->seal(Secret(std::string(60, 'x')), binding);
    sealed[0] = sealed[0] == 'v' ? 'c' : 'v';
    EXPECT_EQ(code_of(*sealer, sealed, binding), "sealed_does_not_open");
  }
}

TEST(Sealer, EveryTruncationIsRefused) {
  const auto sealer = make_ephemeral_sealer();
  for (const Binding& binding : kBoth) {
    const std::string sealed = sealer->seal(Secret("value"), binding);
    for (std::size_t length = 0; length < sealed.size(); ++length) {
      EXPECT_NE(code_of(*sealer, sealed.substr(0, length), binding), "opened") << length;
    }
    EXPECT_NE(code_of(*sealer, sealed + "A", binding), "opened");
    EXPECT_NE(code_of(*sealer, sealed + "\n", binding), "opened");
  }
}

TEST(Sealer, HostileEnvelopesAreRefusedPlainly) {
  const auto sealer = make_ephemeral_sealer();
  const std::string body(40, 'A');
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("v1"),
        std::string("v1.tmp"), "v2.tmp." + body, "c2.tmp." + body, "v1.TMP." + body, "v1.." + body,
        "c1.." + body, "v1.abcdefghijklmnopq." + body, "v1.tmp." + body + "==", "v1.tmp.+" + body,
        std::string("v1.tmp.AAAA"), "c1.tmp." + body, std::string(1U << 20U, 'A'),
        "v1.tmp." + std::string(1U << 20U, 'A'), "c1.tmp." + std::string(1U << 20U, 'A')}) {
    EXPECT_EQ(code_of(*sealer, text), "sealed_malformed") << text.substr(0, 40);
  }
}

TEST(Sealer, TenThousandRandomAndTruncatedEnvelopesAreRefused) {
  const auto sealer = make_ephemeral_sealer();
  runtime::SeededRandom random(5);
  for (int i = 0; i < 10'000; ++i) {
    const Binding& binding = kBoth.at(random.below(2));
    std::string text = sealer->seal(Secret("a value of some length"), binding);
    const std::string prefix = prefix_of(text);
    switch (random.below(4)) {
      case 0:
        text = prefix;
        for (auto left = random.below(120); left > 0; --left) {
          text.push_back(static_cast<char>(random.below(256)));
        }
        break;
      case 1: {
        std::string bytes;
        for (auto left = random.below(120); left > 0; --left) {
          bytes.push_back(static_cast<char>(random.below(256)));
        }
        text = prefix + runtime::base64url_encode(bytes);
        break;
      }
      case 2:
        text.resize(random.below(text.size()));
        break;
      default:
        text.erase(random.below(text.size()), 1 + random.below(3));
    }
    EXPECT_NE(code_of(*sealer, text, binding), "opened") << text;
  }
}

TEST(Sealer, NamesTheKeyThatIsMissing) {
  const auto sealer = make_ephemeral_sealer();
  const auto opened = sealer->open("v1.k9." + std::string(40, 'A'), kMine);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, "sealed_unknown_key");
  EXPECT_NE(opened.error().message.find("k9"), std::string::npos);
}

// The sealed form is a promise to databases that exist: this one was written by version 0.1.
TEST(Sealer, OpensWhatVersion01Sealed) {
  const auto folder = std::filesystem::temp_directory_path() / "streaky_sealer_form";
  std::filesystem::create_directories(folder);
  const auto path = folder / "keys";
  std::ofstream(path) << "k1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  const auto sealer = load_sealer(path, false);
  const auto opened = sealer->open("v1.k1.ZGVmZ2hpamtsbW5veU98-Qx15oqMxhJF5A0QhKZ_ALKU", kMine);
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  EXPECT_EQ(opened->reveal(), "hello");
}

// The same for channel credentials: made with Python's cryptography and hmac from RFC 9180.
TEST(Sealer, OpensAChannelCredentialThatAnotherImplementationSealed) {
  KeySource source;
  source.text = Secret("channel ch1 IAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
  source.name = "keys";
  const auto sealer = load_sealer(std::move(source), false);
  const auto opened = sealer->open(
      "c1.ch1.j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF944BA5AjMXpyanuL2_qePywzrIjR4", kMine);
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  EXPECT_EQ(opened->reveal(), "hello");
}

}  // namespace
}  // namespace streaky::crypto

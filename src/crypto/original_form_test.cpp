#include "crypto/original_form.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "crypto/sealer.h"
#include "runtime/random.h"

namespace streaky::crypto {
namespace {

using runtime::Secret;

const std::string kKeyString = "0123456789abcdef0123456789ABCDEF and what follows does not count";
const std::string kValue = "https://discord.com/api/webhooks/42/a-token_of>the?original";
// Made as the original makes it: WebCrypto, AES-GCM, then btoa.
const std::string kSealed =
    "ABcuRVxziqG4z+b9mdoHch6MiIGahBBd5uzDFgLdQlaPy2XJf+NrgqlgpHcJdpE+gh535IHKeXkaRpoptrcPCoNIpF3S6H"
    "sJRGUZDkg7SuneMvmrlRRD";

std::string code_of(const std::string& text, const std::string& key = kKeyString) {
  const auto opened = open_original(Secret(key), text);
  if (opened) return "opened";
  EXPECT_TRUE(opened.error().permanent);
  EXPECT_EQ(opened.error().message.find(key), std::string::npos);
  return opened.error().code;
}

std::string replaced(std::string text, char from, char to) {
  for (char& c : text) c = c == from ? to : c;
  return text;
}

TEST(OriginalForm, OpensWhatTheOriginalSealed) {
  const auto opened = open_original(Secret(kKeyString), kSealed);
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  EXPECT_EQ(opened->reveal(), kValue);
  EXPECT_EQ(code_of(kSealed, kKeyString.substr(0, 32)), "opened") << "the rest does not count";
}

TEST(OriginalForm, TakesBothAlphabetsPaddedOrNot) {
  ASSERT_NE(kSealed.find('+'), std::string::npos);
  EXPECT_EQ(code_of(replaced(replaced(kSealed, '+', '-'), '/', '_')), "opened");
  for (std::size_t length = 0; length < 4; ++length) {
    std::string sealed = seal_original(Secret(kKeyString), Secret(std::string(length, 'x')));
    EXPECT_EQ(sealed.size() % 4, 0U);
    EXPECT_EQ(code_of(sealed), "opened") << length;
    sealed.erase(sealed.find_last_not_of('=') + 1);
    EXPECT_EQ(code_of(sealed), "opened") << length;
  }
}

TEST(OriginalForm, WhatItSealsOpensAgainAndNeverLooksTheSame) {
  const std::string one = seal_original(Secret(kKeyString), Secret(kValue));
  EXPECT_NE(one, seal_original(Secret(kKeyString), Secret(kValue)));
  EXPECT_EQ(open_original(Secret(kKeyString), one)->reveal(), kValue);
  EXPECT_EQ(one.find_first_of("-_"), std::string::npos) << "the original reads this alphabet";
}

TEST(OriginalForm, EachChangedCharacterIsNoticed) {
  for (std::size_t i = 0; i < kSealed.size(); ++i) {
    std::string bent = kSealed;
    bent[i] = bent[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(code_of(bent), "opened") << i;
  }
  for (std::size_t length = 0; length < kSealed.size(); ++length) {
    EXPECT_NE(code_of(kSealed.substr(0, length)), "opened") << length;
  }
  std::string other = kKeyString;
  other[31] = 'G';
  EXPECT_EQ(code_of(kSealed, other), "sealed_does_not_open");
}

TEST(OriginalForm, RefusesWhatIsNoSealedValue) {
  for (const std::string& text :
       {std::string(), std::string("="), std::string("===="), std::string("AAAA"),
        kSealed.substr(0, 36), kSealed + "=", kSealed + "====", kSealed + " ", "\n" + kSealed,
        kSealed.substr(0, 10) + "=" + kSealed.substr(11), std::string(1U << 20U, 'A'),
        std::string(1U << 20U, '=')}) {
    EXPECT_NE(code_of(text), "opened") << text.substr(0, 50);
  }
  EXPECT_EQ(code_of("AAAA"), "sealed_malformed");
  runtime::SeededRandom random(11);
  for (int i = 0; i < 5'000; ++i) {
    std::string text;
    for (auto left = random.below(120); left > 0; --left) {
      text.push_back(static_cast<char>(random.below(256)));
    }
    EXPECT_NE(code_of(text), "opened");
  }
}

TEST(OriginalForm, AShortKeyStringIsRefused) {
  EXPECT_EQ(code_of(kSealed, kKeyString.substr(0, 31)), "original_key_too_short");
  EXPECT_FALSE(is_original_key(Secret(std::string(31, 'k'))));
  EXPECT_TRUE(is_original_key(Secret(std::string(32, 'k'))));
  EXPECT_THROW(seal_original(Secret("short"), Secret("x")), std::invalid_argument);
  EXPECT_THROW(seal_original(Secret(kKeyString), Secret(std::string(kMaxSealableBytes + 1, 'z'))),
               std::length_error);
}

}  // namespace
}  // namespace streaky::crypto

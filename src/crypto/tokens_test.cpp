#include "crypto/tokens.h"

#include <gtest/gtest.h>

namespace streaky::crypto {
namespace {

TEST(Tokens, AreLongAndNeverTheSame) {
  const runtime::Secret one = make_token();
  const runtime::Secret other = make_token();
  EXPECT_TRUE(is_token(one.reveal()));
  EXPECT_NE(one.reveal(), other.reveal());
}

TEST(Tokens, WhatCannotBeOneIsKnown) {
  const std::string token(make_token().reveal());
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token(token.substr(1)));
  EXPECT_FALSE(is_token(token + "A"));
  EXPECT_FALSE(is_token("'" + token.substr(1)));
}

TEST(Tokens, AHashIsSha256InHexadecimal) {
  // FIPS 180-4, the example "abc".
  EXPECT_EQ(hash_token("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Tokens, WhatIsDerivedDependsOnTokenAndPurpose) {
  EXPECT_EQ(derived_token("token", "form"), derived_token("token", "form"));
  EXPECT_NE(derived_token("token", "form"), derived_token("token", "other"));
  EXPECT_NE(derived_token("token", "form"), derived_token("tokem", "form"));
}

TEST(Tokens, TheChallengeIsThatOfTheStandard) {
  // RFC 7636, appendix B.
  EXPECT_EQ(pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

}  // namespace
}  // namespace streaky::crypto

#include "crypto/primitives.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "crypto/hex_testing.h"

namespace streaky::crypto {
namespace {

std::string repeat_range(int first, int last) {
  std::string out;
  for (int value = first; value <= last; ++value) out.push_back(static_cast<char>(value));
  return out;
}

// RFC 5869, appendix A.1 to A.3.
TEST(Hkdf, Rfc5869TestCase1) {
  const auto out =
      hkdf_sha256(std::string(22, '\x0b'), repeat_range(0, 12), repeat_range(0xf0, 0xf9), 42);
  EXPECT_EQ(out.reveal(), unhex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                                "34007208d5b887185865"));
}

TEST(Hkdf, Rfc5869TestCase2LongerInputs) {
  const auto out =
      hkdf_sha256(repeat_range(0x00, 0x4f), repeat_range(0x60, 0xaf), repeat_range(0xb0, 0xff), 82);
  EXPECT_EQ(
      out.reveal(),
      unhex("b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271"
            "cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"));
}

TEST(Hkdf, Rfc5869TestCase3WithoutSaltAndInfo) {
  const auto out = hkdf_sha256(std::string(22, '\x0b'), "", "", 42);
  EXPECT_EQ(out.reveal(), unhex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                                "9d201395faa4b61a96c8"));
}

// RFC 4231, sections 4.2 and 4.3; FIPS 180-2, appendix B.1.
TEST(Hmac, Rfc4231) {
  EXPECT_EQ(hmac_sha256(std::string(20, '\x0b'), "Hi There"),
            unhex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
  EXPECT_EQ(hmac_sha256("Jefe", "what do ya want for nothing?"),
            unhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
}

TEST(Hmac, AnEmptyKeyIsNotTheKeyOfLastTime) {
  const std::string empty = hmac_sha256(std::string_view(), "text");
  (void)hmac_sha256("another key", "text");
  EXPECT_EQ(hmac_sha256(std::string_view(), "text"), empty);
}

TEST(Sha256, Fips180) {
  EXPECT_EQ(sha256("abc"),
            unhex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

struct GcmVector {
  const char* key;
  const char* nonce;
  const char* plaintext;
  const char* associated;
  const char* ciphertext;
  const char* tag;
};

// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 to 16 (AES-256, the set
// that NIST took over).
constexpr GcmVector kGcmVectors[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "00000000000000000000000000000000", "", "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
     "b525b16aedf5aa0de657ba637b391aafd255",
     "",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105682"
     "8838c5f61e6393ba7a0abcc9f662898015ad",
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
     "b525b16aedf5aa0de657ba637b39",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105682"
     "8838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

TEST(Gcm, KnownAnswers) {
  for (const GcmVector& vector : kGcmVectors) {
    const runtime::Secret key(unhex(vector.key));
    const std::string expected = unhex(vector.ciphertext) + unhex(vector.tag);
    EXPECT_EQ(
        gcm_encrypt(key, unhex(vector.nonce), unhex(vector.associated), unhex(vector.plaintext)),
        expected);
    const auto opened = gcm_decrypt(key, unhex(vector.nonce), unhex(vector.associated), expected);
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->reveal(), unhex(vector.plaintext));
  }
}

TEST(Gcm, ChangedAssociatedDataOrNonceDoesNotOpen) {
  const runtime::Secret key(std::string(kKeyBytes, 'k'));
  const std::string nonce(kNonceBytes, 'n');
  const std::string sealed = gcm_encrypt(key, nonce, "mine", "text");
  EXPECT_FALSE(gcm_decrypt(key, nonce, "minf", sealed).has_value());
  EXPECT_FALSE(gcm_decrypt(key, std::string(kNonceBytes, 'm'), "mine", sealed).has_value());
  EXPECT_FALSE(gcm_decrypt(key, nonce, "mine", sealed.substr(0, kTagBytes - 1)).has_value());
  EXPECT_FALSE(gcm_decrypt(key, nonce, "mine", "").has_value());
  EXPECT_TRUE(gcm_decrypt(key, nonce, "mine", sealed).has_value());
}

TEST(Gcm, RefusesKeysOfAnotherSize) {
  const runtime::Secret key(std::string(16, 'k'));
  EXPECT_THROW(gcm_encrypt(key, std::string(kNonceBytes, 'n'), "", "x"), std::invalid_argument);
}

TEST(RandomBytes, HaveTheSizeAndDiffer) {
  EXPECT_EQ(random_bytes(32).size(), 32U);
  EXPECT_NE(random_bytes(32), random_bytes(32));
}

}  // namespace
}  // namespace streaky::crypto

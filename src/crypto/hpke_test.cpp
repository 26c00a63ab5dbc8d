#include "crypto/hpke.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "crypto/hex_testing.h"

namespace streaky::crypto {
namespace {

using runtime::Secret;

X25519Private private_key(std::string_view hex) { return X25519Private(Secret(unhex(hex))); }

// RFC 9180, appendix A.1.1: DHKEM(X25519, HKDF-SHA256) as such.
TEST(Hpke, Rfc9180A11SharedSecret) {
  const auto receiver =
      private_key("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8");
  EXPECT_EQ(receiver.public_half(),
            unhex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"));
  const auto shared = hpke_decapsulate(
      receiver, unhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"));
  ASSERT_TRUE(shared.has_value());
  EXPECT_EQ(shared->reveal(),
            unhex("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc"));
}

// The RFC's own vectors beyond its appendix (test-vectors.json of the CFRG): mode 0, KEM 0x0020,
// KDF 0x0001, AEAD 0x0002, first message.
struct Vector {
  std::string info = unhex("4f6465206f6e2061204772656369616e2055726e");
  std::string associated = unhex("436f756e742d30");
  std::string plaintext = unhex("4265617574792069732074727574682c20747275746820626561757479");
  std::string sealed = unhex(
      "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256"
      "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d"
      "5b7a");
  X25519Private receiver =
      private_key("497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d");
  X25519Private ephemeral =
      private_key("179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11");
};

TEST(Hpke, Rfc9180Aes256GcmKnownAnswer) {
  const Vector known;
  EXPECT_EQ(known.receiver.public_half(),
            unhex("430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c"));
  EXPECT_EQ(hpke_seal_with(known.ephemeral, known.receiver.public_half(), known.info,
                           known.associated, known.plaintext),
            known.sealed);
  const auto opened = hpke_open(known.receiver, known.info, known.associated, known.sealed);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->reveal(), known.plaintext);
}

TEST(Hpke, EachFlippedBitIsNoticed) {
  const Vector known;
  for (std::size_t i = 0; i < known.sealed.size() * 8; ++i) {
    std::string bent = known.sealed;
    bent[i / 8] = static_cast<char>(static_cast<unsigned char>(bent[i / 8]) ^ (1U << (i % 8)));
    const bool opened = hpke_open(known.receiver, known.info, known.associated, bent).has_value();
    EXPECT_FALSE(opened) << "bit " << i;
  }
}

TEST(Hpke, InfoAssociatedDataAndReceiverCount) {
  const Vector known;
  EXPECT_FALSE(hpke_open(known.receiver, "other", known.associated, known.sealed));
  EXPECT_FALSE(hpke_open(known.receiver, known.info, "other", known.sealed));
  EXPECT_FALSE(hpke_open(known.ephemeral, known.info, known.associated, known.sealed));
  for (std::size_t length = 0; length < known.sealed.size(); ++length) {
    EXPECT_FALSE(hpke_open(known.receiver, known.info, known.associated,
                           std::string_view(known.sealed).substr(0, length)));
  }
}

// Points of small order (RFC 7748, section 6.1) would make the shared secret known to everybody.
TEST(Hpke, PointsOfSmallOrderAreRefused) {
  const Vector known;
  for (const char* point : {"0000000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000000",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"}) {
    EXPECT_FALSE(known.receiver.agree(unhex(point)));
    EXPECT_FALSE(hpke_open(known.receiver, "", "", unhex(point) + std::string(40, 'x')));
    EXPECT_THROW(hpke_seal(unhex(point), "", "", "text"), std::invalid_argument);
  }
  EXPECT_THROW(hpke_seal("short", "", "", "text"), std::invalid_argument);
}

TEST(Hpke, SealsDifferentlyEachTime) {
  const Vector known;
  const std::string one = hpke_seal(known.receiver.public_half(), "i", "a", "text");
  const std::string two = hpke_seal(known.receiver.public_half(), "i", "a", "text");
  EXPECT_NE(one.substr(0, kX25519Bytes), two.substr(0, kX25519Bytes));
  EXPECT_EQ(hpke_open(known.receiver, "i", "a", one)->reveal(), "text");
  EXPECT_EQ(hpke_open(known.receiver, "i", "a", two)->reveal(), "text");
}

}  // namespace
}  // namespace streaky::crypto

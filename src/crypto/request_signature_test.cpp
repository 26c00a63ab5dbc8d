#include "crypto/request_signature.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/random.h"

namespace streaky::crypto {
namespace {

using runtime::Millis;
using runtime::Secret;
using runtime::TimePoint;

constexpr TimePoint kNow{Millis{1'785'400'000'000}};
constexpr Millis kSecond{1'000};
constexpr RequestToSign kRequest{"POST", "/v1/deliveries", R"({"deliveries":[]})"};
const std::string kShared = "shared secret of the fleet";

std::vector<Secret> secrets(std::initializer_list<std::string> texts) {
  std::vector<Secret> out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

std::string sign(TimePoint now = kNow, const std::string& secret = kShared) {
  return sign_request(Secret(secret), kRequest, now);
}

std::string code_of(RequestVerifier& verifier, const std::string& header,
                    const RequestToSign& request = kRequest, TimePoint now = kNow) {
  const auto verified = verifier.verify(header, request, now);
  return verified ? "accepted" : verified.error().code;
}

TEST(RequestSignature, AcceptsWhatWasSignedOnce) {
  RequestVerifier verifier(secrets({kShared}));
  const std::string header = sign();
  EXPECT_EQ(code_of(verifier, header), "accepted");
  EXPECT_EQ(code_of(verifier, header), "signature_replayed");
  EXPECT_EQ(code_of(verifier, sign()), "accepted") << "the same request, signed anew";
}

// The form is a promise to the other side of the wire: made with Python's hmac and hashlib.
TEST(RequestSignature, IsOfTheFormThatIsWrittenDown) {
  RequestVerifier verifier(secrets({kShared}));
  EXPECT_EQ(code_of(verifier,
                    "t=1785400000,n=AAECAwQFBgcICQoLDA0ODw,"
                    "v1=JhNEU1GbI7pMkRrWlqQ6X9_t793w2nRyKEe1bID4bmw"),
            "accepted");
}

TEST(RequestSignature, NoticesEveryChangeOfTheRequest) {
  RequestVerifier verifier(secrets({kShared}));
  const std::string header = sign();
  const RequestToSign others[] = {
      {"GET", kRequest.path, kRequest.body},
      {kRequest.method, "/v1/reseal", kRequest.body},
      {kRequest.method, "/v1/deliveries?", kRequest.body},
      {kRequest.method, kRequest.path, ""},
      {kRequest.method, kRequest.path, R"({"deliveries":[] })"},
  };
  for (const RequestToSign& other : others) {
    EXPECT_EQ(code_of(verifier, header, other), "signature_wrong") << other.path << other.body;
  }
  EXPECT_EQ(code_of(verifier, header), "accepted") << "the failures took nothing from it";
}

TEST(RequestSignature, NoticesEveryChangedCharacterOfTheHeader) {
  const std::string header = sign();
  for (std::size_t i = 0; i < header.size(); ++i) {
    for (const char c : {'A', '0', ',', '='}) {
      if (header[i] == c) continue;
      RequestVerifier verifier(secrets({kShared}));
      std::string bent = header;
      bent[i] = c;
      EXPECT_NE(code_of(verifier, bent), "accepted") << bent;
    }
    RequestVerifier verifier(secrets({kShared}));
    EXPECT_NE(code_of(verifier, header.substr(0, i)), "accepted") << i;
  }
}

TEST(RequestSignature, FiveMinutesEitherWayAndNoMore) {
  RequestVerifier verifier(secrets({kShared}));
  EXPECT_EQ(code_of(verifier, sign(kNow - kSignatureAge)), "accepted");
  EXPECT_EQ(code_of(verifier, sign(kNow + kSignatureAge)), "accepted");
  EXPECT_EQ(code_of(verifier, sign(kNow - kSignatureAge - kSecond)), "signature_stale");
  EXPECT_EQ(code_of(verifier, sign(kNow + kSignatureAge + kSecond)), "signature_stale");
}

TEST(RequestSignature, ARepetitionIsKnownForAsLongAsItWouldBeFresh) {
  RequestVerifier verifier(secrets({kShared}));
  const TimePoint ahead = kNow + kSignatureAge;
  const std::string header = sign(ahead);
  EXPECT_EQ(code_of(verifier, header), "accepted");
  for (TimePoint now = kNow; now <= ahead + kSignatureAge; now += 10 * kSecond) {
    EXPECT_EQ(code_of(verifier, sign(now), kRequest, now), "accepted");
    EXPECT_EQ(code_of(verifier, header, kRequest, now), "signature_replayed");
  }
  EXPECT_EQ(code_of(verifier, header, kRequest, ahead + kSignatureAge + kSecond),
            "signature_stale");
}

TEST(RequestSignature, MemoryIsBoundedAndFreedAgain) {
  RequestVerifier verifier(secrets({kShared}), 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(code_of(verifier, sign()), "accepted");
  EXPECT_EQ(code_of(verifier, sign()), "signature_overload");
  EXPECT_FALSE(verifier.verify(sign(), kRequest, kNow).error().permanent);
  EXPECT_EQ(code_of(verifier, sign(kNow, "another secret")), "signature_wrong");
  EXPECT_EQ(verifier.remembered(), 3U);
  const TimePoint later = kNow + kSignatureAge + kSecond;
  EXPECT_EQ(code_of(verifier, sign(later), kRequest, later), "accepted");
  EXPECT_EQ(verifier.remembered(), 1U);
}

TEST(RequestSignature, SecretsCanBeReplacedWithoutAGap) {
  RequestVerifier verifier(secrets({"old secret", kShared}));
  EXPECT_EQ(code_of(verifier, sign(kNow, "old secret")), "accepted");
  EXPECT_EQ(code_of(verifier, sign()), "accepted");
  EXPECT_EQ(code_of(verifier, sign(kNow, "third secret")), "signature_wrong");
}

TEST(RequestSignature, HostileHeadersAreRefusedPlainly) {
  RequestVerifier verifier(secrets({kShared}));
  EXPECT_EQ(code_of(verifier, ""), "signature_missing");
  for (const std::string& header :
       {std::string("t="), std::string(",,,"), std::string("t=1,n=,v1="),
        "t=-1" + sign().substr(12), "t=+1" + sign().substr(12), sign() + ",", sign() + ",v1=A",
        "t=99999999999999999999999999" + sign().substr(12), std::string(1U << 20U, 't'),
        std::string("\0t=1", 4)}) {
    EXPECT_EQ(code_of(verifier, header), "signature_malformed") << header.substr(0, 60);
  }
  runtime::SeededRandom random(3);
  for (int i = 0; i < 5'000; ++i) {
    std::string text = "t=1785400000,n=";
    for (auto left = random.below(90); left > 0; --left) {
      text.push_back(static_cast<char>(random.below(256)));
    }
    EXPECT_NE(code_of(verifier, text), "accepted");
  }
  EXPECT_EQ(verifier.remembered(), 0U);
}

TEST(RequestSignature, ALineFeedInThePathCannotMoveTheFields) {
  RequestVerifier verifier(secrets({kShared}));
  EXPECT_THROW(sign_request(Secret(kShared), {"POST", "/a\nb", ""}, kNow), std::invalid_argument);
  EXPECT_EQ(code_of(verifier, sign(), {"POST", "/v1\n/deliveries", kRequest.body}),
            "signature_malformed");
}

TEST(RequestSignature, EmptyAndTooManySecretsAreRefused) {
  EXPECT_THROW(sign(kNow, ""), std::invalid_argument);
  EXPECT_THROW(RequestVerifier(secrets({})), std::invalid_argument);
  EXPECT_THROW(RequestVerifier(secrets({"a", ""})), std::invalid_argument);
  EXPECT_THROW(RequestVerifier(secrets({"1", "2", "3", "4", "5", "6", "7", "8", "9"})),
               std::invalid_argument);
}

}  // namespace
}  // namespace streaky::crypto

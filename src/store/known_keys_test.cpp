#include "store/known_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/sealed_values.h"
#include "store/store_testing.h"

namespace streaky::store {
namespace {

using testing::ElementsAre;

const KnownKey kFirst{"v1.k1.", "aaaa", false};
const KnownKey kSecond{"v1.k2.", "bbbb", false};

class KnownKeysTest : public StoreTest {
 protected:
  KnownKeys keys() { return KnownKeys(s_->database); }
};

TEST_P(KnownKeysTest, OfTwoWhoSawTheSameOneAdds) {
  EXPECT_TRUE(wait(keys().add({kFirst}, {})));
  EXPECT_FALSE(wait(keys().add({kSecond}, {}))) << "there is a first one by now";
  EXPECT_THAT(wait(keys().list()), ElementsAre(kFirst));
  EXPECT_TRUE(wait(keys().add({kSecond}, {kFirst})));
  EXPECT_THAT(wait(keys().list()), ElementsAre(kFirst, kSecond));
}

TEST_P(KnownKeysTest, AKeyKeepsTheFingerprintThatItCameWith) {
  ASSERT_TRUE(wait(keys().add({kFirst}, {})));
  EXPECT_TRUE(wait(keys().add({{kFirst.prefix, "other", false}}, {kFirst})));
  EXPECT_THAT(wait(keys().list()), ElementsAre(kFirst));
}

TEST_P(KnownKeysTest, ARetiredKeyShowsAsSuch) {
  ASSERT_TRUE(wait(keys().add({kFirst, kSecond}, {})));
  ASSERT_TRUE(wait(SealedValues(s_->database).retire(kFirst.prefix)));
  EXPECT_THAT(wait(keys().list()), ElementsAre(KnownKey{"v1.k1.", "aaaa", true}, kSecond));
  EXPECT_FALSE(wait(keys().add({{"v1.k3.", "cccc", false}}, {kFirst, kSecond})));
}

STREAKY_STORE_SUITE(KnownKeysTest);

}  // namespace
}  // namespace streaky::store

#include "store/operator_accounts.h"

#include "store/store_testing.h"

namespace streaky::store {
namespace {

class OperatorAccountsTest : public StoreTest {
 protected:
  std::string bind(const std::string& login, const std::string& account) {
    return wait(OperatorAccounts(s_->database).bind_login(login, account, kNow));
  }
};

TEST_P(OperatorAccountsTest, TheFirstAccountKeepsTheLogin) {
  EXPECT_EQ(bind("ada", "583231"), "583231");
  EXPECT_EQ(bind("ada", "999"), "583231");
  EXPECT_EQ(bind("eve", "999"), "999");
  EXPECT_EQ(bind("ada", "999"), "583231");
}

TEST_P(OperatorAccountsTest, ALoginThatIsNoOperatorsAnyMoreIsForgotten) {
  bind("ada", "1");
  bind("eve", "2");
  wait(OperatorAccounts(s_->database).keep_only({"eve", "it's"}));
  EXPECT_EQ(bind("ada", "3"), "3");
  EXPECT_EQ(bind("eve", "3"), "2");
}

STREAKY_STORE_SUITE(OperatorAccountsTest);

}  // namespace
}  // namespace streaky::store

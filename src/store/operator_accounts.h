// Whose account the login of an operator means: the first that acted under it. Names at GitHub can
// be given up and taken by others; ids cannot. Threading, errors: see database.h.
#pragma once

#include <string>
#include <vector>

#include "runtime/time.h"
#include "store/database.h"

namespace streaky::store {

class OperatorAccounts {
 public:
  explicit OperatorAccounts(Database& database) : database_(database) {}

  /// The account that the login (in small letters) is bound to; now to this one, where to none.
  runtime::Task<std::string> bind_login(std::string login, std::string account,
                                        runtime::TimePoint now);
  /// Forgets logins that are no operator's any more.
  runtime::Task<void> keep_only(std::vector<std::string> logins);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store

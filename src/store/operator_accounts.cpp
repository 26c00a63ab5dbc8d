#include "store/operator_accounts.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "store/session.h"

namespace streaky::store {

namespace {

std::string find_account(Session& session, const std::string& login) {
  std::string account;
  auto query = session.query("operator_accounts/find");
  query.bind("login", login).into(account);
  if (!query.next()) return {};
  return account;
}

}  // namespace

runtime::Task<std::string> OperatorAccounts::bind_login(std::string login, std::string account,
                                                        runtime::TimePoint now) {
  std::string bound;
  Database::Work look = [&](Session& session) { bound = find_account(session, login); };
  co_await database_.read(std::move(look));
  if (!bound.empty()) co_return bound;
  Database::Work work = [&](Session& session) {
    session.query("operator_accounts/bind")
        .bind("login", login)
        .bind("account", account)
        .bind("now", now)
        .run();
    bound = find_account(session, login);
  };
  co_await database_.write(std::move(work));
  co_return bound;
}

runtime::Task<void> OperatorAccounts::keep_only(std::vector<std::string> logins) {
  boost::json::array names;
  for (const std::string& login : logins) names.emplace_back(login);
  const std::string json = boost::json::serialize(names);
  Database::Work work = [&](Session& session) {
    session.query("operator_accounts/keep_only").bind("logins", json).run();
  };
  co_await database_.write(std::move(work));
}

}  // namespace streaky::store

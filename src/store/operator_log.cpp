#include "store/operator_log.h"

#include <algorithm>
#include <utility>

#include "store/session.h"

namespace streaky::store {

runtime::Task<void> OperatorLog::add(OperatorAction action) {
  Database::Work work = [&](Session& session) {
    session.query("operator_log/add")
        .bind("now", action.at)
        .bind("operator", action.who)
        .bind("action", action.action)
        .bind("subject", action.subject)
        .run();
    session.query("operator_log/drop_old").bind("keep", kMostKept).run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<std::vector<OperatorAction>> OperatorLog::newest(int limit) {
  std::vector<OperatorAction> actions;
  Database::Work work = [&](Session& session) {
    OperatorAction one;
    auto query = session.query("operator_log/newest");
    query.bind("limit", std::max(limit, 0));
    query.into(one.at, one.who, one.action, one.subject);
    while (query.next()) actions.push_back(one);
  };
  co_await database_.read(std::move(work));
  co_return actions;
}

}  // namespace streaky::store

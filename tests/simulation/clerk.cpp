#include "simulation/clerk.h"

#include <stdexcept>
#include <utility>

namespace streaky::simulation {

Clerk::Clerk(const std::string& database_path, const crypto::Sealer& sealer)
    : database_(io_.get_executor(),
                {.url = "sqlite:" + database_path, .mode = store::Database::Mode::inline_calls},
                metrics_),
      users_(database_),
      sealer_(sealer) {}

app::SaveReport Clerk::save(std::vector<account::UserDraft> drafts, runtime::TimePoint now) {
  std::vector<app::DraftReader::Draft> lines;
  std::int64_t line = 0;
  for (account::UserDraft& draft : drafts) {
    app::DraftReader::Draft one;
    one.line = ++line;
    one.user = std::move(draft);
    lines.push_back(std::move(one));
  }
  app::LinesByUser by_user;
  app::SaveReport report =
      await(app::save_drafts(&users_, &sealer_, std::move(lines), &by_user, now));
  if (!report.bad.empty()) {
    throw std::logic_error("settings were refused: " + report.bad.front().reason);
  }
  return report;
}

std::vector<std::int64_t> Clerk::sign_up(std::vector<account::UserDraft> drafts,
                                         runtime::TimePoint now) {
  const app::SaveReport report = save(std::move(drafts), now);
  std::vector<std::int64_t> ids;
  for (const store::User& user : report.users) ids.push_back(user.id);
  return ids;
}

bool Clerk::edit(account::UserDraft draft, runtime::TimePoint now) {
  std::vector<account::UserDraft> drafts;
  drafts.push_back(std::move(draft));
  try {
    save(std::move(drafts), now);
  } catch (const store::DatabaseError&) {
    return false;
  }
  return true;
}

bool Clerk::store_user(runtime::Result<store::User> user, runtime::TimePoint now) {
  if (!user) throw std::logic_error("a change was refused: " + user.error().message);
  std::vector<store::User> users;
  users.push_back(std::move(*user));
  await(users_.save(std::move(users), now));
  return true;
}

bool Clerk::pause(const std::string& login, std::optional<streak::Label> until,
                  runtime::TimePoint now) {
  try {
    auto found = await(app::find_for_edit(&users_, login, now));
    if (!found) throw std::logic_error("a user is gone from the tables: " + login);
    return store_user(account::pause_user(std::move(found->user), until, found->told_today, now),
                      now);
  } catch (const store::DatabaseError&) {
    return false;
  }
}

bool Clerk::resume(const std::string& login, runtime::TimePoint now) {
  try {
    auto found = await(app::find_for_edit(&users_, login, now));
    if (!found) throw std::logic_error("a user is gone from the tables: " + login);
    return store_user(account::resume_user(std::move(found->user), found->told_today, now), now);
  } catch (const store::DatabaseError&) {
    return false;
  }
}

}  // namespace streaky::simulation

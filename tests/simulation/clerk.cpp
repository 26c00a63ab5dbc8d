#include "simulation/clerk.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "account/day_action.h"

namespace streaky::simulation {

Clerk::Clerk(const std::string& database_path, const crypto::Sealer& sealer)
    : database_(io_.get_executor(),
                {.url = "sqlite:" + database_path, .mode = store::Database::Mode::inline_calls},
                metrics_),
      users_(database_),
      sealer_(sealer),
      links_(sealer, kSite) {}

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

bool Clerk::set_level(std::int64_t user_id, std::string_view kind, streak::ChannelLevel level,
                      runtime::TimePoint now) {
  account::Edit edit = [kind, level](const store::Allotted& allotted) {
    const auto& channels = allotted.existing->channels;
    const auto found = std::ranges::find(channels, kind, &store::Channel::kind);
    if (found == channels.end()) throw std::logic_error("a channel is gone from the tables");
    return account::set_channel_level(*allotted.existing, found->id, level);
  };
  return change(user_id, std::move(edit), now);
}

bool Clerk::take_back(std::int64_t user_id, runtime::TimePoint now) {
  account::Edit edit = [now](const store::Allotted& allotted) {
    return account::forget_day_word(*allotted.existing, account::told_today(allotted, now), now);
  };
  return change(user_id, std::move(edit), now);
}

bool Clerk::change(std::int64_t user_id, account::Edit edit, runtime::TimePoint now) {
  try {
    const auto saved = await(account::change_user(&users_, user_id, std::move(edit), now));
    if (!saved) throw std::logic_error("a change was refused: " + saved.error().message);
    return true;
  } catch (const store::DatabaseError&) {
    return false;
  }
}

std::optional<std::string> Clerk::press(const std::string& url, runtime::TimePoint now) {
  const std::string before = std::string(kSite) + "/today/";
  if (!url.starts_with(before)) return "no_address";
  const auto link = links_.read(std::string_view(url).substr(before.size()));
  if (!link) return "no_link";
  try {
    const auto user = await(account::use_action_link(&users_, *link, now));
    return user ? std::string() : user.error().code;
  } catch (const store::DatabaseError&) {
    return std::nullopt;
  }
}

}  // namespace streaky::simulation

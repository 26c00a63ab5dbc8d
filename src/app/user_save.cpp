#include "app/user_save.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace streaky::app {

namespace {

using Draft = DraftReader::Draft;
using BadLine = DraftReader::BadLine;

/// A user to store, and the last line that speaks of it.
struct Edited {
  store::User user;
  std::int64_t line = 0;
  bool is_new = false;
};

std::vector<Edited> edit_all(const std::vector<Draft>& drafts,
                             std::vector<store::Allotted> allotted, const crypto::Sealer& sealer,
                             runtime::TimePoint now, std::vector<BadLine>& bad) {
  std::vector<Edited> edited;
  std::unordered_map<std::int64_t, std::size_t> place;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    store::Allotted& ids = allotted[i];
    const auto before = place.find(ids.user_id);
    const bool is_new = !ids.existing;
    if (before != place.end()) ids.existing = edited[before->second].user;
    auto user = edit_user(drafts[i].user, ids, sealer, now);
    if (!user) {
      bad.push_back(BadLine{.line = drafts[i].line, .reason = user.error().message});
    } else if (before != place.end()) {
      Edited& same = edited[before->second];
      same.user = std::move(*user);
      same.line = drafts[i].line;
    } else {
      place.emplace(ids.user_id, edited.size());
      edited.push_back(Edited{.user = std::move(*user), .line = drafts[i].line, .is_new = is_new});
    }
  }
  return edited;
}

std::string reason_of(const store::DatabaseError& error) {
  std::string text = error.what();
  if (text.contains("UNIQUE")) return "the login or github_id belongs to another user already";
  return text;
}

/// Empty when stored. What concerns the whole database is thrown on.
runtime::Task<std::string> try_save(store::Users* users, std::vector<store::User> some,
                                    runtime::TimePoint now) {
  try {
    co_await users->save(std::move(some), now);
  } catch (const store::DatabaseError& error) {
    if (error.kind() != store::DatabaseError::Kind::other) throw;
    co_return reason_of(error);
  }
  co_return std::string();
}

void count(SaveReport& report, Edited edited) {
  ++(edited.is_new ? report.added : report.updated);
  report.users.push_back(std::move(edited.user));
}

}  // namespace

runtime::Task<SaveReport> save_drafts(store::Users* users, const crypto::Sealer* sealer,
                                      std::vector<Draft> drafts, runtime::TimePoint now) {
  SaveReport report;
  std::vector<store::UserKey> keys;
  keys.reserve(drafts.size());
  for (const Draft& draft : drafts) keys.push_back(draft.user.key());
  std::vector<store::Allotted> allotted = co_await users->allot(std::move(keys));
  std::vector<Edited> edited = edit_all(drafts, std::move(allotted), *sealer, now, report.bad);
  std::vector<store::User> all;
  all.reserve(edited.size());
  for (const Edited& one : edited) all.push_back(one.user);
  const std::string trouble = co_await try_save(users, std::move(all), now);
  for (Edited& one : edited) {
    if (!trouble.empty()) {
      // One of them spoils the transaction of all: which one shows when they go one by one.
      std::vector<store::User> alone(1, one.user);
      std::string reason = co_await try_save(users, std::move(alone), now);
      if (!reason.empty()) {
        report.bad.push_back(BadLine{.line = one.line, .reason = std::move(reason)});
        continue;
      }
    }
    count(report, std::move(one));
  }
  std::ranges::sort(report.bad, {}, &BadLine::line);
  co_return report;
}

runtime::Task<std::optional<FoundUser>> find_for_edit(store::Users* users, std::string login,
                                                      runtime::TimePoint now) {
  store::UserKey key;
  key.login = std::move(login);
  std::optional<store::User> user = co_await users->find(key);
  if (!user) co_return std::nullopt;
  std::vector<store::UserKey> keys(1, key);
  const std::vector<store::Allotted> allotted = co_await users->allot(std::move(keys));
  const auto& told_on = allotted.front().told_on;
  FoundUser found;
  found.told_today = std::ranges::find(told_on, today_of(*user, now)) != told_on.end();
  found.user = std::move(*user);
  co_return found;
}

}  // namespace streaky::app

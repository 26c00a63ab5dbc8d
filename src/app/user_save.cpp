#include "app/user_save.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "github/forms.h"

namespace streaky::app {

namespace {

using Draft = DraftReader::Draft;
using BadLine = DraftReader::BadLine;
using Saved = std::vector<std::optional<store::User>>;

/// A draft on its way into the database.
struct Edited {
  const Draft* draft = nullptr;
  store::UserEdit edit;
};

/// What became of some edits. `trouble`: nothing was stored, and why.
struct Tried {
  Saved saved;
  std::string trouble;
};

std::string reason_of(const store::DatabaseError& error, const std::string& login) {
  std::string text = error.what();
  if (error.kind() != store::DatabaseError::Kind::taken) return text;
  if (!text.contains("login_key")) return "the github_id belongs to another user here already";
  return fmt::format(
      "the login {} belongs to another user here, whose GitHub id is not known: give that user's "
      "github_id first, or remove it",
      login);
}

/// What concerns the whole database is thrown on.
runtime::Task<Tried> try_edits(store::Users* users, std::vector<store::UserEdit> edits,
                               runtime::TimePoint now) {
  Tried tried;
  const std::string login = edits.empty() ? "" : edits.front().after.login;
  try {
    tried.saved = co_await users->edit(std::move(edits), now);
  } catch (const store::DatabaseError& error) {
    const bool retired = std::string_view(error.what()).contains("retired");
    if (!error.refuses_rows() || retired) throw;
    tried.trouble = reason_of(error, login);
  }
  co_return tried;
}

/// Drafts → the database, in rounds: what was overtaken goes into the next one.
class DraftSaver {
 public:
  DraftSaver(store::Users* users, const crypto::Sealer& sealer, LinesByUser* lines,
             runtime::TimePoint now, IfStored if_stored)
      : users_(users), sealer_(sealer), lines_(lines), now_(now), if_stored_(if_stored) {}

  /// Gives what is left to do. In the last round nothing is.
  runtime::Task<std::vector<const Draft*>> round(std::vector<const Draft*> drafts, bool last);
  SaveReport report;

 private:
  std::vector<Edited> edit_all(const std::vector<const Draft*>& drafts,
                               std::vector<store::Allotted> allotted);
  void bad(const Draft& draft, std::string reason) {
    report.bad.push_back(BadLine{.line = draft.line, .reason = std::move(reason)});
  }
  void done(const Edited& edited, store::User saved) {
    ++(edited.edit.before ? report.updated : report.added);
    if (edited.draft->user.pause) ++report.paused;
    report.users.push_back(std::move(saved));
  }

  store::Users* users_;           // borrowed
  const crypto::Sealer& sealer_;  // borrowed
  LinesByUser* lines_;            // borrowed
  const runtime::TimePoint now_;
  const IfStored if_stored_;
};

std::vector<Edited> DraftSaver::edit_all(const std::vector<const Draft*>& drafts,
                                         std::vector<store::Allotted> allotted) {
  std::vector<Edited> all;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const Draft& draft = *drafts[i];
    const std::int64_t line = lines_->try_emplace(allotted[i].user_id, draft.line).first->second;
    if (line != draft.line) {
      bad(draft, fmt::format("the same user as in line {}: one line per user", line));
      continue;
    }
    if (if_stored_ == IfStored::leave && allotted[i].existing) {
      report.left.push_back(draft.line);
      continue;
    }
    auto user = account::edit_user(draft.user, allotted[i], sealer_, now_);
    if (!user) {
      bad(draft, user.error().message);
      continue;
    }
    Edited edited{.draft = &draft, .edit = {}};
    edited.edit.before = std::move(allotted[i].existing);
    edited.edit.after = std::move(*user);
    all.push_back(std::move(edited));
  }
  return all;
}

runtime::Task<std::vector<const Draft*>> DraftSaver::round(std::vector<const Draft*> drafts,
                                                           bool last) {
  std::vector<store::UserKey> keys;
  keys.reserve(drafts.size());
  for (const Draft* draft : drafts) keys.push_back(draft->user.key());
  std::vector<store::Allotted> allotted = co_await users_->allot(std::move(keys));
  const std::vector<Edited> edited = edit_all(drafts, std::move(allotted));
  std::vector<store::UserEdit> edits;
  edits.reserve(edited.size());
  for (const Edited& one : edited) edits.push_back(one.edit);
  Tried all = co_await try_edits(users_, std::move(edits), now_);
  std::vector<const Draft*> left;
  for (std::size_t i = 0; i < edited.size(); ++i) {
    const Edited& one = edited[i];
    Tried alone;
    if (all.trouble.empty()) {
      alone.saved.push_back(std::move(all.saved[i]));
    } else {
      // One of them spoils the transaction of all: which one shows when they go one by one.
      std::vector<store::UserEdit> only(1, one.edit);
      alone = co_await try_edits(users_, std::move(only), now_);
    }
    if (alone.trouble.empty() && alone.saved.front()) {
      done(one, std::move(*alone.saved.front()));
    } else if (last) {
      bad(*one.draft, alone.trouble.empty() ? kOvertaken : std::move(alone.trouble));
    } else {
      left.push_back(one.draft);  // whoever came first is found in the next round
    }
  }
  co_return left;
}

}  // namespace

runtime::Task<SaveReport> save_drafts(store::Users* users, const crypto::Sealer* sealer,
                                      std::vector<Draft> drafts, LinesByUser* lines,
                                      runtime::TimePoint now, IfStored if_stored) {
  DraftSaver saver(users, *sealer, lines, now, if_stored);
  std::vector<const Draft*> left;
  left.reserve(drafts.size());
  for (const Draft& draft : drafts) left.push_back(&draft);
  for (int round = 1; !left.empty(); ++round) {
    left = co_await saver.round(std::move(left), round == kMostEditRounds);
  }
  std::ranges::sort(saver.report.bad, {}, &BadLine::line);
  co_return std::move(saver.report);
}

bool is_user_name(std::string_view text) {
  account::UserDraft by_id;
  return github::is_github_login(text) || account::set_github_id(by_id, text).empty();
}

runtime::Task<std::optional<store::User>> find_named(store::Users* users, std::string name) {
  store::UserKey by_login;
  by_login.login = name;
  std::optional<store::User> user = co_await users->find(by_login);
  account::UserDraft by_id;
  // Digits may be a login, too: that comes first.
  if (!user && account::set_github_id(by_id, name).empty())
    user = co_await users->find(by_id.key());
  co_return user;
}

runtime::Task<std::optional<FoundUser>> find_for_edit(store::Users* users, std::string name,
                                                      runtime::TimePoint now) {
  std::optional<store::User> user = co_await find_named(users, std::move(name));
  if (!user) co_return std::nullopt;
  store::UserKey key;
  key.login = user->login;
  key.node_id = user->node_id;
  key.database_id = user->database_id;
  std::vector<store::UserKey> keys(1, key);
  const std::vector<store::Allotted> allotted = co_await users->allot(std::move(keys));
  const auto& told_on = allotted.front().told_on;
  FoundUser found;
  found.told_today = std::ranges::find(told_on, account::today_of(*user, now)) != told_on.end();
  found.user = std::move(*user);
  co_return found;
}

}  // namespace streaky::app

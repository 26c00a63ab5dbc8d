#include "app/original_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>

#include "account/user_edit.h"
#include "app/command.h"
#include "app/stored_keys.h"
#include "app/terminal.h"
#include "app/user_commands.h"
#include "app/user_save.h"
#include "crypto/original_form.h"

namespace streaky::app {

namespace {

constexpr int kHours = 24;
constexpr std::size_t kLongestShown = 200;

/// GitHub's number; old rows hold something else in its place.
std::optional<std::int64_t> github_number(const store::OriginalUser& original) {
  const std::string& text = original.github_id;
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  const bool whole = read.ec == std::errc{} && read.ptr == end && number > 0;
  if (!whole || text == original.id || text == original.login) return std::nullopt;
  return number;
}

/// Opens what is sealed and hands it to `set`, which checks it; what does not succeed is missing.
template <typename Set>
void take_credential(const std::string& sealed, const runtime::Secret& key, const char* what,
                     OriginalDraft& draft, Set set) {
  if (sealed.empty()) return;
  const auto opened = crypto::open_original(key, sealed);
  const std::string reason = opened ? set(opened->reveal()) : opened.error().message;
  if (!reason.empty()) draft.missing.push_back(fmt::format("{}: {}", what, reason));
}

class OriginalImporter {
 public:
  explicit OriginalImporter(const Options& options)
      : options_(options),
        desk_(options, true),
        sealer_(open_or_make_keys(desk_.base, *desk_.database, options)) {}

  void take(const std::vector<store::OriginalUser>& originals) {
    std::vector<DraftReader::Draft> drafts;
    std::unordered_set<std::string> asleep;
    for (const store::OriginalUser& original : originals) {
      ++row_;
      OriginalDraft draft =
          draft_of_original(original, options_.proxy_compat_key, options_.telegram_bot_token);
      for (const std::string& what : draft.missing) miss(original.login, what);
      if (!draft.usable) {
        ++left_out_;
        continue;
      }
      logins_[row_] = original.login;
      if (!original.is_active) asleep.insert(draft.user.login);
      drafts.push_back({row_, std::move(draft.user)});
    }
    save(std::move(drafts), asleep);
    logins_.clear();
  }

  int summary() const {
    fmt::print("{} added, {} changed, {} left out; {} are switched off there and paused here\n",
               added_, updated_, left_out_, paused_);
    return missing_ == 0 && left_out_ == 0 ? kExitDone : kExitFailed;
  }

 private:
  void save(std::vector<DraftReader::Draft> drafts, const std::unordered_set<std::string>& asleep) {
    if (drafts.empty()) return;
    const SaveReport report = desk_.base.run(
        save_drafts(&desk_.users, sealer_.get(), std::move(drafts), &lines_, desk_.now()));
    added_ += report.added;
    updated_ += report.updated;
    for (const DraftReader::BadLine& bad : report.bad) {
      ++left_out_;
      miss(logins_[bad.line], bad.reason);
    }
    for (const store::User& user : report.users) {
      if (asleep.contains(user.login)) pause(user);
    }
  }

  void pause(const store::User& user) {
    auto paused = account::pause_user(user, std::nullopt, false, desk_.now());
    if (!paused) return miss(user.login, paused.error().message);
    std::vector<store::UserEdit> edits(1);
    edits.front().before = user;
    edits.front().after = std::move(*paused);
    const auto saved = desk_.base.run(desk_.users.edit(std::move(edits), desk_.now()));
    if (!saved.front()) return miss(user.login, kOvertaken);
    ++paused_;
  }

  void miss(const std::string& login, const std::string& what) {
    ++missing_;
    fmt::print(stderr, "{}: {}\n", login.empty() ? "(no login)" : printable(login, kLongestShown),
               printable(what, kLongestShown));
  }

  const Options& options_;  // borrowed
  UserDesk desk_;
  std::unique_ptr<crypto::Sealer> sealer_;
  LinesByUser lines_;
  std::map<std::int64_t, std::string> logins_;  // of the rows at hand
  std::int64_t row_ = 0;
  std::int64_t added_ = 0;
  std::int64_t updated_ = 0;
  std::int64_t left_out_ = 0;
  std::int64_t missing_ = 0;
  std::int64_t paused_ = 0;
};

}  // namespace

OriginalDraft draft_of_original(const store::OriginalUser& original, const runtime::Secret& key,
                                const runtime::Secret& bot_token) {
  OriginalDraft draft;
  account::UserDraft& user = draft.user;
  std::string reason = account::set_login(user, original.login);
  if (!reason.empty()) {
    draft.missing.push_back(std::move(reason));
    return draft;
  }
  draft.usable = true;
  const auto number = github_number(original);
  if (number) reason = account::set_github_number(user, *number);
  if (!reason.empty()) draft.missing.push_back(std::move(reason));
  const bool sensible = original.reminder_utc_hour >= 0 && original.reminder_utc_hour < kHours;
  const int hour = sensible ? original.reminder_utc_hour : store::OriginalUser{}.reminder_utc_hour;
  if (!sensible) draft.missing.emplace_back("the reminder's hour is none: 12:00 UTC is taken");
  (void)account::set_time_zone(user, "UTC");
  (void)account::set_remind_at(user, {fmt::format("{:02}:00", hour)});
  take_credential(original.token, key, "GitHub token", draft,
                  [&user](std::string_view text) { return account::set_github_token(user, text); });
  take_credential(
      original.discord_webhook, key, "Discord webhook", draft,
      [&user](std::string_view text) { return account::set_discord_webhook(user, text); });
  if (original.telegram_token.empty() || original.telegram_chat_id.empty()) return draft;
  take_credential(original.telegram_token, key, "Telegram bot", draft, [&](std::string_view bot) {
    const auto chat = crypto::open_original(key, original.telegram_chat_id);
    if (!chat) return chat.error().message;
    return account::set_telegram(user, bot, chat->reveal(), bot_token);
  });
  return draft;
}

int import_original(const Options& options, const std::string& file) {
  if (options.proxy_compat_key.empty()) {
    return complain(
        "the original's credentials are sealed: say its key, proxy.compat_key (ENCRYPTION_KEY)",
        kExitUsage);
  }
  // Read once for its form, so that a wrong file leaves nothing behind.
  store::read_original_users(file, [](const std::vector<store::OriginalUser>&) {});
  OriginalImporter importer(options);
  store::read_original_users(
      file, [&importer](const std::vector<store::OriginalUser>& users) { importer.take(users); });
  return importer.summary();
}

}  // namespace streaky::app

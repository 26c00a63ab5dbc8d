#include "app/original_import.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "app/command.h"
#include "app/stored_keys.h"
#include "app/terminal.h"
#include "app/user_commands.h"
#include "app/user_save.h"
#include "crypto/original_form.h"

namespace streaky::app {

namespace {

constexpr int kHours = 24;
constexpr int kNoon = 12;
constexpr std::size_t kLongestShown = 200;

/// A number and nothing else.
std::optional<std::int64_t> number_of(const std::string& text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

std::optional<bool> flag_of(const std::string& text) {
  if (text == "1") return true;
  if (text == "0") return false;
  return std::nullopt;
}

std::optional<int> hour_of(const std::string& text) {
  const auto number = number_of(text);
  if (!number || *number < 0 || *number >= kHours) return std::nullopt;
  return static_cast<int>(*number);
}

/// GitHub's number; old rows hold something else in its place.
std::optional<std::int64_t> github_number(const store::OriginalUser& original) {
  const std::string& text = original.github_id;
  const auto number = number_of(text);
  if (!number || *number <= 0 || text == original.id || text == original.login) {
    return std::nullopt;
  }
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

/// How many credentials are sealed, and whether the key opens any: a key that opens none is the
/// wrong one.
struct KeyTrial {
  std::int64_t shut = 0;
  bool opens = false;

  void with(const store::OriginalUser& original, const runtime::Secret& key) {
    for (const std::string* sealed : {&original.token, &original.discord_webhook,
                                      &original.telegram_token, &original.telegram_chat_id}) {
      if (opens || sealed->empty()) continue;
      const auto opened = crypto::open_original(key, *sealed);
      if (opened) {
        opens = true;
      } else if (opened.error().code == "sealed_does_not_open") {
        ++shut;
      }
    }
  }
};

class OriginalImporter {
 public:
  OriginalImporter(const Options& options, IfStored if_stored)
      : options_(options),
        if_stored_(if_stored),
        desk_(options, true),
        sealer_(open_or_make_keys(desk_.base, *desk_.database, options)) {}

  void take(const std::vector<store::OriginalUser>& originals) {
    std::vector<DraftReader::Draft> drafts;
    for (const store::OriginalUser& original : originals) {
      ++row_;
      OriginalDraft draft =
          draft_of_original(original, options_.proxy_compat_key, options_.telegram_bot_token);
      Row& row = rows_[row_];
      row.login = original.login;
      row.missing = std::move(draft.missing);
      if (!draft.usable) {
        ++left_out_;
        continue;
      }
      drafts.push_back({row_, std::move(draft.user)});
    }
    save(std::move(drafts));
    for (const auto& [number, row] : rows_) miss(row);
    rows_.clear();
  }

  int summary(const store::OriginalHistory& history) const {
    fmt::print(
        "{} added, {} changed, {} here already and left alone, {} left out; {} are switched off "
        "there and paused here\n",
        added_, updated_, left_alone_, left_out_, paused_);
    if (left_alone_ > 0) fmt::print("--overwrite gives those left alone what the original holds\n");
    fmt::print("its history stays behind: {} rows of notifications, {} of cron_queue\n",
               history.notifications, history.cron_queue);
    return missing_ == 0 && left_out_ == 0 ? kExitDone : kExitFailed;
  }

 private:
  /// One of the original's users, and what of it cannot be taken.
  struct Row {
    std::string login;
    std::vector<std::string> missing;

    [[nodiscard]] std::string shown() const {
      return login.empty() ? "(no login)" : printable(login, kLongestShown);
    }
  };

  void save(std::vector<DraftReader::Draft> drafts) {
    if (drafts.empty()) return;
    const SaveReport report = desk_.base.run(save_drafts(
        &desk_.users, sealer_.get(), std::move(drafts), &lines_, desk_.now(), if_stored_));
    added_ += report.added;
    updated_ += report.updated;
    paused_ += report.paused;
    for (const DraftReader::BadLine& bad : report.bad) {
      ++left_out_;
      rows_[bad.line].missing.push_back(bad.reason);
    }
    for (const std::int64_t number : report.left) {
      ++left_alone_;
      rows_[number].missing.clear();
      fmt::print("{}: here already, left alone\n", rows_[number].shown());
    }
  }

  void miss(const Row& row) {
    for (const std::string& what : row.missing) {
      ++missing_;
      fmt::print(stderr, "{}: {}\n", row.shown(), printable(what, kLongestShown));
    }
  }

  const Options& options_;  // borrowed
  const IfStored if_stored_;
  UserDesk desk_;
  std::unique_ptr<crypto::Sealer> sealer_;
  LinesByUser lines_;
  std::map<std::int64_t, Row> rows_;  // those at hand
  std::int64_t row_ = 0;
  std::int64_t added_ = 0;
  std::int64_t updated_ = 0;
  std::int64_t left_alone_ = 0;
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
  const auto active = flag_of(original.is_active);
  user.pause = active == false;
  if (!active) draft.missing.emplace_back("is_active is neither 1 nor 0: taken as active");
  const auto number = github_number(original);
  if (number) reason = account::set_github_number(user, *number);
  if (!reason.empty()) draft.missing.push_back(std::move(reason));
  const auto hour = hour_of(original.reminder_utc_hour);
  if (!hour) draft.missing.emplace_back("the reminder's hour is none: 12:00 UTC is taken");
  (void)account::set_time_zone(user, "UTC");
  (void)account::set_remind_at(user, {fmt::format("{:02}:00", hour.value_or(kNoon))});
  take_credential(original.token, key, "GitHub token", draft,
                  [&user](std::string_view text) { return account::set_github_token(user, text); });
  take_credential(
      original.discord_webhook, key, "Discord webhook", draft,
      [&user](std::string_view text) { return account::set_discord_webhook(user, text); });
  if (original.telegram_token.empty() != original.telegram_chat_id.empty()) {
    draft.missing.emplace_back("Telegram: the bot or the chat is missing");
  }
  if (original.telegram_token.empty() || original.telegram_chat_id.empty()) return draft;
  take_credential(original.telegram_token, key, "Telegram bot", draft, [&](std::string_view bot) {
    const auto chat = crypto::open_original(key, original.telegram_chat_id);
    if (!chat) return chat.error().message;
    return account::set_telegram(user, bot, chat->reveal(), bot_token);
  });
  return draft;
}

int import_original(const Options& options, const std::string& file, bool overwrite) {
  if (options.proxy_compat_key.empty()) {
    return complain(
        "the original's credentials are sealed: say its key, proxy.compat_key (ENCRYPTION_KEY)",
        kExitUsage);
  }
  // Read once for its form, so that a wrong file or key leaves nothing behind.
  KeyTrial trial;
  store::read_original_users(file, [&](const std::vector<store::OriginalUser>& users) {
    for (const auto& user : users) trial.with(user, options.proxy_compat_key);
  });
  if (trial.shut > 0 && !trial.opens) {
    return complain(fmt::format("proxy.compat_key (ENCRYPTION_KEY) opens none of the {} sealed "
                                "credentials: it is not the key of that database; nothing was "
                                "imported",
                                trial.shut),
                    kExitFailed);
  }
  const store::OriginalHistory history = store::read_original_history(file);
  OriginalImporter importer(options, overwrite ? IfStored::change : IfStored::leave);
  store::read_original_users(
      file, [&importer](const std::vector<store::OriginalUser>& users) { importer.take(users); });
  return importer.summary(history);
}

}  // namespace streaky::app

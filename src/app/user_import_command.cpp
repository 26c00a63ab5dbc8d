// `streaky user import FILE` and `streaky user export`.
#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iostream>
#include <memory>
#include <unordered_map>
#include <utility>

#include "account/user_view.h"
#include "app/stored_keys.h"
#include "app/terminal.h"
#include "app/user_commands.h"
#include "runtime/bytes.h"

namespace streaky::app {

namespace {

namespace json = boost::json;

struct ImportArguments {
  std::string file;
  std::string format;
  bool json = false;
};

/// Says on standard error what became of single lines.
class LineNotes {
 public:
  explicit LineNotes(bool as_json) : as_json_(as_json) {}

  void bad(const DraftReader::BadLine& line) {
    ++bad_;
    if (bad_ <= kMostListed || line.ends_import) say(line.line, line.reason);
    if (bad_ == kMostListed) say(line.line, "further bad lines are counted, not listed");
  }
  [[nodiscard]] std::int64_t bad_lines() const { return bad_; }

 private:
  static constexpr std::int64_t kMostListed = 10'000;

  void say(std::int64_t line, const std::string& text) const {
    if (as_json_) {
      json::object object;
      object["line"] = line;
      object["error"] = printable(text, 400);
      fmt::print(stderr, "{}\n", json::serialize(object));
    } else {
      fmt::print(stderr, "line {}: {}\n", line, printable(text, 400));
    }
  }

  bool as_json_;
  std::int64_t bad_ = 0;
};

/// Takes drafts until a bite is full. The database and the keys are opened with the first bite: a
/// file without a single good line leaves nothing behind.
class Importer {
 public:
  Importer(const Options& options, LineNotes& notes) : options_(options), notes_(notes) {}

  void take(DraftReader::Draft draft) {
    std::string key = runtime::to_lower_ascii(draft.user.login);
    const auto [place, is_first] = seen_.try_emplace(std::move(key), draft.line);
    if (!is_first) {
      notes_.bad({.line = draft.line,
                  .reason = fmt::format("{} stands in line {} already: one line per user",
                                        draft.user.login, place->second)});
      return;
    }
    bite_.push_back(std::move(draft));
    if (bite_.size() == kUsersPerBite) flush();
  }

  void flush() {
    if (bite_.empty()) return;
    if (!desk_) {
      desk_ = std::make_unique<UserDesk>(options_, true);
      sealer_ = open_or_make_keys(desk_->base, *desk_->database, options_);
    }
    std::vector<DraftReader::Draft> drafts;
    drafts.swap(bite_);
    const SaveReport report = desk_->base.run(
        save_drafts(&desk_->users, sealer_.get(), std::move(drafts), &lines_, desk_->now()));
    for (const DraftReader::BadLine& line : report.bad) notes_.bad(line);
    added_ += report.added;
    updated_ += report.updated;
  }

  [[nodiscard]] std::int64_t added() const { return added_; }
  [[nodiscard]] std::int64_t updated() const { return updated_; }

 private:
  const Options& options_;  // borrowed
  LineNotes& notes_;        // borrowed
  std::unique_ptr<UserDesk> desk_;
  std::unique_ptr<crypto::Sealer> sealer_;
  std::vector<DraftReader::Draft> bite_;
  std::unordered_map<std::string, std::int64_t> seen_;  // login → line; LineReader bounds both
  LinesByUser lines_;
  std::int64_t added_ = 0;
  std::int64_t updated_ = 0;
};

void print_summary(const Importer& importer, const LineNotes& notes, bool as_json) {
  if (as_json) {
    json::object object;
    object["added"] = importer.added();
    object["updated"] = importer.updated();
    object["bad"] = notes.bad_lines();
    fmt::print("{}\n", json::serialize(object));
  } else {
    fmt::print("{} added, {} updated, {} bad\n", importer.added(), importer.updated(),
               notes.bad_lines());
  }
}

int import_stream(const Options& options, std::istream& stream, std::optional<ImportFormat> format,
                  bool as_json) {
  DraftReader reader(stream, format, options.telegram_bot_token);
  LineNotes notes(as_json);
  Importer importer(options, notes);
  try {
    while (auto item = reader.next()) {
      if (item->has_value()) {
        importer.take(std::move(**item));
      } else {
        notes.bad(item->error());
      }
    }
    importer.flush();
  } catch (const store::DatabaseError& error) {
    return complain(fmt::format("{} ({} users were stored before; importing the file again is "
                                "safe)",
                                error.what(), importer.added() + importer.updated()),
                    kExitUnknown);
  }
  print_summary(importer, notes, as_json);
  if (importer.added() + importer.updated() == 0) {
    return complain(notes.bad_lines() > 0
                        ? "no line could be imported"
                        : "nothing to import: expected JSON Lines or CSV, one user per line",
                    kExitUsage);
  }
  return notes.bad_lines() == 0 ? kExitDone : kExitFailed;
}

int import_users(const Options& options, const ImportArguments& arguments) {
  std::optional<ImportFormat> format = parse_format(arguments.format);
  if (!format && !arguments.format.empty()) {
    return complain("--format: expected jsonl or csv", kExitUsage);
  }
  if (arguments.file == "-") return import_stream(options, std::cin, format, arguments.json);
  if (!format) format = format_of_file(arguments.file);
  struct stat info{};
  const std::string name = printable(arguments.file);
  if (::stat(arguments.file.c_str(), &info) != 0) {
    return complain(name + ": there is no such file", kExitUsage);
  }
  if (S_ISDIR(info.st_mode)) return complain(name + ": a folder, not a file", kExitUsage);
  if (S_ISREG(info.st_mode) && info.st_size > LineReader::kMostBytes) {
    return complain(
        fmt::format("{}: more than {} MiB: split the file", name, LineReader::kMostBytes >> 20U),
        kExitUsage);
  }
  std::ifstream file(arguments.file, std::ios::binary);
  if (!file) return complain(name + ": the file cannot be read", kExitUsage);
  return import_stream(options, file, format, arguments.json);
}

int export_users(const Options& options) {
  UserDesk desk(options, false);
  std::int64_t last_id = 0;
  std::int64_t count = 0;
  std::int64_t paused = 0;
  while (true) {
    const auto users = desk.base.run(desk.users.list(last_id, kUsersPerPage));
    for (const store::User& user : users) {
      fmt::print("{}\n", json::serialize(account::export_json(user, desk.now())));
      if (user.status == store::UserStatus::paused) ++paused;
      last_id = user.id;
      ++count;
    }
    if (users.size() < static_cast<std::size_t>(kUsersPerPage)) break;
  }
  fmt::print(stderr,
             "{} users, without their credentials: tokens, webhooks and chats must be given "
             "again where this is imported{}\n",
             count,
             paused > 0 ? fmt::format("; {} are paused, which is not exported", paused) : "");
  return kExitDone;
}

}  // namespace

void add_user_import(CLI::App& user, Invocation& invocation) {
  auto* command = user.add_subcommand("import", "Add and change users from JSON Lines or CSV");
  auto arguments = std::make_shared<ImportArguments>();  // shared with the callback below
  command->add_option("file", arguments->file, "The file, or - for standard input")->required();
  command->add_option("--format", arguments->format, "jsonl or csv (default: by name and content)");
  command->add_flag("--json", arguments->json, "Bad lines and the summary as JSON");
  command->footer(
      "Fields: login, github_id, time_zone, remind_at, rest_days, daily_summary, github_token,\n"
      "discord_webhook, telegram {token, chat_id} (in CSV telegram_token, telegram_chat_id).\n"
      "What is absent stays as it is; null (in CSV none) clears. Exit codes: 0 all lines were\n"
      "good, 1 some were bad, 2 none was good.");
  command->callback([&invocation, arguments] {
    invocation.run = [arguments](Options& options) { return import_users(options, *arguments); };
  });
}

void add_user_export(CLI::App& user, Invocation& invocation) {
  auto* command =
      user.add_subcommand("export", "Print all users as JSON Lines, without credentials");
  command->callback(
      [&invocation] { invocation.run = [](Options& options) { return export_users(options); }; });
}

}  // namespace streaky::app

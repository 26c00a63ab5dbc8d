// `streaky export FILE` and `streaky import FILE`: from one database to another of either kind.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <memory>
#include <span>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "app/command.h"
#include "app/fleet.h"
#include "app/move_file.h"
#include "app/original_import.h"
#include "runtime/time.h"

namespace streaky::app {

namespace {

struct MoveArguments {
  std::string file;
  bool live = false;
  bool from_original = false;
  bool overwrite = false;
};

/// Removes what was begun unless it was finished.
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)) {
    constexpr mode_t kOwnerOnly = 0600;
    const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly);
    if (file < 0) throw std::system_error(errno, std::generic_category(), "cannot make " + path_);
    close(file);
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (!done_) unlink(path_.c_str());
  }
  void keep() { done_ = true; }

 private:
  std::string path_;
  bool done_ = false;
};

int complain_of_serving(const std::vector<std::string>& serving) {
  constexpr std::size_t kMostNamed = 10;
  const std::span named(serving.data(), std::min(serving.size(), kMostNamed));
  const auto more = serving.size() - named.size();
  return complain(
      fmt::format("this database is being served by {}{}: what is saved or sent from now on would "
                  "be missing in the copy, and people would hear twice; stop it first, or say "
                  "--live for a backup",
                  fmt::join(named, ", "), more > 0 ? fmt::format(" and {} more", more) : ""),
      kExitUsage);
}

int do_export(const Options& options, const MoveArguments& arguments) {
  Base base(options);
  const auto database = open_database(base, options, false);
  require_own_schema(*database, "`streaky export`");
  if (!arguments.live) {
    const auto serving = who_serves(base, *database, options);
    if (!serving.empty()) return complain_of_serving(serving);
  }
  NewFile made(arguments.file);
  std::ofstream out(arguments.file, std::ios::binary);
  MoveWriter writer(out, database->schema_version(), runtime::to_rfc3339(base.clock->now()));
  store::Move move(*database);
  base.run(move.read([&writer](const store::MovedRows& part) { writer.add(part); }));
  writer.end();
  out.close();
  if (!out) throw std::runtime_error(arguments.file + " cannot be written");
  if (!arguments.live) {
    const auto begun = who_serves(base, *database, options);  // while it was copied
    if (!begun.empty()) return complain_of_serving(begun);
  }
  made.keep();
  fmt::print("{} rows, {} users\n", writer.tally().all_rows(), writer.tally().rows("users"));
  fmt::print(stderr, "the keys that open its credentials are not in it: move the key file, too\n");
  return kExitDone;
}

int do_import(const Options& options, const MoveArguments& arguments) {
  if (arguments.from_original) {
    return import_original(options, arguments.file, arguments.overwrite);
  }
  std::ifstream in(arguments.file, std::ios::binary);
  if (!in) return complain(arguments.file + " cannot be read", kExitUsage);
  Base base(options);
  const auto database = open_database(base, options, true);
  require_own_schema(*database, "`streaky import`");
  MoveReader reader(in, database->schema_version());
  store::Move move(*database);
  base.run(move.write(reader.incoming()));
  fmt::print("{} rows, {} users: the same as in the export\n", reader.tally().all_rows(),
             reader.tally().rows("users"));
  return kExitDone;
}

}  // namespace

void add_move_commands(CLI::App& root, Invocation& invocation) {
  auto arguments = std::make_shared<MoveArguments>();  // shared by the callbacks below
  const auto add = [&](const char* name, const char* help,
                       int (*run)(const Options&, const MoveArguments&)) {
    auto* command = root.add_subcommand(name, help);
    command->add_option("FILE", arguments->file, "The file that moves")->required();
    command->callback([&invocation, arguments, run] {
      invocation.run = [arguments, run](Options& options) { return run(options, *arguments); };
    });
    return command;
  };
  add("export", "Write everything that the database holds into a new file", do_export)
      ->add_flag("--live", arguments->live, "Also while `serve` is at work: a backup, no move");
  auto* taking =
      add("import", "Fill a new database with what `export` wrote, and compare", do_import);
  auto* from_original = taking->add_flag(
      "--from-original", arguments->from_original,
      "FILE is the original Streaky's SQLite database, opened with proxy.compat_key: add its "
      "users to ours, but for those who are here already; its history (notifications and "
      "cron_queue) stays behind");
  taking
      ->add_flag("--overwrite", arguments->overwrite,
                 "With --from-original: who is here already gets the original's settings and "
                 "channels, and is paused if switched off there; channels that the original does "
                 "not have stay, and nobody is resumed")
      ->needs(from_original);
}

}  // namespace streaky::app

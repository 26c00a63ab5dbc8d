// A sub-command: one file, one function that adds it to the command line.
//
// The chosen command is stored in `Invocation::run` by its CLI11 callback and called after parsing,
// with the options loaded. Exit codes: 0 done, 1 done but something failed (or, for `check`, at
// risk), 2 wrong usage or input, 3 could not tell or not reachable.
#pragma once

#include <functional>
#include <string>

#include "app/options.h"

namespace CLI {
class App;
}

namespace streaky::app {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitUnknown = 3;

struct Invocation {
  std::string data_dir = "./data";
  std::string config_file;
  Flags flags;  // options that were given as flags
  std::function<int(Options&)> run;
  /// For commands that must work without valid options (`version`, `config`).
  std::function<int()> run_without_options;
};

void add_serve_command(CLI::App& root, Invocation& invocation);
void add_proxy_command(CLI::App& root, Invocation& invocation);
void add_signin_link_command(CLI::App& root, Invocation& invocation);
void add_check_command(CLI::App& root, Invocation& invocation);
void add_user_commands(CLI::App& root, Invocation& invocation);
void add_batch_commands(CLI::App& root, Invocation& invocation);
void add_status_command(CLI::App& root, Invocation& invocation);
void add_move_commands(CLI::App& root, Invocation& invocation);
void add_keys_command(CLI::App& root, Invocation& invocation);
void add_doctor_command(CLI::App& root, Invocation& invocation);
void add_config_command(CLI::App& root, Invocation& invocation);
void add_version_command(CLI::App& root, Invocation& invocation);

/// Parses, loads, runs. Never throws.
int run(int argc, char** argv);

/// One line on standard error, `streaky: …`; gives the exit code back.
int complain(const std::string& message, int exit_code);

}  // namespace streaky::app

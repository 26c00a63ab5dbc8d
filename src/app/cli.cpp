// argv → a command that runs. See command.h.
#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "app/command.h"
#include "app/option_table.h"
#include "app/process_environment.h"
#include "app/terminal.h"
#include "runtime/bytes.h"
#include "runtime/process.h"

namespace streaky::app {

namespace {

constexpr std::size_t kLongestComplaint = 500;
/// Longer arguments are not repeated: they may be credentials.
constexpr std::size_t kLongestShown = 30;
constexpr int kMostArguments = 10'000;
constexpr const char* kTableGroup = "Options, for every command";

void add_commands(CLI::App& root, Invocation& invocation) {
  add_serve_command(root, invocation);
  add_proxy_command(root, invocation);
  add_signin_link_command(root, invocation);
  add_check_command(root, invocation);
  add_user_commands(root, invocation);
  add_batch_commands(root, invocation);
  add_status_command(root, invocation);
  add_move_commands(root, invocation);
  add_keys_command(root, invocation);
  add_doctor_command(root, invocation);
  add_config_command(root, invocation);
  add_version_command(root, invocation);
}

void add_global_flags(CLI::App& root, Invocation& invocation) {
  root.add_option("--config", invocation.config_file,
                  "Config file (default: streaky.toml in the data folder, where there is one)");
  root.add_option("--data", invocation.data_dir, "Data folder (default: ./data)");
  for (const OptionSpec& spec : option_table()) {
    const std::string name(spec.name);
    root.add_option_function<std::string>(
            flag_name(name),
            [&invocation, name](const std::string& value) { invocation.flags[name] = value; },
            fmt::format("{} ({})", spec.documentation, name))
        ->group(kTableGroup);
  }
}

/// All flags that may stand where the command line ended up.
std::vector<std::string> known_flags(const CLI::App* app) {
  std::vector<std::string> names;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

const CLI::App* chosen(const CLI::App* app) {
  for (auto subcommands = app->get_subcommands(); !subcommands.empty();
       subcommands = app->get_subcommands()) {
    app = subcommands.front();
  }
  return app;
}

/// `streaky user add`.
std::string path_of(const CLI::App* app) {
  std::string path = app->get_name();
  for (app = app->get_parent(); app != nullptr; app = app->get_parent()) {
    path.insert(0, app->get_name() + " ");
  }
  return path;
}

std::vector<std::string> command_names(const CLI::App* app) {
  std::vector<std::string> names;
  const auto any = [](const CLI::App*) { return true; };
  for (const CLI::App* command : app->get_subcommands(any)) names.push_back(command->get_name());
  return names;
}

/// `; did you mean X?`, or nothing to compare with.
std::string suggestion(const std::string& given, const std::vector<std::string>& names) {
  const std::string wanted = given.substr(0, kLongestShown);
  const auto nearest = std::ranges::min_element(names, {}, [&wanted](const std::string& name) {
    return runtime::edit_distance(wanted, name);
  });
  return nearest == names.end() ? "" : fmt::format("; did you mean {}?", *nearest);
}

/// What was wrong with the first argument that nobody took, or that no command was named.
std::string describe_rest(const CLI::App& root) {
  const CLI::App* command = chosen(&root);
  const std::vector<std::string> names = command_names(command);
  const std::vector<std::string> rest = root.remaining(true);
  if (rest.empty()) return fmt::format("a command is required; see {} --help", path_of(command));
  std::string first = rest.front();
  const bool is_flag = first.starts_with('-');
  if (is_flag) first = first.substr(0, first.find('='));
  const std::string shown =
      first.size() > kLongestShown ? std::string("(long)") : "\"" + printable(first) + "\"";
  if (is_flag) {
    return fmt::format("unknown option {}{}", shown, suggestion(first, known_flags(command)));
  }
  if (!names.empty()) return fmt::format("unknown command {}{}", shown, suggestion(first, names));
  return fmt::format("unexpected argument {}; see {} --help", shown, path_of(command));
}

/// No command at all, or one that does not exist.
bool lacks_command(const CLI::App& root) { return !command_names(chosen(&root)).empty(); }

/// The name of an option or argument that was given without a value: mostly a variable of a script
/// that was never set. Nothing is guessed for it. Options of the table speak for themselves.
std::optional<std::string> given_empty(const CLI::App& root) {
  for (const CLI::App* app = chosen(&root); app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      const bool in_table = app == &root && option->get_group() == kTableGroup;
      const auto& values = option->results();
      if (in_table || std::ranges::find(values, "") == values.end()) continue;
      return option->get_name();
    }
  }
  return std::nullopt;
}

/// Nothing when there is a command to run; else the exit code.
std::optional<int> parse(CLI::App& root, int argc, char** argv) {
  try {
    root.parse(argc, argv);
    const auto empty = given_empty(root);
    if (!empty) return std::nullopt;
    return complain(*empty + ": is empty: expected a value, or leave it out", kExitUsage);
  } catch (const CLI::Success& success) {
    return root.exit(success);  // --help: prints it
  } catch (const CLI::ExtrasError&) {
    return complain(describe_rest(root), kExitUsage);
  } catch (const CLI::RequiredError& error) {
    if (lacks_command(root)) return complain(describe_rest(root), kExitUsage);
    return complain(fmt::format("{}; see {} --help", error.what(), path_of(chosen(&root))),
                    kExitUsage);
  } catch (const CLI::ParseError& error) {
    return complain(error.what(), kExitUsage);
  }
}

int run_parsed(Invocation& invocation) {
  // Logins and messages are nobody else's business: what is made is for its owner alone.
  umask(S_IRWXG | S_IRWXO);
  if (invocation.run_without_options) return invocation.run_without_options();
  auto options = load_options(invocation.data_dir, invocation.config_file, process_environment(),
                              invocation.flags);
  if (!options) return complain(options.error().message, kExitUsage);
  return invocation.run(*options);
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): never set here
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

int complain(const std::string& message, int exit_code) {
  fmt::print(stderr, "streaky: {}\n", printable(message, kLongestComplaint));
  return exit_code;
}

int run(int argc, char** argv) {
  try {
    runtime::disable_core_dumps();
    runtime::raise_file_limit();
    runtime::protect_secrets();
    if (argc > kMostArguments) return complain("more than 10,000 arguments", kExitUsage);
    Invocation invocation;
    CLI::App root("Streaky, a GitHub streak guardian", "streaky");
    root.fallthrough();
    root.require_subcommand(1);
    root.set_help_flag("-h,--help", "Print this help");
    add_global_flags(root, invocation);
    add_commands(root, invocation);
    const auto ended = parse(root, argc, argv);
    if (ended) return *ended;
    const int code = run_parsed(invocation);
    // A full disk is noticed only now, and half a list must not pass for a whole one.
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    return complain("standard output cannot be written: what was printed is not all", kExitUnknown);
  } catch (const std::exception& error) {
    return complain(error.what(), kExitUnknown);
  }
}

}  // namespace streaky::app

// `streaky version`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.h"

namespace streaky::app {

void add_version_command(CLI::App& root, Invocation& invocation) {
  auto* command = root.add_subcommand("version", "Print the version");
  auto as_json = std::make_shared<bool>(false);  // shared with the callback below
  command->add_flag("--json", *as_json, "Print JSON");
  command->callback([&invocation, as_json] {
    invocation.run_without_options = [as_json] {
      fmt::print(fmt::runtime(*as_json ? "{{\"version\":\"{}\"}}\n" : "streaky {}\n"),
                 STREAKY_VERSION);
      return kExitDone;
    };
  });
}

}  // namespace streaky::app

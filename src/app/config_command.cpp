// `streaky config`: every option, its value and where that came from.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "app/command.h"
#include "app/option_table.h"
#include "app/process_environment.h"
#include "app/terminal.h"

namespace streaky::app {

namespace {

void print_json(const std::vector<OptionInfo>& infos) {
  boost::json::array array;
  for (const OptionInfo& info : infos) {
    boost::json::object object;
    object["name"] = info.name;
    object["value"] = info.value;
    object["source"] = info.source;
    object["secret"] = info.secret;
    object["environment"] = environment_name(info.name);
    object["flag"] = flag_name(info.name);
    object["documentation"] = info.documentation;
    array.push_back(std::move(object));
  }
  fmt::print("{}\n", boost::json::serialize(array));
}

int print_config(const Invocation& invocation, bool as_json) {
  const auto infos = describe_options(invocation.data_dir, invocation.config_file,
                                      process_environment(), invocation.flags);
  if (!infos) return complain(infos.error().message, kExitUsage);
  if (as_json) {
    print_json(*infos);
    return kExitDone;
  }
  Table table({"OPTION", "VALUE", "FROM", "WHAT IT IS"});
  for (const OptionInfo& info : *infos) {
    const bool is_default = info.source == "default";
    table.add_row({info.name, printable(info.value),
                   style(is_default ? Style::dim : Style::green, info.source), info.documentation});
  }
  table.print(stdout);
  return kExitDone;
}

}  // namespace

void add_config_command(CLI::App& root, Invocation& invocation) {
  auto* command = root.add_subcommand("config", "Print every option and where its value is from");
  auto as_json = std::make_shared<bool>(false);  // shared with the callback below
  command->add_flag("--json", *as_json, "Print JSON");
  command->callback([&invocation, as_json] {
    invocation.run_without_options = [&invocation, as_json] {
      return print_config(invocation, *as_json);
    };
  });
}

}  // namespace streaky::app

#include "app/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "app/config_file.h"
#include "app/option_setters.h"
#include "app/option_table.h"
#include "app/terminal.h"
#include "crypto/tokens.h"

namespace streaky::app {

namespace {

constexpr std::size_t kLongestValue = 64U << 10U;
constexpr const char* kByDefault = "default";

/// Where an option's value stands, before it is checked.
struct Given {
  const char* source = kByDefault;
  std::string where;  // for errors
  std::vector<std::string> items;
};

struct Loaded {
  Options options;
  // In the table's order:
  std::vector<const char*> sources;
  std::vector<std::string> fingerprints;
};

runtime::Result<std::vector<FileValue>> file_values(const std::string& data_dir,
                                                    const std::string& config_file) {
  if (!config_file.empty()) return read_config(config_file);
  const std::filesystem::path usual = std::filesystem::path(data_dir) / "streaky.toml";
  std::error_code ignored;
  if (!std::filesystem::exists(usual, ignored)) return std::vector<FileValue>{};
  return read_config(usual.string());
}

/// What was said of an option, the weightiest last; nothing where the default holds. An empty
/// variable counts as unset: that is how service managers and containers say "none".
std::vector<Given> given_for(const OptionSpec& spec, const std::vector<FileValue>& file,
                             const Environment& environment, const Flags& flags) {
  const std::string name(spec.name);
  std::vector<Given> given;
  const auto in_file = std::ranges::find(file, name, &FileValue::name);
  if (in_file != file.end()) {
    given.push_back(Given{.source = "file",
                          .where = fmt::format("config file line {}: {}", in_file->line, name),
                          .items = in_file->items});
  }
  std::string variable = environment_name(name);
  const auto ours = environment(variable);
  if (!spec.alias.empty() && (!ours || ours->empty())) variable = spec.alias;
  if (const auto value = environment(variable); value && !value->empty()) {
    given.push_back(
        Given{.source = "environment", .where = variable, .items = split_value(spec.kind, *value)});
  }
  if (const auto flag = flags.find(name); flag != flags.end()) {
    given.push_back(Given{
        .source = "flag", .where = flag_name(name), .items = split_value(spec.kind, flag->second)});
  }
  return given;
}

/// Empty where the option's shown value says everything.
std::string fingerprint_of(const OptionSpec& spec, const Given& given) {
  const bool shown_in_part = spec.name == "store.url";
  if (!spec.secret && !shown_in_part) return "";
  std::string text;
  for (const std::string& item : given.items) text += item + '\n';
  std::string fingerprint = crypto::hash_token(text);
  runtime::wipe(text);
  return fingerprint;
}

/// The reason why it cannot be taken.
std::string apply(Options& options, const OptionSpec& spec, Given& given) {
  const auto is_long = [](const std::string& item) { return item.size() > kLongestValue; };
  std::string reason = std::ranges::any_of(given.items, is_long) ? std::string("longer than 64 KiB")
                                                                 : spec.apply(options, given.items);
  if (spec.secret) std::ranges::for_each(given.items, runtime::wipe);
  return reason;
}

runtime::Result<Loaded> load(const std::string& data_dir, const std::string& config_file,
                             const Environment& environment, const Flags& flags) {
  std::string folder;
  if (const std::string reason = check_path(data_dir, folder); !reason.empty()) {
    return runtime::fail_for_good("bad_option", "--data: " + reason);
  }
  const auto file = file_values(data_dir, config_file);
  if (!file) return std::unexpected(file.error());
  Loaded loaded;
  loaded.options.data_dir = data_dir;
  for (const OptionSpec& spec : option_table()) {
    const char* source = kByDefault;
    std::string fingerprint;
    // What is overruled is checked all the same: it would fail on the day when it is not.
    for (Given& given : given_for(spec, *file, environment, flags)) {
      fingerprint = fingerprint_of(spec, given);
      const std::string reason = apply(loaded.options, spec, given);
      if (!reason.empty()) {
        return runtime::fail_for_good("bad_option", fmt::format("{}: {}", given.where, reason));
      }
      source = given.source;
    }
    loaded.sources.push_back(source);
    loaded.fingerprints.push_back(std::move(fingerprint));
    if (spec.name == "server.public_url") {
      loaded.options.server_public_url_given = std::string_view(source) != kByDefault;
    }
  }
  return loaded;
}

}  // namespace

std::string Options::database_url() const {
  if (!store_url.empty()) return store_url;
  return "sqlite:" + (std::filesystem::path(data_dir) / "streaky.db").string();
}

std::string Options::key_path() const {
  if (!keys_file.empty()) return keys_file;
  // "./data/" and "." name folders too: the key file stands beside the folder, never inside.
  std::filesystem::path folder(data_dir);
  if (!folder.has_filename()) folder = folder.parent_path();
  if (folder.filename() == "." || folder.filename() == "..") {
    folder = std::filesystem::absolute(folder).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
  }
  return folder.string() + ".keys";
}

runtime::Result<Options> load_options(const std::string& data_dir, const std::string& config_file,
                                      const Environment& environment, const Flags& flags) {
  auto loaded = load(data_dir, config_file, environment, flags);
  if (!loaded) return std::unexpected(loaded.error());
  return std::move(loaded->options);
}

runtime::Result<std::vector<OptionInfo>> describe_options(const std::string& data_dir,
                                                          const std::string& config_file,
                                                          const Environment& environment,
                                                          const Flags& flags) {
  auto loaded = load(data_dir, config_file, environment, flags);
  if (!loaded) return std::unexpected(loaded.error());
  // What an empty setting means is more use than nothing.
  Options& options = loaded->options;
  options.store_url = options.database_url();
  options.keys_file = options.key_path();
  std::vector<OptionInfo> infos;
  for (std::size_t i = 0; i < option_table().size(); ++i) {
    const OptionSpec& spec = option_table()[i];
    infos.push_back(OptionInfo{.name = std::string(spec.name),
                               .value = spec.show(options),
                               .source = loaded->sources[i],
                               .documentation = std::string(spec.documentation),
                               .secret = spec.secret,
                               .fingerprint = loaded->fingerprints[i]});
  }
  return infos;
}

std::vector<std::string> option_names() {
  std::vector<std::string> names;
  for (const OptionSpec& spec : option_table()) names.emplace_back(spec.name);
  return names;
}

}  // namespace streaky::app

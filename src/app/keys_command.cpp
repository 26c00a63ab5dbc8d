// `streaky keys new|rotate|list`: the keys that seal what is stored.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/key_changes.h"
#include "app/key_rotation.h"
#include "app/proxy_reseal.h"
#include "app/wiring.h"
#include "crypto/key_file.h"

namespace streaky::app {

namespace {

/// Re-sealed values between two lines of progress.
constexpr std::int64_t kProgressEvery = 10'000;

struct KeysArguments {
  std::string proxy_file;
  bool prepare = false;
  bool json = false;
};

using Counts = std::map<std::string, std::int64_t>;

/// The path of a key file that can be changed.
std::string file_to_change(const Options& options) {
  const crypto::KeySource source = key_source(options);
  if (!source.text.empty()) {
    throw std::runtime_error(source.name + " holds the keys: change them there; a key file (" +
                             "keys.file) can be rotated by this command");
  }
  if (source.from_service_manager) {
    throw std::runtime_error(source.file + " is a credential of the service manager, which this " +
                             "command cannot change: rotate its source with --keys-file");
  }
  return source.file;
}

int make(const Options& options, const KeysArguments& arguments) {
  const std::string path = file_to_change(options);
  if (file_exists(path)) {
    return complain("the key file " + path + " exists already and stays as it is: `streaky keys " +
                        "rotate` replaces keys without losing what they seal",
                    kExitUsage);
  }
  crypto::Keyring keys = crypto::new_keyring();
  if (!arguments.proxy_file.empty()) move_private_half(keys, arguments.proxy_file);
  if (!crypto::create_key_file(path, keys)) {
    return complain("the key file " + path + " was made by another command just now", kExitUsage);
  }
  fmt::print("{}: made. Back it up, apart from the database.\n", path);
  if (!arguments.proxy_file.empty()) {
    fmt::print(
        "{}: the proxy's key file. Move it to the proxy's machine (`streaky proxy --keys-file`), "
        "back it up, and leave no copy here: only it opens channel credentials.\n",
        arguments.proxy_file);
  }
  return kExitDone;
}

std::vector<std::string> retired_ids(const crypto::Keyring& before, const crypto::Keyring& after) {
  std::vector<std::string> ids;
  const auto gone = [&ids](const auto& keys, const auto& kept) {
    for (const auto& key : keys) {
      const auto same = [&key](const auto& other) { return other.id == key.id; };
      if (std::ranges::none_of(kept, same)) ids.push_back(key.id);
    }
  };
  gone(before.masters, after.masters);
  gone(before.channels, after.channels);
  return ids;
}

void print_rotation(const ResealReport& report, const crypto::Keyring& keys,
                    const std::vector<std::string>& retired, bool json) {
  const std::string master = keys.sealing_master()->id;
  const std::string channel =
      keys.sealing_channel() == nullptr ? std::string() : keys.sealing_channel()->id;
  if (json) {
    const boost::json::object object{
        {"master", master},
        {"channel", channel},
        {"resealed", report.resealed},
        {"left", report.left},
        {"retired", boost::json::array(retired.begin(), retired.end())},
        {"not_opened", boost::json::array(report.not_opened.begin(), report.not_opened.end())}};
    fmt::print("{}\n", boost::json::serialize(object));
    return;
  }
  fmt::print("{} and {} seal; {} values were sealed anew, {} are left with older keys\n", master,
             channel.empty() ? "no channel key" : channel, report.resealed, report.left);
  if (!retired.empty()) fmt::print("retired: {}\n", fmt::join(retired, ", "));
  for (const std::string& line : report.not_opened) fmt::print("not opened: {}\n", line);
  if (report.left > 0) {
    fmt::print(
        "The older keys stay until nothing needs them: mend or remove what does not open, "
        "then run this again.\n");
  }
}

/// Everything anew, by way of the proxy where that alone can open.
ResealReport reseal_stored(Base& base, store::SealedValues& values, const Options& options) {
  const auto sealer = open_keys(options, false);
  std::int64_t told = 0;
  const std::function<void(std::int64_t)> progress = [&told](std::int64_t done) {
    if (done < told + kProgressEvery) return;
    told = done;
    fmt::print(stderr, "{} values sealed anew\n", done);
  };
  // An original proxy knows nothing of our keys.
  const bool by_proxy =
      !options.proxy_urls.empty() && !options.proxy_secret.empty() && !options.proxy_compat;
  if (!by_proxy) return base.run(reseal_all(&values, sealer.get(), nullptr, &progress));
  Outside outside(base, options);
  const ProxyAccess access{.http = outside.http,
                           .clock = *base.clock,
                           .urls = options.proxy_urls,
                           .secret = options.proxy_secret.front(),
                           .prefix = sealer->seals_as(crypto::Purpose::channel)};
  const ResealElsewhere elsewhere = [&access](std::vector<store::SealedValue> some) {
    return reseal_at_proxy(&access, std::move(some));
  };
  return base.run(reseal_all(&values, sealer.get(), &elsewhere, &progress));
}

int rotate(const Options& options, const KeysArguments& arguments) {
  const std::string path = file_to_change(options);
  Base base(options);
  const auto database = open_database(base, options, false);
  const crypto::KeyFileLock lock(path);
  crypto::Keyring keys = crypto::read_keys(key_source(options), false).keys;
  if (arguments.prepare || !arguments.proxy_file.empty()) {
    const PreparedKeys prepared = prepare_keys(keys, arguments.proxy_file);
    crypto::replace_key_file(path, keys);
    fmt::print("{}\n", describe(prepared, path, arguments.proxy_file));
    return kExitDone;
  }
  if (begin_rotation(keys)) crypto::replace_key_file(path, keys);

  store::SealedValues values(*database);
  const ResealReport report = reseal_stored(base, values, options);
  const crypto::Keyring kept = base.run(retire_unneeded(&values, &keys));
  const auto retired = retired_ids(keys, kept);
  if (!retired.empty()) crypto::replace_key_file(path, kept);
  print_rotation(report, kept, retired, arguments.json);
  return report.left == 0 ? kExitDone : kExitFailed;
}

/// Nothing where there is no database to count in.
std::optional<Counts> counts_of(const Options& options) {
  try {
    Base base(options);
    const auto database = open_database(base, options, false);
    store::SealedValues values(*database);
    return base.run(values.count_by_key());
  } catch (const store::DatabaseError&) {
    return std::nullopt;
  }
}

void print_key(const KeyLine& key, const std::optional<Counts>& counts, bool json) {
  const std::int64_t count = counts && counts->contains(key.prefix) ? counts->at(key.prefix) : 0;
  if (json) {
    boost::json::object object{{"id", key.id},
                               {"sort", key.sort},
                               {"seals", key.seals},
                               {"prepared", key.prepared},
                               {"opens", key.opens}};
    object["values"] = counts ? boost::json::value(count) : boost::json::value(nullptr);
    fmt::print("{}\n", boost::json::serialize(object));
    return;
  }
  const std::string use = key.seals ? "seals" : key.prepared ? "prepared" : "";
  fmt::print("{:<16}  {:<7}  {:<8}  {:<26}  {}\n", key.id, key.sort, use,
             key.opens ? "opens" : "private half is elsewhere",
             counts ? fmt::format("{} values", count) : std::string("no database here"));
}

int list(const Options& options, const KeysArguments& arguments) {
  const crypto::Keyring keys = crypto::read_keys(key_source(options), false).keys;
  const auto counts = counts_of(options);
  for (const KeyLine& key : lines_of(keys)) print_key(key, counts, arguments.json);
  return kExitDone;
}

}  // namespace

void add_keys_command(CLI::App& root, Invocation& invocation) {
  auto* keys = root.add_subcommand("keys", "The keys that seal what is stored");
  keys->require_subcommand(1);
  auto arguments = std::make_shared<KeysArguments>();  // shared by the callbacks below
  const auto add = [&](const char* name, const char* help,
                       int (*run)(const Options&, const KeysArguments&)) {
    auto* command = keys->add_subcommand(name, help);
    command->callback([&invocation, arguments, run] {
      invocation.run = [arguments, run](Options& options) { return run(options, *arguments); };
    });
    return command;
  };
  add("new", "Make a key file; an existing one stays as it is", make)
      ->add_option(
          "--proxy", arguments->proxy_file,
          "Put the half that opens channel credentials into this file, for the proxy alone");
  auto* rotate_command =
      add("rotate", "Seal everything with new keys and retire the old; safe while `serve` runs",
          rotate);
  rotate_command->add_flag("--prepare", arguments->prepare,
                           "Only add new keys, not in use yet, so that other machines can be given "
                           "them first; the next `keys rotate` puts them to use");
  rotate_command->add_option("--proxy", arguments->proxy_file,
                             "Like --prepare, with the half that opens channel credentials in this "
                             "file, to be added to the proxy's key file");
  rotate_command->add_flag("--json", arguments->json, "Print JSON");
  add("list", "The keys, what each is for and how many values need it", list)
      ->add_flag("--json", arguments->json, "Print JSON");
}

}  // namespace streaky::app

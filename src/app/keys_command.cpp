// `streaky keys new|rotate|list`: the keys that seal what is stored.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/fleet.h"
#include "app/key_changes.h"
#include "app/key_holders.h"
#include "app/key_rotation.h"
#include "app/proxy_reseal.h"
#include "app/stored_keys.h"
#include "app/wiring.h"
#include "crypto/key_file.h"

namespace streaky::app {

namespace {

/// Re-sealed values between two lines of progress.
constexpr std::int64_t kProgressEvery = 10'000;

struct KeysArguments {
  std::string proxy_file;
  bool prepare = false;
  bool lost = false;
  bool force = false;
  bool json = false;
};

using Counts = std::map<std::string, std::int64_t>;

/// Who cannot read its keys again must have the new ones before they come to use.
constexpr const char* kTwoSteps =
    "Rotate the key file that they come from in two steps: `keys rotate --prepare --keys-file "
    "SOURCE`, hand it out and restart everything that uses it, then `keys rotate --keys-file "
    "SOURCE`";

/// The path of a key file that can be changed.
std::string file_to_change(const Options& options) {
  const crypto::KeySource source = key_source(options);
  if (!source.text.empty()) {
    throw std::runtime_error(source.name +
                             " holds the keys, which running processes have as they " +
                             "were at their start. " + kTwoSteps);
  }
  if (source.from_service_manager) {
    throw std::runtime_error(source.file + " is a credential of the service manager, which this " +
                             "command cannot change, and which running units have as it was at " +
                             "their start. " + kTwoSteps);
  }
  return source.file;
}

/// Nothing where there is none yet.
std::unique_ptr<store::Database> existing_database(Base& base, const Options& options) {
  try {
    return open_database(base, options, false);
  } catch (const store::DatabaseError& error) {
    if (error.kind() != store::DatabaseError::Kind::cannot_open) throw;
    return nullptr;
  }
}

/// Why new keys would be wrong for this database; empty when they are not. With `lost`, its former
/// keys are retired where nothing stored needs them.
std::string why_no_new_keys(Base& base, store::Database& database, bool lost) {
  const auto others = values_of_others(base, database, {});
  if (!others.empty()) {
    return fmt::format(
        "the database has sealed values that new keys would not open ({}): restore the key file "
        "from your backup, or copy it from a machine that has it; where it is lost for good, "
        "remove the users first",
        describe_values(others));
  }
  store::KnownKeys registry(database);
  store::SealedValues values(database);
  for (const store::KnownKey& key : base.run(registry.list())) {
    if (key.retired) continue;
    if (!lost) {
      return fmt::format(
          "the database has keys already ({}): copy the key file of a machine that has them; where "
          "they are lost for good, run this with --lost",
          key.prefix);
    }
    if (!base.run(values.retire(key.prefix))) return "values are being stored right now; try again";
  }
  return {};
}

/// A private key that goes with nothing.
void forget_proxy_file(const KeysArguments& arguments) {
  std::error_code ignored;
  if (!arguments.proxy_file.empty()) std::filesystem::remove(arguments.proxy_file, ignored);
}

int make(const Options& options, const KeysArguments& arguments) {
  const std::string path = file_to_change(options);
  if (file_exists(path)) {
    return complain("the key file " + path + " exists already and stays as it is: `streaky keys " +
                        "rotate` replaces keys without losing what they seal",
                    kExitUsage);
  }
  const bool for_proxy = !arguments.proxy_file.empty();
  if (for_proxy && std::filesystem::absolute(path).lexically_normal() ==
                       std::filesystem::absolute(arguments.proxy_file).lexically_normal()) {
    return complain("--proxy " + path + " is the key file itself: name another", kExitUsage);
  }
  Base base(options);
  const auto database = existing_database(base, options);
  if (database != nullptr) require_own_schema(*database, "`streaky keys new`");
  const std::string why =
      database == nullptr ? "" : why_no_new_keys(base, *database, arguments.lost);
  if (!why.empty()) return complain(why, kExitUsage);
  crypto::Keyring keys = crypto::new_keyring();
  if (for_proxy) move_private_half(keys, arguments.proxy_file);
  bool made = false;
  try {
    made = crypto::create_key_file(path, keys);
  } catch (...) {
    forget_proxy_file(arguments);
    throw;
  }
  if (!made) {
    forget_proxy_file(arguments);
    return complain("the key file " + path + " was made by another command just now", kExitUsage);
  }
  if (database != nullptr) settle_keys(base, *database, keys, path);
  fmt::print("{}: made. Back it up, apart from the database.\n", path);
  if (for_proxy) {
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
  if (!retired.empty()) {
    fmt::print(
        "retired: {}\nBack up the key file anew: older copies of it do not open what is stored "
        "now. Keep one of those for as long as there are backups of the database from before.\n",
        fmt::join(retired, ", "));
  }
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

/// What is sealed with keys that are not here could neither be opened nor be sealed anew.
void require_ours(Base& base, store::Database& database, const crypto::Keyring& keys,
                  const std::string& path) {
  settle_keys(base, database, keys, path);
  const auto others = values_of_others(base, database, lines_of(keys));
  if (others.empty()) return;
  throw std::runtime_error(fmt::format(
      "{}: lacks keys of stored values ({}): put the newest key file there, from the machine that "
      "has it; where they are lost for good, `streaky doctor` names the values to remove",
      path, describe_values(others)));
}

/// What is sealed anew must open wherever it is needed; before anything is changed.
void require_holders(Base& base, store::Database& database, const Options& options,
                     const crypto::Keyring& keys) {
  const std::string why = why_not_yet(living_members(base, database, options), keys);
  if (!why.empty()) throw std::runtime_error(why);
}

int rotate(const Options& options, const KeysArguments& arguments) {
  const std::string path = file_to_change(options);
  Base base(options);
  const auto database = open_database(base, options, false);
  require_own_schema(*database, "`streaky keys rotate`");
  const crypto::KeyFileLock lock(path);
  crypto::Keyring keys = crypto::read_keys(key_source(options), false).keys;
  require_ours(base, *database, keys, path);
  if (arguments.prepare || !arguments.proxy_file.empty()) {
    const PreparedKeys prepared = prepare_keys(keys, arguments.proxy_file);
    crypto::replace_key_file(path, keys);
    fmt::print("{}\n", describe(prepared, path, arguments.proxy_file));
    return kExitDone;
  }
  const bool begun = begin_rotation(keys);
  if (!arguments.force) require_holders(base, *database, options, keys);
  if (begun) crypto::replace_key_file(path, keys);
  settle_prepared(base, *database, keys, path);
  if (put_to_use(keys)) crypto::replace_key_file(path, keys);

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

/// Values whose key is not here: another machine has rotated, or the key file is not the right one.
void print_foreign(const std::string& prefix, std::int64_t count, bool json) {
  const bool channel = prefix.starts_with("c1.");
  const auto point = prefix.find('.');  // `v1.k2x0a1b2c3d.`
  const std::string id = point == std::string::npos
                             ? std::string("no known form")
                             : prefix.substr(point + 1, prefix.size() - point - 2);
  if (json) {
    fmt::print("{}\n",
               boost::json::serialize(boost::json::object{{"id", id},
                                                          {"sort", channel ? "channel" : "master"},
                                                          {"missing", true},
                                                          {"values", count}}));
    return;
  }
  fmt::print("{:<16}  {:<7}  {:<8}  {:<26}  {} values\n", id, channel ? "channel" : "master",
             "missing", "is not in the key file", count);
}

int list(const Options& options, const KeysArguments& arguments) {
  const crypto::Keyring keys = crypto::read_keys(key_source(options), false).keys;
  const auto counts = counts_of(options);
  const auto lines = lines_of(keys);
  for (const KeyLine& key : lines) print_key(key, counts, arguments.json);
  Counts others = counts.value_or(Counts{});
  for (const KeyLine& key : lines) others.erase(key.prefix);
  for (const auto& [prefix, count] : others) print_foreign(prefix, count, arguments.json);
  return others.empty() ? kExitDone : kExitFailed;
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
  auto* make_command = add("new", "Make a key file; an existing one stays as it is", make);
  make_command->add_option(
      "--proxy", arguments->proxy_file,
      "Put the half that opens channel credentials into this file, for the proxy alone");
  make_command->add_flag("--lost", arguments->lost,
                         "The former keys are lost for good: forget them. Refused while anything "
                         "stored is sealed with them");
  auto* rotate_command =
      add("rotate", "Seal everything with new keys and retire the old; safe while `serve` runs",
          rotate);
  rotate_command->add_flag("--prepare", arguments->prepare,
                           "Only add new keys, not in use yet, so that other machines can be given "
                           "them first; the next `keys rotate` puts them to use");
  rotate_command->add_option("--proxy", arguments->proxy_file,
                             "Like --prepare, with the half that opens channel credentials in this "
                             "file, to be added to the proxy's key file");
  rotate_command->add_flag(
      "--force", arguments->force,
      "Also while processes run that could not open what is sealed anew, since "
      "they read their keys once, at their start");
  rotate_command->add_flag("--json", arguments->json, "Print JSON");
  add("list", "The keys, what each is for and how many values need it", list)
      ->add_flag("--json", arguments->json, "Print JSON");
}

}  // namespace streaky::app

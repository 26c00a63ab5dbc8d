#include "app/stored_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "crypto/key_file.h"
#include "store/sealed_values.h"

namespace streaky::app {

namespace {

using store::KnownKey;

/// How values begin that a key of the sort has sealed.
constexpr std::string_view kSorts[] = {"v1.", "c1."};

const KnownKey* find_known(const std::vector<KnownKey>& known, const std::string& prefix) {
  const auto found = std::ranges::find(known, prefix, &KnownKey::prefix);
  return found == known.end() ? nullptr : &*found;
}

bool holds(const std::vector<KeyLine>& lines, const std::string& prefix) {
  return std::ranges::find(lines, prefix, &KeyLine::prefix) != lines.end();
}

/// The ids of the sort that are known and not retired.
std::vector<std::string> in_use(const std::vector<KnownKey>& known, std::string_view sort) {
  std::vector<std::string> prefixes;
  for (const KnownKey& key : known) {
    if (!key.retired && key.prefix.starts_with(sort)) prefixes.push_back(key.prefix);
  }
  return prefixes;
}

/// Keys that seal or have sealed, and that the database does not know.
std::vector<KnownKey> unknown_of(const std::vector<KeyLine>& lines,
                                 const std::vector<KnownKey>& known, bool prepared) {
  std::vector<KnownKey> fresh;
  for (const KeyLine& line : lines) {
    if (line.prepared != prepared || find_known(known, line.prefix) != nullptr) continue;
    fresh.push_back({.prefix = line.prefix, .fingerprint = line.fingerprint});
  }
  return fresh;
}

bool is_missing(const crypto::KeySource& source) {
  return source.text.empty() && !file_exists(source.file);
}

/// The first keys of a database; refused where it has had some.
void make_first_keys(Base& base, store::Database& database, const crypto::KeySource& source,
                     const std::vector<KnownKey>& known) {
  store::Users users(database);
  const bool used = std::ranges::any_of(known, [](const KnownKey& key) { return !key.retired; });
  const bool needed = used || !base.run(users.list(0, 1)).empty();
  if (!is_missing(source)) return;  // another process has made it and begun to use it meanwhile
  if (needed) {
    throw std::runtime_error(
        fmt::format("the key file {} is missing, and without it no stored credential opens: "
                    "restore it from your backup, or copy it from a machine that has it; where it "
                    "is lost for good, remove the users, run `streaky keys new --lost` and sign "
                    "them up again",
                    source.file));
  }
  if (source.from_service_manager) return;  // reading it says that it is missing
  if (crypto::create_key_file(source.file, crypto::new_keyring())) {
    base.log->info(
        "made the key file: back it up, apart from the database; without it no stored "
        "credential opens",
        {{"file", source.file}});
  }
}

}  // namespace

std::string why_not_ours(const std::vector<KeyLine>& lines, const std::vector<KnownKey>& known,
                         const std::string& name) {
  for (const KeyLine& line : lines) {
    const KnownKey* same = find_known(known, line.prefix);
    if (same == nullptr || same->fingerprint == line.fingerprint) continue;
    return fmt::format(
        "{}: its key {} is another than the {} that this database is sealed with: put the right "
        "key file there, from your backup or from a machine that has it",
        name, line.id, line.id);
  }
  for (const std::string_view sort : kSorts) {
    const auto used = in_use(known, sort);
    const bool any = std::ranges::any_of(
        used, [&lines](const std::string& prefix) { return holds(lines, prefix); });
    if (used.empty() || any) continue;
    return fmt::format(
        "{}: holds none of the keys that this database is sealed with ({}): put the right key file "
        "there, from your backup or from a machine that has it; where it is lost for good, move "
        "this one away, remove the users and run `streaky keys new --lost`",
        name, fmt::join(used, ", "));
  }
  return {};
}

void settle_keys(Base& base, store::Database& database, const crypto::Keyring& keys,
                 const std::string& name) {
  store::KnownKeys registry(database);
  const auto lines = lines_of(keys);
  for (int i = 0; i < kMostKeyDecisions; ++i) {
    const auto known = base.run(registry.list());
    if (const std::string why = why_not_ours(lines, known, name); !why.empty()) {
      throw std::runtime_error(why);
    }
    auto fresh = unknown_of(lines, known, false);
    if (fresh.empty() || base.run(registry.add(std::move(fresh), known))) return;
  }
  throw std::runtime_error("other processes keep changing the keys of this database; try again");
}

void settle_prepared(Base& base, store::Database& database, const crypto::Keyring& keys,
                     const std::string& name) {
  store::KnownKeys registry(database);
  const auto lines = lines_of(keys);
  const auto known = base.run(registry.list());
  std::string why = why_not_ours(lines, known, name);
  for (const KnownKey& key : known) {
    if (key.retired || holds(lines, key.prefix) || !why.empty()) continue;
    why = fmt::format("{}: another machine has put {} to use: put its key file here first", name,
                      key.prefix);
  }
  if (why.empty() && !base.run(registry.add(unknown_of(lines, known, true), known))) {
    why = fmt::format(
        "{}: another machine changes the keys of this database right now: put its "
        "key file here first",
        name);
  }
  if (!why.empty()) throw std::runtime_error(why);
}

std::map<std::string, std::int64_t> values_of_others(Base& base, store::Database& database,
                                                     const std::vector<KeyLine>& lines) {
  store::SealedValues values(database);
  auto counts = base.run(values.count_by_key());
  for (const KeyLine& line : lines) counts.erase(line.prefix);
  return counts;
}

std::string describe_values(const std::map<std::string, std::int64_t>& counts) {
  std::vector<std::string> parts;
  for (const auto& [prefix, count] : counts) {
    parts.push_back(fmt::format("{} under {}", count, prefix.empty() ? "no known form" : prefix));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

void follow_rotation(Base& base, store::Database& database, const crypto::KeySource& source) {
  if (!source.text.empty() || source.from_service_manager) return;
  store::KnownKeys registry(database);
  const auto known = base.run(registry.list());
  const auto begun = [&known](const crypto::Keyring& keys) {
    return std::ranges::any_of(lines_of(keys), [&known](const KeyLine& line) {
      const KnownKey* key = find_known(known, line.prefix);
      return line.prepared && key != nullptr && key->fingerprint == line.fingerprint;
    });
  };
  if (!begun(crypto::read_keys(source, false).keys)) return;
  try {
    const crypto::KeyFileLock lock(source.file);
    crypto::Keyring keys = crypto::read_keys(source, false).keys;
    if (!begun(keys) || !put_to_use(keys)) return;
    crypto::replace_key_file(source.file, keys);
    base.log->info("prepared keys are in use elsewhere: they seal here, too",
                   {{"file", source.file}});
  } catch (const std::runtime_error& error) {
    base.log->warn("prepared keys are in use elsewhere, but cannot be put to use here",
                   {{"error", error.what()}});
  }
}

std::unique_ptr<crypto::Sealer> open_or_make_keys(Base& base, store::Database& database,
                                                  const Options& options) {
  const crypto::KeySource source = key_source(options);
  store::KnownKeys registry(database);
  if (is_missing(source)) make_first_keys(base, database, source, base.run(registry.list()));
  const crypto::Keyring keys = crypto::read_keys(source, false).keys;
  const std::string name = source.text.empty() ? "key file " + source.file : source.name;
  settle_keys(base, database, keys, name);
  follow_rotation(base, database, source);
  return open_keys(options, false);
}

}  // namespace streaky::app

#include "app/key_holders.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "app/key_changes.h"
#include "app/wiring.h"
#include "crypto/key_file.h"
#include "runtime/printable.h"

namespace streaky::app {

namespace {

/// Processes that are named; of more, how many.
constexpr std::size_t kMostNamed = 5;

/// How what the newest keys seal begins.
std::vector<std::string> newest_of(const crypto::Keyring& keys) {
  crypto::Keyring then = keys.clone();
  put_to_use(then);
  std::vector<std::string> prefixes;
  for (const KeyLine& line : lines_of(then)) {
    if (line.seals) prefixes.push_back(line.prefix);
  }
  return prefixes;
}

/// An empty text is of a process that will read the new keys by itself.
bool lacks_any(const std::string& fixed, const std::vector<std::string>& prefixes) {
  if (fixed.empty()) return false;
  std::vector<std::string> held;
  std::istringstream words(fixed);
  for (std::string word; words >> word;) held.push_back(word);
  return std::ranges::any_of(prefixes, [&held](const std::string& prefix) {
    return std::ranges::find(held, prefix) == held.end();
  });
}

}  // namespace

std::string fixed_keys(const Options& options) {
  const crypto::KeySource source = key_source(options);
  if (source.text.empty() && !source.from_service_manager) return {};
  std::vector<std::string> prefixes;
  for (const KeyLine& line : lines_of(crypto::read_keys(source, false).keys)) {
    prefixes.push_back(line.prefix);
  }
  return fmt::format("{}", fmt::join(prefixes, " "));
}

std::string why_not_yet(const std::vector<store::Member>& fleet, const crypto::Keyring& keys) {
  const auto newest = newest_of(keys);
  std::vector<std::string> names;
  for (const store::Member& member : fleet) {
    if (!lacks_any(member.fixed_keys, newest)) continue;
    names.push_back(fmt::format("{} ({})", runtime::printable(member.name), member.roles));
  }
  if (names.empty()) return {};
  const std::size_t all = names.size();
  std::string more;
  if (all > kMostNamed) {
    more = fmt::format(" and {} more", all - kMostNamed);
    names.resize(kMostNamed);
  }
  return fmt::format(
      "running processes read their keys once, at their start, and could not open what {} would "
      "seal: {}{}. Give them the new keys first: `keys rotate --prepare`, hand the key file out, "
      "restart them, then this again (`streaky status` shows who runs; who was killed counts until "
      "it is missed). --force rotates all the same",
      fmt::join(newest, " and "), fmt::join(names, ", "), more);
}

}  // namespace streaky::app

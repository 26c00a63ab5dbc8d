#include "app/fleet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>

#include "app/run_lock.h"
#include "engine/membership.h"
#include "runtime/process.h"
#include "store/postgres_url.h"

namespace streaky::app {

namespace {

constexpr runtime::Millis kBeatShared{5'000};
constexpr runtime::Millis kBeatAlone{60'000};

/// Whether it ran on this machine and is no more; its name ends in its number and its start
/// (runtime::process_name).
bool is_gone(const store::Member& member) {
  if (member.host != runtime::host_name()) return false;
  const std::string& name = member.name;
  const auto after = name.rfind(':');
  if (after == std::string::npos || after == 0) return false;
  const auto before = name.rfind(':', after - 1);
  if (before == std::string::npos) return false;
  pid_t number = 0;
  const char* end = name.data() + after;
  const auto read = std::from_chars(name.data() + before + 1, end, number);
  if (read.ec != std::errc{} || read.ptr != end || number <= 0) return false;
  return kill(number, 0) != 0 && errno == ESRCH;
}

}  // namespace

std::vector<store::Member> members_of(Base& base, store::Database& database) {
  store::Members members(database);
  return base.run(members.list());
}

std::vector<store::Member> living_members(Base& base, store::Database& database,
                                          const Options& options) {
  const auto fresh = base.clock->now() - beat_of(options) * engine::Membership::kBeatsMissed;
  auto members = members_of(base, database);
  std::erase_if(members, [fresh](const auto& member) { return member.beat_at <= fresh; });
  return members;
}

runtime::Millis beat_of(const Options& options) {
  return store::is_postgres_url(options.database_url()) ? kBeatShared : kBeatAlone;
}

bool somebody_works(Base& base, store::Database& database, const Options& options) {
  if (RunLock::held(options.data_dir, RunLock::Of::workers)) return true;
  if (!store::is_postgres_url(options.database_url())) return false;
  return std::ranges::any_of(living_members(base, database, options), [](const auto& member) {
    return member.roles.find("worker") != std::string::npos;
  });
}

std::vector<std::string> who_serves(Base& base, store::Database& database, const Options& options) {
  const bool shared = store::is_postgres_url(options.database_url());
  std::vector<std::string> names;
  for (const store::Member& member : living_members(base, database, options)) {
    if (!shared && is_gone(member)) continue;
    names.push_back(fmt::format("{} ({})", member.name, member.roles));
  }
  // One that has just started, or that another container's numbers hide.
  if (names.empty() && RunLock::held(options.data_dir, RunLock::Of::all)) {
    names.push_back(fmt::format("a `streaky serve` on the folder {}", options.data_dir));
  }
  return names;
}

}  // namespace streaky::app

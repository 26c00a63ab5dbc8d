#include "app/fleet.h"

#include <algorithm>

#include "app/run_lock.h"
#include "engine/membership.h"
#include "store/postgres_url.h"

namespace streaky::app {

namespace {

constexpr runtime::Millis kBeatShared{5'000};
constexpr runtime::Millis kBeatAlone{60'000};

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
  if (RunLock::held(options.data_dir)) return true;
  if (!store::is_postgres_url(options.database_url())) return false;
  return std::ranges::any_of(living_members(base, database, options), [](const auto& member) {
    return member.roles.find("worker") != std::string::npos;
  });
}

}  // namespace streaky::app

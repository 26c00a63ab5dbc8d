#include "depot.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "store/users.h"

namespace streaky::bench {

namespace {

constexpr std::size_t kUsersPerSave = 1'000;

std::filesystem::path make_folder() {
  const char* wanted = std::getenv("BENCH_DATA");  // NOLINT(concurrency-mt-unsafe): one thread yet
  const std::filesystem::path base = wanted == nullptr ? "." : wanted;
  auto folder = base / ("queue-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  return folder;
}

store::User user_of(const store::UserKey& key, const store::Allotted& allotted) {
  store::User user;
  user.id = allotted.user_id;
  user.login = key.login;
  user.node_id = key.node_id;
  user.time_zone = "Europe/Berlin";
  user.remind_at = {20 * 60};
  store::Channel channel;
  channel.id = allotted.discord_channel_id;
  channel.kind = "discord";
  channel.sealed = "v1.k1." + std::string(196, 's');  // the length of a sealed webhook
  channel.hint = "…0077";
  user.channels.push_back(std::move(channel));
  return user;
}

}  // namespace

runtime::TimePoint depot_now() { return runtime::from_unix_ms(1'786'017'600'000); }

Depot::Depot()
    : folder_(make_folder()),
      database_(std::make_unique<store::Database>(
          io_.get_executor(), store::Database::Options{.url = "sqlite:" + file(), .wall = {}},
          metrics_)) {
  sign_up();
}

Depot::~Depot() {
  database_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Depot::sign_up() {
  store::Users users(*database_);
  for (std::size_t next = 0; next < kUsers; next += kUsersPerSave) {
    std::vector<store::UserKey> keys;
    for (std::size_t i = next; i < next + kUsersPerSave; ++i) {
      keys.push_back({"user-" + std::to_string(i), "U_kgDO" + std::to_string(1'000'000 + i), {}});
    }
    const auto allotted = run(users.allot(keys));
    std::vector<store::User> made;
    for (std::size_t i = 0; i < keys.size(); ++i) made.push_back(user_of(keys[i], allotted[i]));
    run(users.save(std::move(made), depot_now()));
  }
}

}  // namespace streaky::bench

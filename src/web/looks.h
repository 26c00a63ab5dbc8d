// Looks at GitHub that people ask for: the whole history, for the heat map, the longest streak and
// "check now". They run beside the page, which never waits for them, and tell nobody: reminders are
// the engine's.
//
// Threading: the executor's thread. Borrows everything. At most `kMostAtOnce` are under way, one
// per user; what failed is remembered for `kMostFailures` users.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "crypto/sealer.h"
#include "engine/checker.h"
#include "github/contributions.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/task.h"
#include "store/calendars.h"
#include "store/users.h"

namespace streaky::web {

struct LooksParts {
  github::Contributions& github;
  const crypto::Sealer& sealer;
  runtime::Clock& clock;
  runtime::Log& log;
  runtime::Metrics& metrics;
  store::Database& database;
  runtime::Executor executor;
};

class Looks {
 public:
  static constexpr std::size_t kMostAtOnce = 50;
  static constexpr std::size_t kMostFailures = 10'000;
  static constexpr runtime::Millis kPatience{30'000};
  /// A calendar that is older is read again when its user comes by.
  static constexpr std::chrono::hours kFresh{6};

  explicit Looks(LooksParts parts);

  /// False when there are too many, or the site is stopping. One that is under way counts.
  bool begin(std::int64_t user_id);
  [[nodiscard]] bool under_way(std::int64_t user_id) const { return users_.contains(user_id); }
  /// Why the last look at this user gave nothing; gone once one succeeds.
  struct Failure {
    std::string code;
    runtime::TimePoint at{};
  };
  [[nodiscard]] std::optional<Failure> failure(std::int64_t user_id) const;

  void stop() { stopping_ = true; }
  runtime::Task<void> wait_idle() { return tasks_.wait_empty(); }

 private:
  runtime::Task<void> look(std::int64_t user_id);
  runtime::Task<std::string> try_look(std::int64_t user_id);
  runtime::Task<void> keep(const store::User* user, const github::Sight* sight,
                           streak::Label today);
  void fail(std::int64_t user_id, std::string code);

  LooksParts parts_;
  engine::Checker checker_;
  store::Users stored_;
  store::Calendars calendars_;
  std::unordered_set<std::int64_t> users_;
  std::unordered_map<std::int64_t, Failure> failures_;
  bool stopping_ = false;
  runtime::TaskGroup tasks_;
};

}  // namespace streaky::web

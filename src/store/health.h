// How the channels do, all users together: for operators. Threading, errors: see database.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/time.h"
#include "store/database.h"

namespace streaky::store {

/// One kind of channel.
struct ChannelHealth {
  std::int64_t on = 0;
  std::int64_t off = 0;
  std::map<std::string, std::int64_t> deliveries;  // by state, of the last day

  [[nodiscard]] std::int64_t count(const std::string& state) const;
};

struct OffReason {
  std::string kind;
  std::string reason;
  std::int64_t channels = 0;
};

struct ChannelReport {
  std::map<std::string, ChannelHealth> kinds;
  std::vector<OffReason> off_reasons;  // the most frequent first, at most ten
};

/// How far the database's clock is ahead of this machine's.
runtime::Task<runtime::Millis> clock_ahead(Database* database);

/// Deliveries made since a day before `now`.
runtime::Task<ChannelReport> read_channel_report(Database* database, runtime::TimePoint now);

}  // namespace streaky::store

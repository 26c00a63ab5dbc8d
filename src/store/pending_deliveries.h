// Deliveries that wait: ends them, keeping the counters right, and makes others wait. Private to
// store/. The database's thread.
#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/time.h"
#include "store/counts.h"
#include "store/session.h"

namespace streaky::store {

struct PendingEnd {
  std::string state;  // "dead", "cancelled"
  std::string code;
  std::string reason;
};

/// Everything that waits for these channels, which take no more.
void end_pending_of_channels(Session& session, Counts& counts,
                             const std::vector<std::int64_t>& channel_ids, const PendingEnd& end,
                             runtime::TimePoint now);

/// What waits of other jobs for the same user, date and channel: a newer reminder says it better.
/// Rows: `user_id`, `date`, `channel_id`, `job_id`.
void cancel_overtaken(Session& session, Counts& counts, const boost::json::array& reminders,
                      runtime::TimePoint now);

/// Of these, which wait again, what a newer reminder overtook while it was on its way.
void cancel_overtaken_meanwhile(Session& session, Counts& counts,
                                const std::vector<std::string>& ids, runtime::TimePoint now);

/// No message on its way was made longer ago: none outlives its user's day.
inline constexpr std::chrono::hours kLongestDay{48};

/// Of these, which `owner` has just begun, those wait instead whose channel another process has in
/// hand: a channel is sent to by one process at a time. Gives them and their batches; counters are
/// the caller's.
std::unordered_map<std::string, std::string> give_way(Session& session,
                                                      const std::vector<std::string>& ids,
                                                      const std::string& owner,
                                                      runtime::TimePoint now);

/// "Could not check" that has not been said yet, of users who could be checked after all. Rows:
/// `user_id`, `date`.
void cancel_answered(Session& session, Counts& counts, const boost::json::array& jobs,
                     runtime::TimePoint now);

}  // namespace streaky::store

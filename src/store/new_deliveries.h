// Writes deliveries in bulk. Private to store/. The database's thread.
#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <string>
#include <unordered_set>

#include "runtime/time.h"
#include "store/counts.h"
#include "store/deliveries.h"
#include "store/session.h"

namespace streaky::store {

/// What a delivery takes over from its job or from the delivery that it stands beside.
struct DeliveryOrigin {
  std::string batch_id;
  std::int64_t job_id = 0;
  std::int64_t user_id = 0;
  std::string date;
  std::string zone;
  int stage = 0;
  std::int64_t expires_at = 0;  // Unix milliseconds
};

/// The lease under which those are written that are sent at once.
struct DeliveryLease {
  std::string owner;
  runtime::TimePoint until{};
};

class NewDeliveries {
 public:
  explicit NewDeliveries(runtime::TimePoint now) : now_(now) {}

  void add(const DeliveryOrigin& origin, const NewDelivery& delivery, const DeliveryLease& lease);

  /// Inserts all with one statement and gives the ids of those that were really written: left out
  /// are those that were said already (or are about to be) and those for channels that are off. A
  /// written reminder cancels what waits of the same user, date and channel by other jobs.
  std::unordered_set<std::string> write(Session& session, Counts& counts);

 private:
  runtime::TimePoint now_;
  boost::json::array rows_;
};

}  // namespace streaky::store

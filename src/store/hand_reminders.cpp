#include "store/hand_reminders.h"

#include <utility>

#include "store/counts.h"
#include "store/new_deliveries.h"
#include "store/schedule.h"
#include "store/session.h"

namespace streaky::store {

namespace {

std::unordered_set<std::string> write_in(Session& session, const HandReminder& reminder,
                                         const std::vector<NewDelivery>& deliveries,
                                         const DeliveryLease& lease, runtime::TimePoint now) {
  DeliveryOrigin origin;
  origin.user_id = reminder.user_id;
  origin.date = streak::to_text(reminder.date);
  origin.zone = reminder.zone;
  origin.stage = kManualStage;
  origin.expires_at = runtime::to_unix_ms(reminder.expires_at);
  NewDeliveries rows(now);
  for (NewDelivery delivery : deliveries) {
    delivery.leased = true;
    rows.add(origin, delivery, lease);
  }
  Counts counts;
  auto written = rows.write(session, counts);
  counts.write(session);
  return written;
}

}  // namespace

runtime::Task<std::unordered_set<std::string>> HandReminders::write(
    HandReminder reminder, std::vector<NewDelivery> deliveries, std::string owner,
    runtime::TimePoint now, runtime::TimePoint lease_until) {
  std::unordered_set<std::string> written;
  Database::Work work = [&](Session& session) {
    const DeliveryLease lease{owner, session.by_server(lease_until)};
    written = write_in(session, reminder, deliveries, lease, now);
  };
  if (!deliveries.empty()) co_await database_.write(std::move(work));
  co_return written;
}

runtime::Task<std::vector<HandReminders::Standing>> HandReminders::standings(
    HandReminder reminder) {
  std::vector<Standing> standings;
  Database::Work work = [&](Session& session) {
    Standing standing;
    auto query = session.query("hand_reminders/standings");
    query.bind("user", reminder.user_id)
        .bind("date", streak::to_text(reminder.date))
        .bind("zone", reminder.zone)
        .bind("stage", kManualStage);
    query.into(standing.channel_id, standing.state, standing.reason);
    while (query.next()) standings.push_back(standing);
  };
  co_await database_.read(std::move(work));
  co_return standings;
}

}  // namespace streaky::store

// Reminders that somebody sends by hand (`check --notify`): deliveries of the stage `manual`
// without a job or a batch. They share the outbox's rule: one per user, date, zone and channel,
// whoever wrote it first. Threading, errors: see database.h.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "runtime/time.h"
#include "store/deliveries.h"
#include "streak/calendar.h"

namespace streaky::store {

/// Whose reminders of which day.
struct HandReminder {
  std::int64_t user_id = 0;
  streak::Label date;
  std::string zone;
  runtime::TimePoint expires_at{};  // the user's midnight
};

class HandReminders {
 public:
  explicit HandReminders(Database& database) : database_(database) {}

  /// Writes them leased by `owner`, who sends them at once and records with `Deliveries`; gives the
  /// ids of those that were written. Left out are those that were said already or are about to be,
  /// and those for channels that are off. Should the owner die, whoever serves sends them.
  runtime::Task<std::unordered_set<std::string>> write(HandReminder reminder,
                                                       std::vector<NewDelivery> deliveries,
                                                       std::string owner, runtime::TimePoint now,
                                                       runtime::TimePoint lease_until);

  /// How it stands with each channel for which one was written.
  struct Standing {
    std::int64_t channel_id = 0;
    std::string state;
    std::string reason;
  };
  runtime::Task<std::vector<Standing>> standings(HandReminder reminder);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store

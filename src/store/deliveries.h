// The outbox. `pending → sending → sent | dead | expired | cancelled` (docs/job-states.md).
// Threading, errors: see database.h.
//
// Unique per (user, local date, zone, stage, kind, channel). `could_not_check` and `summary` are
// written once per user, date and channel, whatever the stage. Recording is fenced by lease owner
// and attempt: a result that comes too late changes nothing. One that ended without being sent (its
// channel was dead and has been mended, it was cancelled) gives way when it is called for again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/users.h"
#include "streak/message.h"

namespace streaky::store {

struct NewDelivery {
  std::string id;  // unique; a UUID where a worker made it
  std::int64_t channel_id = 0;
  std::string kind;  // "reminder", "could_not_check", "summary", "channel_off:<channel id>"
  streak::Message message;
  runtime::TimePoint checked_at{};  // how old the answer is that it rests on
  bool leased = false;              // by the worker that writes it, which sends it at once
  /// The stage's instant: a reminder that was sent after it, for an earlier stage, was this one's
  /// too.
  std::optional<runtime::TimePoint> called_at;
};

/// A delivery in the hands of a worker.
struct ClaimedDelivery {
  std::string id;
  std::string batch_id;
  std::int64_t job_id = 0;
  std::int64_t user_id = 0;
  std::int64_t channel_id = 0;
  std::string channel_kind;
  streak::ChannelLevel channel_level = streak::ChannelLevel::normal;
  std::string sealed;
  std::string kind;
  streak::Message message;
  streak::Label date;
  std::string zone;
  int stage = 0;
  runtime::TimePoint created_at{};
  runtime::TimePoint checked_at{};
  runtime::TimePoint expires_at{};
  runtime::TimePoint due_at{};  // not to be sent before
  int attempt = 1;
  bool waited = false;  // it comes from the table: its user may have said something meanwhile
};

enum class DeliveryEnd {
  sent,
  retry,      // back to pending until `at`
  dead,       // the channel is dead: it is switched off with `reason`
  refused,    // this message cannot be sent: ends as dead, the channel stays on
  expired,    // the user's midnight has passed
  cancelled,  // the user has contributed since, or a later stage took over
};

struct DeliveryOutcome {
  std::string id;
  int attempt = 1;
  DeliveryEnd end = DeliveryEnd::sent;
  runtime::TimePoint at{};  // retry: not before; expired: what was too late, where it was a try
  std::string remote_id;
  std::string code;    // stable
  std::string reason;  // for people
  /// Set by a recheck: the answer is now this fresh, and the message says so.
  std::optional<runtime::TimePoint> checked_at;
  std::optional<streak::Message> message;
  /// The chat moved: the sealed credential to use from now on.
  std::string sealed;
  bool maybe_seen = false;  // an answer was lost: a double may arise
  /// Set by a recheck that met a dead token: the settings it was read from. A token that was
  /// replaced since is not the one that died.
  std::optional<std::int64_t> token_dead_in_version;
};

/// A channel that was switched off while recording.
struct SwitchedOff {
  std::string delivery_id;  // what could not be delivered
  std::int64_t user_id = 0;
  std::int64_t channel_id = 0;
  std::string channel_kind;
  std::string reason;
  int told_on = 0;  // channels that still work, for each of which a word about it was written
};

class Deliveries {
 public:
  explicit Deliveries(Database& database) : database_(database) {}

  /// Pending ones whose time has come, or comes within `ahead`, and whose channel is on, oldest
  /// first.
  runtime::Task<std::vector<ClaimedDelivery>> claim(std::string owner, int limit,
                                                    runtime::TimePoint now,
                                                    runtime::TimePoint lease_until,
                                                    runtime::Millis ahead = {});
  /// Ends or retries deliveries. A dead channel is switched off, and in the same transaction its
  /// user's other channels get a word about it (kind `channel_off:<channel id>`), once a day.
  runtime::Task<std::vector<SwitchedOff>> record(std::string owner,
                                                 std::vector<DeliveryOutcome> outcomes,
                                                 runtime::TimePoint now);
  struct Look {
    std::string owner;
    std::string id;
    streak::Label date;
    int attempt = 1;
    runtime::TimePoint needed_until{};  // so long it is not to be anybody else's
    runtime::TimePoint lease_until{};   // the new lease where the present one ends before
  };
  /// Whether that owner holds that delivery under that attempt, and will. Reads alone where the
  /// lease is long enough.
  runtime::Task<bool> still_held(Look look);
  /// The newest of a user, for `user show`.
  struct History {
    std::string channel_kind;
    std::string kind;
    std::string state;
    std::string reason;
    runtime::TimePoint at{};
    std::string subject;
  };
  runtime::Task<std::vector<History>> history(std::int64_t user_id, int limit);
  /// The same to leaf through: the newest first, from the one after (`created_at`, `id`) on.
  struct Listed {
    std::string id;
    streak::Label date;
    runtime::TimePoint created_at{};
    History entry;
  };
  runtime::Task<std::vector<Listed>> page(std::int64_t user_id, runtime::TimePoint created_at,
                                          std::string id, int limit);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store

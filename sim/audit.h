// The verdict over a round: has everybody who should hear heard exactly once per living channel,
// and nobody else? Judged from the ledger and the oracle alone.
//
// Two kinds of message besides the reminder are told by their words or their circumstances: an
// honest "could not check" shortly before midnight, and the notice that another channel of the
// same user is dead. Whoever's truth changed while the round ran may have heard or not. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/ledger.h"

namespace streaky::sim {

struct Offence {
  std::uint32_t person = 0;
  Service service = Service::discord;
  std::string what;  // `missed`, `double`, `false_alarm`
  int messages = 0;
  Truth truth = Truth::safe;
};

struct Audit {
  std::size_t users = 0;
  std::size_t should_hear = 0;  // users at risk with at least one living channel
  std::size_t heard = 0;        // of those, users who heard on all their living channels
  std::size_t unreachable = 0;  // users at risk without a living channel
  std::size_t changed = 0;      // users whose truth changed meanwhile: not judged
  std::size_t messages = 0;
  std::size_t discord = 0;
  std::size_t telegram = 0;
  std::size_t could_not_check = 0;
  std::size_t notices = 0;    // of a dead channel, on a living one
  std::size_t summaries = 0;  // to those who asked
  std::size_t missed = 0;
  std::size_t doubles = 0;
  std::size_t false_alarms = 0;
  std::vector<Offence> offences;  // the first kMostOffences

  static constexpr std::size_t kMostOffences = 100;
  [[nodiscard]] bool ok() const { return missed == 0 && doubles == 0 && false_alarms == 0; }
};

/// Judges what came since the ledger was opened. Meant for one round of at most a day; `now` is its
/// end.
Audit audit(const People& people, const Activity& activity, const Ledger& ledger,
            runtime::TimePoint now);

std::string to_json(const Audit& audit, const People& people);

}  // namespace streaky::sim

// Planted faults: what tests/simulation must catch, or its silence would prove nothing.
//
// In everything that ships `planted` is a constant false, so that nothing of a fault is compiled.
// The simulation compiles the few files that ask once more for itself, with STREAKY_MUTANTS
// defined, and answers there. One thread.
#pragma once

namespace streaky {

enum class Mutant {
  none,
  no_grace_for_today,   // a zero today ends the streak
  utc_day,              // UTC's date instead of the user's
  unknown_as_zero,      // days that GitHub did not tell count as 0
  claims_not_fenced,    // what is leased is handed out again, late results count
  recorded_after_send,  // deliveries are not written before they are sent
  no_catch_up,          // a scheduler that was down leaves out what it missed
  past_midnight,        // tried on after the user's midnight
  dst_ignored,          // standard time all year
  no_recheck,           // a message that waited is sent as it was written
  own_view_ignored,     // the user's own token is not asked with
  no_rest_days,         // rest days and pauses are days like others
  leases_kept,          // what a dead process held stays held
  half_trusted,         // half an answer is taken for a whole one where only tomorrow is missing
  stop_ignored,         // "no more today" is confirmed and does nothing
  snooze_lost,          // a snooze keeps quiet, and nothing comes at its end
  wish_overheard,       // what waits is sent though its user has asked for quiet meanwhile
  loud_hears_all,       // a loud channel gets every reminder
};

#ifdef STREAKY_MUTANTS
inline namespace with_mutants {
bool planted(Mutant mutant);
}
#else
inline namespace without_mutants {
constexpr bool planted(Mutant) { return false; }
}  // namespace without_mutants
#endif

}  // namespace streaky

#include "simulation/mutants.h"

#include <array>
#include <utility>

namespace streaky {

namespace {

/// The one state of its kind: the product's own code asks, and has nobody to be handed it by.
Mutant& in_force() {
  static Mutant mutant = Mutant::none;
  return mutant;
}

}  // namespace

inline namespace with_mutants {

bool planted(Mutant mutant) { return in_force() == mutant; }

}  // namespace with_mutants

namespace simulation {

namespace {

constexpr std::array<std::pair<Mutant, const char*>, 18> kNames{{
    {Mutant::none, "none"},
    {Mutant::no_grace_for_today, "no_grace_for_today"},
    {Mutant::utc_day, "utc_day"},
    {Mutant::unknown_as_zero, "unknown_as_zero"},
    {Mutant::claims_not_fenced, "claims_not_fenced"},
    {Mutant::recorded_after_send, "recorded_after_send"},
    {Mutant::no_catch_up, "no_catch_up"},
    {Mutant::past_midnight, "past_midnight"},
    {Mutant::dst_ignored, "dst_ignored"},
    {Mutant::no_recheck, "no_recheck"},
    {Mutant::own_view_ignored, "own_view_ignored"},
    {Mutant::no_rest_days, "no_rest_days"},
    {Mutant::leases_kept, "leases_kept"},
    {Mutant::half_trusted, "half_trusted"},
    {Mutant::stop_ignored, "stop_ignored"},
    {Mutant::snooze_lost, "snooze_lost"},
    {Mutant::wish_overheard, "wish_overheard"},
    {Mutant::loud_hears_all, "loud_hears_all"},
}};

}  // namespace

std::vector<std::string> mutant_names() {
  std::vector<std::string> names;
  for (const auto& [mutant, name] : kNames) names.emplace_back(name);
  return names;
}

std::optional<Mutant> parse_mutant(std::string_view name) {
  for (const auto& [mutant, known] : kNames) {
    if (name == known) return mutant;
  }
  return std::nullopt;
}

void plant(Mutant mutant) { in_force() = mutant; }

}  // namespace simulation
}  // namespace streaky

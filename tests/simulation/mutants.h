// The planted faults by name (streak/mutant.h). One thread; set before the simulation begins.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "streak/mutant.h"

namespace streaky::simulation {

std::vector<std::string> mutant_names();
std::optional<Mutant> parse_mutant(std::string_view name);
/// From now on, until another one is planted.
void plant(Mutant mutant);

}  // namespace streaky::simulation

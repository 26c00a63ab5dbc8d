// One round from the outside: watch it until it is settled, sum it up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/wiring.h"
#include "store/batches.h"

namespace streaky::app {

/// Waits until jobs and deliveries of the batch are settled, drawing a bar on standard error when
/// that is a terminal (a line every few seconds when it is not). Nothing when the batch is unknown
/// or `*stop` becomes true.
runtime::Task<std::optional<store::Batch>> watch_round(store::Database* database,
                                                       runtime::Clock* clock, std::string batch_id,
                                                       const bool* stop);

/// The counts of a batch as a table for people.
std::string summary_text(const store::Batch& batch);
/// The same as one JSON object.
std::string summary_json(const store::Batch& batch);

/// True when a job failed or a delivery could not be made.
bool anything_failed(const store::Batch& batch);

}  // namespace streaky::app

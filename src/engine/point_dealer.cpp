#include "engine/point_dealer.h"

#include <exception>
#include <utility>

namespace streaky::engine {

runtime::Task<std::optional<std::int64_t>> StorePointDealer::deal(github::SliceAsk ask) {
  store::TokenSlices::Ask wanted;
  wanted.token = std::move(ask.token);
  wanted.window_ends_at = ask.reset_at;
  wanted.left = ask.left;
  wanted.first = ask.first;
  wanted.workers = ask.workers;
  try {
    co_return co_await slices_.take(std::move(wanted));
  } catch (const std::exception& error) {
    // Whatever it was: who asked has others waiting, and asks again.
    log_.warn("points of a GitHub token could not be asked for yet", {{"error", error.what()}});
  }
  co_return std::nullopt;
}

}  // namespace streaky::engine

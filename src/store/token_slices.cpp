#include "store/token_slices.h"

#include <algorithm>
#include <utility>

#include "store/session.h"

namespace streaky::store {

namespace {

struct Window {
  runtime::TimePoint ends_at{};
  std::int64_t left = 0;
  std::int64_t taken = 0;
};

/// What the asker has heard from GitHub counts what everybody had spent by then. Who has taken
/// slices before knows that the row has all of it; who comes new to it (and may have asked GitHub
/// without slices until now) leaves the others what they may hold unspent.
void correct(Window& window, const TokenSlices::Ask& ask) {
  std::int64_t heard = ask.left;
  if (ask.first) {
    heard -= std::min<std::int64_t>(window.taken, (ask.workers - 1) * TokenSlices::kSlice);
  }
  window.left = std::max<std::int64_t>(std::min(window.left, heard), 0);
}

std::int64_t slice_of(const Window& window, int workers) {
  const std::int64_t fair = std::max<std::int64_t>(window.left / (2LL * std::max(workers, 1)), 1);
  return std::min({TokenSlices::kSlice, fair, window.left});
}

std::int64_t take_in(Session& session, const TokenSlices::Ask& ask) {
  Window window;
  session.query("token_slices/look")
      .bind("token", ask.token)
      .bind("window_ends_at", ask.window_ends_at)
      .bind("left", ask.left)
      .into(window.ends_at, window.left, window.taken)
      .one();
  if (window.ends_at >= ask.window_ends_at + TokenSlices::kSameWindow) return 0;
  if (ask.window_ends_at >= window.ends_at + TokenSlices::kSameWindow) {
    window = {ask.window_ends_at, ask.left, 0};
    const auto before = ask.window_ends_at - TokenSlices::kForgottenAfter;
    session.query("token_slices/forget").bind("before", before).bind("token", ask.token).run();
  }
  correct(window, ask);
  const std::int64_t points = slice_of(window, ask.workers);
  session.query("token_slices/write")
      .bind("token", ask.token)
      .bind("window_ends_at", window.ends_at)
      .bind("left", window.left - points)
      .bind("taken", window.taken + points)
      .run();
  return points;
}

}  // namespace

runtime::Task<std::int64_t> TokenSlices::take(Ask ask) {
  std::int64_t points = 0;
  Database::Work work = [&](Session& session) { points = take_in(session, ask); };
  co_await database_.write(std::move(work));
  co_return points;
}

}  // namespace streaky::store

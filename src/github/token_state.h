// What one token may still do: a value that learns from answers. Used by TokenBudget alone.
//
// All instants are of the monotonic clock, in milliseconds: a stepped wall clock must not set a
// limited token free. GitHub's reset instants are converted when they are learnt.
#pragma once

#include <cstdint>
#include <optional>

#include "github/points.h"
#include "github/portion.h"
#include "net/http_client.h"
#include "runtime/time.h"

namespace streaky::github {

/// "Now" on both clocks.
struct Moment {
  runtime::TimePoint wall;
  runtime::Millis monotonic{0};
};

/// From `x-ratelimit-remaining` and `x-ratelimit-reset`; nothing when they are missing or odd.
std::optional<Points> points_from_headers(const net::HttpResponse& response);

class TokenState {
 public:
  static constexpr int kMostInFlight = 100;  // docs/remote-apis.md §1.7
  static constexpr int kFirstInFlight = 50;  // half of it at first; grows with each success
  static constexpr runtime::Millis kShortestBlock{1'000};
  static constexpr runtime::Millis kLongestBlock{70 * 60'000};  // a reset is an hour away at most
  static constexpr runtime::Millis kSecondaryBlock{60'000};
  static constexpr runtime::Millis kLongestSecondary{30 * 60'000};
  static constexpr runtime::Millis kRefusedFor{60'000};
  static constexpr runtime::Millis kDeadFor{10 * 60'000};
  static constexpr runtime::Millis kSliceAgain{1'000};  // when the store could not be asked
  static constexpr std::int64_t kMillisPerMinute = 60'000;

  /// 401 was said within the last ten minutes. After that the token is tried again: a process that
  /// runs for months should not lose it to one wrong answer.
  [[nodiscard]] bool dead(runtime::Millis now) const { return now < dead_until_; }
  /// The first instant at which asking may help; not after `now` when it may now.
  [[nodiscard]] runtime::Millis blocked_until(runtime::Millis now) const;
  /// This process's part of the token from now on.
  void set_portion(Portion portion);
  /// True when this process has used up its points and may ask for more (`portion.h`).
  [[nodiscard]] bool wants_slice(runtime::Millis now) const;
  /// What to ask for; the token's name is left empty. To be answered before it is asked again.
  SliceAsk ask_for_slice();
  /// What came of it, for the hour that ends at `reset_at`.
  void take_slice(runtime::Millis now, runtime::TimePoint reset_at,
                  std::optional<std::int64_t> points);
  /// True when one more request may be under way, limits aside.
  [[nodiscard]] bool has_room(runtime::Millis now);
  [[nodiscard]] int in_flight() const { return in_flight_; }
  /// Points that are left as far as GitHub has said; nothing before it has, or past their reset.
  [[nodiscard]] std::optional<std::int64_t> points_left(runtime::Millis now) const {
    return now < reset_at_ ? remaining_ : std::nullopt;
  }
  [[nodiscard]] runtime::Millis points_until() const { return reset_at_; }
  /// By requests under way; else the longer idle one, so that a try that failed with one token is
  /// followed by a try with another.
  [[nodiscard]] bool less_used_than(const TokenState& other) const {
    if (in_flight_ != other.in_flight_) return in_flight_ < other.in_flight_;
    return begun_at_ < other.begun_at_;
  }
  /// No request under way, and nothing learnt that would be missed.
  [[nodiscard]] bool idle(runtime::Millis now) const;

  void begin(runtime::Millis now);
  void end() { --in_flight_; }

  void learn_points(Moment now, Points left);
  /// A well-formed answer to a request that began at `begun`.
  void succeeded(runtime::Millis begun);
  void primary_limit(Moment now, const net::HttpResponse& response);
  void secondary_limit(Moment now, runtime::Millis begun, const net::HttpResponse& response);
  /// A refusal that says nothing of how long it will last.
  void refused(runtime::Millis now);
  void died(runtime::Millis now);

 private:
  [[nodiscard]] bool out_of_points(runtime::Millis now) const;
  void block(runtime::Millis until);
  void refill(runtime::Millis now);

  int in_flight_ = 0;
  runtime::Millis begun_at_{-1};  // the latest request
  int most_in_flight_ = kFirstInFlight;
  runtime::Millis dead_until_{0};
  runtime::Millis blocked_until_{0};
  std::optional<std::int64_t> remaining_;  // points, until `reset_at_`
  runtime::Millis reset_at_{0};
  runtime::TimePoint reset_wall_{};  // the same as GitHub said it
  Portion portion_;
  std::int64_t slice_ = 0;    // points of this hour that are this process's, where it takes slices
  bool slice_taken_ = false;  // in this hour
  bool slice_asked_ = false;
  runtime::Millis slice_again_{0};  // not asked for before
  int secondary_strikes_ = 0;
  runtime::Millis struck_at_{-1};
  /// A bucket of requests that fills by itself, in parts of a minute: a part of a request that is
  /// gained between two looks is not lost.
  std::int64_t minute_left_ = Portion{}.per_minute * kMillisPerMinute;
  runtime::Millis refilled_at_{0};
};

}  // namespace streaky::github

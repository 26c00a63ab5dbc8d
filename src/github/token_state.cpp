#include "github/token_state.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "net/retry_after.h"

namespace streaky::github {

namespace {

using runtime::Millis;

constexpr Millis kSameReset{60'000};  // resets that differ by less mean the same hour
constexpr std::int64_t kLatestSecond = 32'503'680'000;  // the year 3000
constexpr int kMostStrikes = 16;

std::optional<std::int64_t> number_in(std::string_view text, std::int64_t most) {
  std::int64_t value = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc{} || stop != end || value < 0 || value > most) return std::nullopt;
  return value;
}

std::optional<runtime::TimePoint> reset_from_headers(const net::HttpResponse& response) {
  const auto reset = number_in(response.header("x-ratelimit-reset"), kLatestSecond);
  if (!reset) return std::nullopt;
  return runtime::from_unix_ms(*reset * 1'000);
}

/// How long until a reset that GitHub named, within bounds: clocks differ, headers may be damaged.
Millis until_reset(Moment now, runtime::TimePoint reset_at) {
  return std::clamp(reset_at - now.wall, TokenState::kShortestBlock, TokenState::kLongestBlock);
}

}  // namespace

std::optional<Points> points_from_headers(const net::HttpResponse& response) {
  const std::string_view of = response.header("x-ratelimit-resource");
  if (!of.empty() && of != "graphql") return std::nullopt;  // those have hours of their own
  const auto remaining = number_in(response.header("x-ratelimit-remaining"), 1'000'000'000);
  const auto reset_at = reset_from_headers(response);
  if (!remaining || !reset_at) return std::nullopt;
  return Points{*remaining, *reset_at};
}

Millis TokenState::blocked_until(Millis now) const {
  Millis until = blocked_until_;
  if (remaining_ && *remaining_ <= 0 && now < reset_at_) until = std::max(until, reset_at_);
  return until;
}

void TokenState::set_portion(Portion portion) {
  portion_ = portion;
  minute_left_ = std::min(minute_left_, portion_.per_minute * kMillisPerMinute);
}

bool TokenState::out_of_points(Millis now) const {
  return portion_.by_slices && remaining_ && now < reset_at_ && slice_ <= 0;
}

bool TokenState::wants_slice(Millis now) const {
  return out_of_points(now) && !slice_asked_ && now >= slice_again_;
}

SliceAsk TokenState::ask_for_slice() {
  slice_asked_ = true;
  SliceAsk ask;
  ask.reset_at = reset_wall_;
  ask.left = std::max<std::int64_t>(remaining_.value_or(0) - in_flight_, 0);
  ask.first = !slice_taken_;
  ask.workers = portion_.workers;
  return ask;
}

void TokenState::take_slice(Millis now, runtime::TimePoint reset_at,
                            std::optional<std::int64_t> points) {
  slice_asked_ = false;
  if (!points) {
    slice_again_ = now + kSliceAgain;
  } else if (reset_at == reset_wall_) {  // else that hour is over, and its points with it
    slice_ += *points;
    slice_taken_ = true;
    if (*points <= 0) block(reset_at_);
  }
}

bool TokenState::has_room(Millis now) {
  refill(now);
  const int most = std::min(most_in_flight_, portion_.in_flight);
  if (in_flight_ >= most || out_of_points(now)) return false;
  if (minute_left_ < kMillisPerMinute) return false;
  // What is under way will cost a point each; one request may always try.
  return !remaining_ || now >= reset_at_ || in_flight_ == 0 || *remaining_ > in_flight_;
}

bool TokenState::idle(Millis now) const {
  return in_flight_ == 0 && blocked_until(now) <= now && secondary_strikes_ == 0;
}

void TokenState::begin(Millis now) {
  refill(now);
  ++in_flight_;
  begun_at_ = now;
  minute_left_ -= kMillisPerMinute;
  if (slice_ > 0) --slice_;
}

void TokenState::learn_points(Moment now, Points left) {
  // About an hour that is over, or none that GitHub has: a damaged instant would go to the fleet.
  if (left.reset_at <= now.wall || left.reset_at > now.wall + kLongestBlock) return;
  const Millis reset_at = now.monotonic + until_reset(now, left.reset_at);
  const bool known = remaining_ && now.monotonic < reset_at_;
  // Answers overtake each other: within one hour the smaller number is the later one.
  if (known && reset_at < reset_at_ + kSameReset) {
    remaining_ = std::min(*remaining_, left.remaining);
    return;
  }
  remaining_ = left.remaining;
  reset_at_ = reset_at;
  reset_wall_ = left.reset_at;
  slice_ = 0;
  slice_taken_ = false;
}

void TokenState::succeeded(Millis begun) {
  if (begun < struck_at_) return;
  secondary_strikes_ = 0;
  most_in_flight_ = std::min(most_in_flight_ + 1, kMostInFlight);
}

void TokenState::primary_limit(Moment now, const net::HttpResponse& response) {
  // `remaining` may still be above 0 here, or missing; only the reset counts.
  Millis wait = kSecondaryBlock;
  if (const auto reset_at = reset_from_headers(response)) {
    wait = until_reset(now, *reset_at);
  } else if (const auto asked = net::retry_after(response, now.wall)) {
    wait = std::clamp(*asked, kShortestBlock, kLongestBlock);
  }
  block(now.monotonic + wait);
}

void TokenState::secondary_limit(Moment now, Millis begun, const net::HttpResponse& response) {
  // Requests that were under way together are refused together: that is one strike.
  if (begun >= struck_at_ || secondary_strikes_ == 0) {
    secondary_strikes_ = std::min(secondary_strikes_ + 1, kMostStrikes);
    most_in_flight_ = std::max(1, most_in_flight_ / 2);
    struck_at_ = now.monotonic;
  }
  const auto points = points_from_headers(response);
  const auto asked = net::retry_after(response, now.wall);
  Millis wait = kLongestSecondary;
  wait = std::min<Millis>(wait, kSecondaryBlock * (1LL << (secondary_strikes_ - 1)));
  if (asked) {
    wait = std::clamp(*asked, kShortestBlock, kLongestBlock);
  } else if (points && points->remaining == 0) {
    wait = until_reset(now, points->reset_at);
  }
  block(now.monotonic + wait);
}

void TokenState::refused(Millis now) { block(now + kRefusedFor); }

void TokenState::died(Millis now) { dead_until_ = now + kDeadFor; }

void TokenState::block(Millis until) { blocked_until_ = std::max(blocked_until_, until); }

void TokenState::refill(Millis now) {
  const std::int64_t gained = (now - refilled_at_).count() * portion_.per_minute;
  minute_left_ = std::min(minute_left_ + gained, portion_.per_minute * kMillisPerMinute);
  refilled_at_ = now;
}

}  // namespace streaky::github

#include "github/token_budget.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "crypto/tokens.h"

namespace streaky::github {

namespace {

using runtime::Millis;
using runtime::TimePoint;

/// Room may also come from time alone (points per minute), which wakes nobody.
constexpr Millis kLookAgain{250};
constexpr Millis kNoPlace{1'000};  // until the next try when too many own tokens are in use

}  // namespace

TokenBudget::TokenBudget(runtime::Clock& clock) : clock_(clock), room_(clock) {}

TokenBudget::~TokenBudget() {
  if (room_timer_) clock_.cancel(*room_timer_);
}

void TokenBudget::add_service_token(runtime::Secret token) {
  auto entry = std::make_unique<ServiceToken>();
  entry->name = crypto::hash_token(token.reveal());
  entry->text = std::move(token);
  entry->state.set_portion(portion_);
  services_.push_back(std::move(entry));
}

void TokenBudget::set_service_tokens(std::vector<runtime::Secret> tokens) {
  for (const auto& known : services_) known->retired = true;
  for (runtime::Secret& token : tokens) {
    const auto same = std::ranges::find_if(
        services_, [&token](const auto& known) { return known->text.reveal() == token.reveal(); });
    if (same == services_.end()) {
      add_service_token(std::move(token));
    } else {
      (*same)->retired = false;
    }
  }
  room_.notify();
}

void TokenBudget::set_portion(Portion portion) {
  portion_ = portion;
  if (dealer_ == nullptr) portion_.by_slices = false;
  for (const auto& token : services_) token->state.set_portion(portion_);
  room_.notify();
}

std::size_t TokenBudget::service_tokens() const {
  const auto in_use = std::ranges::count(services_, false, &ServiceToken::retired);
  return static_cast<std::size_t>(in_use);
}

std::size_t TokenBudget::living_service_tokens() const {
  const Millis now = clock_.monotonic();
  const auto living = std::ranges::count_if(
      services_, [now](const auto& token) { return !token->retired && !token->state.dead(now); });
  return static_cast<std::size_t>(living);
}

std::vector<TokenBudget::Standing> TokenBudget::standings() const {
  const Moment now = moment();
  const auto wall = [&now](Millis at) { return now.wall + (at - now.monotonic); };
  std::vector<Standing> standings;
  for (const auto& token : services_) {
    if (token->retired) continue;
    const TokenState& state = token->state;
    Standing one;
    one.dead = state.dead(now.monotonic);
    one.in_flight = state.in_flight();
    one.points_left = state.points_left(now.monotonic);
    if (one.points_left) one.points_until = wall(state.points_until());
    const Millis until = state.blocked_until(now.monotonic);
    if (until > now.monotonic) one.blocked_until = wall(until);
    standings.push_back(one);
  }
  return standings;
}

TokenBudget::Choice TokenBudget::choose_service() {
  const Moment now = moment();
  std::optional<std::size_t> best;
  std::optional<Millis> earliest;
  ServiceToken* wants_slice = nullptr;
  bool busy = false;
  for (std::size_t i = 0; i < services_.size(); ++i) {
    TokenState& state = services_[i]->state;
    if (services_[i]->retired || state.dead(now.monotonic)) continue;
    const Millis until = state.blocked_until(now.monotonic);
    if (until > now.monotonic) {
      earliest = std::min(earliest.value_or(until), until);
    } else if (!state.has_room(now.monotonic)) {
      busy = true;
      if (state.wants_slice(now.monotonic)) wants_slice = services_[i].get();
    } else if (!best || state.less_used_than(services_[*best]->state)) {
      best = i;
    }
  }
  if (best) return {.id = static_cast<TokenId>(*best), .refusal = std::nullopt};
  if (busy) return {.id = std::nullopt, .refusal = std::nullopt, .wants_slice = wants_slice};
  if (!earliest) return {.id = std::nullopt, .refusal = Refusal{.dead = true}};
  const TimePoint retry_at = now.wall + (*earliest - now.monotonic);
  return {.id = std::nullopt, .refusal = Refusal{.dead = false, .retry_at = retry_at}};
}

TokenBudget::Choice TokenBudget::choose_own(TokenId id) {
  const Moment now = moment();
  if (!own_.contains(id) && !make_place_for_own(now.monotonic)) {
    return {.id = std::nullopt, .refusal = Refusal{.dead = false, .retry_at = now.wall + kNoPlace}};
  }
  TokenState& state = own_[id];
  const Millis until = state.blocked_until(now.monotonic);
  if (until > now.monotonic) {
    const TimePoint retry_at = now.wall + (until - now.monotonic);
    return {.id = std::nullopt, .refusal = Refusal{.dead = false, .retry_at = retry_at}};
  }
  if (!state.has_room(now.monotonic)) return {};
  return {.id = id, .refusal = std::nullopt};
}

bool TokenBudget::make_place_for_own(Millis now) {
  if (own_.size() < kMostOwnTokens) return true;
  std::erase_if(own_, [now](const auto& entry) {
    return entry.second.in_flight() == 0 && entry.second.blocked_until(now) <= now;
  });
  return own_.size() < kMostOwnTokens;
}

TokenBudget::Lease TokenBudget::begin(TokenId id, TokenState& state, bool own) {
  Lease lease;
  lease.budget_ = this;
  lease.state_ = &state;
  lease.id_ = id;
  lease.own_ = own;
  lease.begun_ = clock_.monotonic();
  state.begin(lease.begun_);
  return lease;
}

void TokenBudget::ended(TokenId id, TokenState& state, bool own) {
  state.end();
  if (own && state.idle(clock_.monotonic())) own_.erase(id);
  if (room_timer_) return;
  // Not at once: whoever waits would run inside the destructor of somebody's lease.
  room_timer_ = clock_.call_at(clock_.monotonic(), [this] {
    room_timer_.reset();
    room_.notify();
  });
}

/// One asker for all who wait for that token.
runtime::Task<void> TokenBudget::fetch_slice(ServiceToken* token) {
  SliceAsk ask = token->state.ask_for_slice();
  ask.token = token->name;
  const TimePoint reset_at = ask.reset_at;
  auto dealing = dealer_->deal(std::move(ask));
  const auto points = co_await std::move(dealing);
  token->state.take_slice(clock_.monotonic(), reset_at, points);
  room_.notify();
}

runtime::Task<bool> TokenBudget::wait_for_room(TimePoint give_up_at) {
  const Millis left = give_up_at - clock_.now();
  if (left <= Millis{0}) co_return false;
  const Millis nap = std::min(left, kLookAgain);
  co_await room_.wait_for(nap);
  co_return true;
}

runtime::Task<std::expected<TokenBudget::Lease, TokenBudget::Refusal>> TokenBudget::lease_service(
    TimePoint give_up_at) {
  for (;;) {
    const Choice choice = choose_service();
    if (choice.refusal) co_return std::unexpected(*choice.refusal);
    if (choice.id) {
      TokenState& state = services_[static_cast<std::size_t>(*choice.id)]->state;
      co_return begin(*choice.id, state, false);
    }
    if (choice.wants_slice != nullptr) {
      co_await fetch_slice(choice.wants_slice);
      continue;
    }
    const bool again = co_await wait_for_room(give_up_at);
    if (!again) co_return std::unexpected(Refusal{.dead = false, .retry_at = clock_.now()});
  }
}

runtime::Task<std::expected<TokenBudget::Lease, TokenBudget::Refusal>> TokenBudget::lease_own(
    TokenId id, TimePoint give_up_at) {
  for (;;) {
    const Choice choice = choose_own(id);
    if (choice.refusal) co_return std::unexpected(*choice.refusal);
    if (choice.id) co_return begin(id, own_[id], true);
    const bool again = co_await wait_for_room(give_up_at);
    if (!again) co_return std::unexpected(Refusal{.dead = false, .retry_at = clock_.now()});
  }
}

TokenBudget::Lease::Lease(Lease&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)),
      state_(std::exchange(other.state_, nullptr)),
      id_(other.id_),
      own_(other.own_),
      begun_(other.begun_) {}

TokenBudget::Lease& TokenBudget::Lease::operator=(Lease&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  budget_ = std::exchange(other.budget_, nullptr);
  state_ = std::exchange(other.state_, nullptr);
  id_ = other.id_;
  own_ = other.own_;
  begun_ = other.begun_;
  return *this;
}

TokenBudget::Lease::~Lease() { give_back(); }

std::string_view TokenBudget::Lease::service_text() const {
  if (budget_ == nullptr || own_) return {};
  return budget_->services_[static_cast<std::size_t>(id_)]->text.reveal();
}

void TokenBudget::Lease::learn(const net::HttpResponse& response) {
  const auto points = points_from_headers(response);
  if (points) state_->learn_points(budget_->moment(), *points);
}

void TokenBudget::Lease::succeeded(const net::HttpResponse& response,
                                   std::optional<Points> body_points) {
  learn(response);
  if (body_points) state_->learn_points(budget_->moment(), *body_points);
  state_->succeeded(begun_);
}

void TokenBudget::Lease::primary_limit(const net::HttpResponse& response) {
  state_->primary_limit(budget_->moment(), response);
}

void TokenBudget::Lease::secondary_limit(const net::HttpResponse& response) {
  state_->secondary_limit(budget_->moment(), begun_, response);
}

void TokenBudget::Lease::refused() {
  if (!own_) state_->refused(budget_->clock_.monotonic());
}

void TokenBudget::Lease::died() { state_->died(budget_->clock_.monotonic()); }

void TokenBudget::Lease::give_back() {
  if (budget_ == nullptr) return;
  TokenBudget& budget = *std::exchange(budget_, nullptr);
  TokenState& state = *std::exchange(state_, nullptr);
  budget.ended(id_, state, own_);
}

}  // namespace streaky::github

#include "engine/action_links.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "streak/day_word.h"

namespace streaky::engine {

namespace {

constexpr std::size_t kLongestToken = 512;
/// Less of a snooze than this is not offered.
constexpr std::chrono::minutes kShortestSnooze{10};
constexpr crypto::Binding kBinding{
    .purpose = crypto::Purpose::action_link, .user_id = 0, .channel_id = 0};

struct Offer {
  DayAction action;
  char letter;  // in the token
  const char* word;
  const char* label;
};

constexpr auto kOffers = std::to_array<Offer>({
    {DayAction::snooze, 's', "snooze", "Snooze an hour"},
    {DayAction::rest, 'r', "rest", "Rest today"},
    {DayAction::stop, 'n', "stop", "No more today"},
});

const Offer& offer_of(DayAction action) { return kOffers.at(static_cast<std::size_t>(action)); }

/// The next word of `text`, without it and the space after it.
std::string_view take_word(std::string_view& text) {
  const std::size_t space = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(std::min(space + 1, text.size()));
  return word;
}

template <typename Number>
std::optional<Number> take_number(std::string_view& text) {
  const std::string_view word = take_word(text);
  Number number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return number;
}

}  // namespace

const char* to_text(DayAction action) { return offer_of(action).word; }

std::vector<streak::Link> ActionLinks::links_for(const store::ClaimedDelivery& delivery,
                                                 runtime::TimePoint now) const {
  std::vector<streak::Link> links;
  if (public_url_.empty() || delivery.kind != "reminder") return links;
  const auto latest = delivery.expires_at - streak::kSnoozeEndsBefore - kShortestSnooze;
  for (const Offer& offer : kOffers) {
    if (offer.action == DayAction::snooze && now > latest) continue;
    const ActionLink link{.user_id = delivery.user_id,
                          .date = delivery.date,
                          .stage = delivery.stage,
                          .action = offer.action,
                          .ends_at = delivery.expires_at};
    links.push_back({offer.label, fmt::format("{}/today/{}", public_url_, token_of(link))});
  }
  return links;
}

std::string ActionLinks::token_of(const ActionLink& link) const {
  return sealer_.seal(runtime::Secret(fmt::format(
                          "{} {} {} {} {}", link.user_id, streak::to_text(link.date), link.stage,
                          offer_of(link.action).letter, runtime::to_unix_ms(link.ends_at))),
                      kBinding);
}

std::optional<ActionLink> ActionLinks::read(std::string_view token) const {
  if (token.size() > kLongestToken) return std::nullopt;
  const auto opened = sealer_.open(token, kBinding);
  if (!opened) return std::nullopt;
  std::string_view text = opened->reveal();
  const auto user_id = take_number<std::int64_t>(text);
  const auto date = streak::parse_label(take_word(text));
  const auto stage = take_number<int>(text);
  const std::string_view letter = take_word(text);
  const auto ends_at = take_number<std::int64_t>(text);
  if (!user_id || !date || !stage || !ends_at || letter.size() != 1) return std::nullopt;
  for (const Offer& offer : kOffers) {
    if (offer.letter != letter.front()) continue;
    return ActionLink{.user_id = *user_id,
                      .date = *date,
                      .stage = *stage,
                      .action = offer.action,
                      .ends_at = runtime::from_unix_ms(*ends_at)};
  }
  return std::nullopt;
}

}  // namespace streaky::engine

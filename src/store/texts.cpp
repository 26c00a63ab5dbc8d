#include "store/texts.h"

#include <array>
#include <charconv>

namespace streaky::store {

namespace {

template <typename Enum, std::size_t N>
Enum find(const std::array<Enum, N>& values, std::string_view text) {
  for (const Enum value : values) {
    if (to_text(value) == text) return value;
  }
  return values.front();
}

}  // namespace

const char* to_text(UserStatus status) {
  switch (status) {
    case UserStatus::active:
      return "active";
    case UserStatus::paused:
      return "paused";
    case UserStatus::removed:
      return "removed";
  }
  return "active";
}

streak::Verdict verdict_of(std::string_view text) {
  using enum streak::Verdict;
  static constexpr std::array kAll{unknown, safe, at_risk, no_streak, day_off, gone};
  return find(kAll, text);
}

streak::Urgency urgency_of(std::string_view text) {
  using enum streak::Urgency;
  static constexpr std::array kAll{none, low, medium, high};
  return find(kAll, text);
}

UserStatus status_of(std::string_view text) {
  using enum UserStatus;
  static constexpr std::array kAll{active, paused, removed};
  return find(kAll, text);
}

streak::ChannelLevel channel_level_of(std::string_view text) {
  return streak::parse_channel_level(text).value_or(streak::ChannelLevel::normal);
}

std::string minutes_to_text(const streak::StageMinutes& minutes) {
  std::string text = "[";
  for (const int minute : minutes) {
    if (text.size() > 1) text += ',';
    text += std::to_string(minute);
  }
  return text + "]";
}

streak::StageMinutes minutes_of(std::string_view text) {
  streak::StageMinutes minutes;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (at != end && minutes.size() < streak::kMostStages) {
    int minute = 0;
    const auto [stop, error] = std::from_chars(at, end, minute);
    if (error == std::errc{}) minutes.push_back(minute);
    at = error == std::errc{} ? stop : at + 1;
  }
  return minutes;
}

std::optional<streak::DayWord> day_word_of(const DayWordColumns& columns) {
  if (!columns.date) return std::nullopt;
  return streak::DayWord{
      .date = *columns.date, .stopped = columns.stopped, .snoozed_until = columns.snoozed_until};
}

}  // namespace streaky::store

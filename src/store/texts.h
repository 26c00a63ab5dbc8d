// Names in tables ↔ enums. Private to store/. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/users.h"
#include "streak/message.h"

namespace streaky::store {

/// What a table cannot hold by its constraints reads as the first value.
streak::Verdict verdict_of(std::string_view text);
streak::Urgency urgency_of(std::string_view text);
UserStatus status_of(std::string_view text);
streak::ChannelLevel channel_level_of(std::string_view text);
/// `[1205,540]` ↔ minutes.
std::string minutes_to_text(const streak::StageMinutes& minutes);
streak::StageMinutes minutes_of(std::string_view text);

/// A user's word about a day as the table has it; without a date there is none.
struct DayWordColumns {
  std::optional<streak::Label> date;
  bool stopped = false;
  std::optional<runtime::TimePoint> snoozed_until;
};
std::optional<streak::DayWord> day_word_of(const DayWordColumns& columns);

}  // namespace streaky::store

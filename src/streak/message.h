// What users read. A verdict and its circumstances → subject, body, urgency.
//
// Plain text; channels add their own mark-up and escaping. Wording rules: an alarm says "GitHub
// shows no contribution yet today", since one may take up to 24 h to appear (rule 9); "alert" and
// "risk" never stand in a message that says all is well; singular and plural are right; later
// stages are more urgent, and the time left is spelled out ("3 h 12 min left").
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "streak/calendar.h"

namespace streaky::streak {

enum class MessageKind { reminder, could_not_check, summary, channel_off, test };
const char* to_text(MessageKind kind);

enum class Urgency { none, low, medium, high };
const char* to_text(Urgency urgency);

struct MessageInput {
  MessageKind kind = MessageKind::reminder;
  std::string login;
  int streak = 0;
  bool streak_is_lower_bound = false;  // "at least 400 days"
  int today_count = 0;
  std::chrono::minutes left{0};  // until the user's midnight
  int stage_index = 0;           // 0 is the day's first reminder
  int stage_count = 1;
  /// Set when the answer is older than a few minutes: "as of 23:10".
  std::optional<std::string> as_of;
  /// Only public activity could be seen, since the user's own token no longer works.
  bool own_token_dead = false;
  /// channel_off: which channel, and why in plain words.
  std::string channel_name;
  std::string reason;
};

/// Something that a reader can do about a message.
struct Link {
  std::string label;
  std::string url;
};

struct Message {
  std::string subject;
  std::string body;
  Urgency urgency = Urgency::none;
  // Both are made when it is sent, and never stored.
  std::vector<Link> links{};
  bool silent = false;  // it arrives without a sound
};

Message compose(const MessageInput& input);

/// A message that goes out later than it was meant to, with nobody to ask again: it was true at
/// `clock`, and `left` is left of the day now.
Message as_of(Message message, std::string_view clock, std::chrono::minutes left);

/// > 3 h low, > 1 h medium, else high.
Urgency urgency_of(std::chrono::minutes left);
/// `3 h 12 min`, `45 min`, `2 h`, `less than a minute`.
std::string duration_text(std::chrono::minutes duration);
/// `1 day`, `400 days`.
std::string days_text(int days);

}  // namespace streaky::streak

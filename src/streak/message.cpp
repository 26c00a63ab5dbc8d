#include "streak/message.h"

#include <algorithm>
#include <string_view>

#include "streak/digits.h"

namespace streaky::streak {

namespace {

constexpr std::chrono::minutes kMediumBelow{3 * 60};
constexpr std::chrono::minutes kHighBelow{60};
/// A reason may quote a remote service; no more of it than this is repeated.
constexpr std::size_t kLongestReason = 300;

/// The tone of a reminder, from gentle to urgent.
enum class Tone { gentle, firm, last_call };

Tone tone_of(const MessageInput& input) {
  const bool is_last = input.stage_index + 1 >= input.stage_count;
  if (urgency_of(input.left) == Urgency::high || (is_last && input.stage_count > 1)) {
    return Tone::last_call;
  }
  return input.stage_index <= 0 ? Tone::gentle : Tone::firm;
}

/// `at least 400 days`, `1 day`.
std::string length_text(const MessageInput& input) {
  return (input.streak_is_lower_bound ? "at least " : "") + days_text(input.streak);
}

std::string contributions_text(int count) {
  return std::to_string(count) + (count == 1 ? " contribution" : " contributions");
}

/// `As of 23:10, GitHub` or `GitHub`: how a sentence about what was seen begins.
std::string observer(const MessageInput& input) {
  return input.as_of ? "As of " + *input.as_of + ", GitHub" : "GitHub";
}

/// Said where a user's own token is dead: what was seen may be less than what there is.
std::string public_only_note(const MessageInput& input) {
  if (!input.own_token_dead) return {};
  return "\n\nOnly public activity could be seen, since your own GitHub token no longer works: "
         "private contributions may be missing here. Give Streaky a new token to have them "
         "counted.";
}

/// One line of printable text, cut between characters.
std::string one_line(std::string_view text) {
  std::string line(text.substr(0, kLongestReason));
  if (line.size() < text.size()) {
    while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0xC0U) == 0x80U) {
      line.pop_back();
    }
    if (!line.empty() && static_cast<unsigned char>(line.back()) >= 0xC0U) line.pop_back();
    line += "…";
  }
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == '\x7F'; }, ' ');
  return line;
}

std::string reminder_subject(const MessageInput& input) {
  const std::string length = length_text(input);
  switch (tone_of(input)) {
    case Tone::gentle:
      return "Your streak of " + length + " is waiting for today";
    case Tone::firm:
      return "Your streak of " + length + " still needs a contribution today";
    case Tone::last_call:
      break;
  }
  return "Last call: your streak of " + length + " is at risk, " + duration_text(input.left) +
         " left";
}

std::string reminder_request(const MessageInput& input) {
  switch (tone_of(input)) {
    case Tone::gentle:
      return "There is still time: one contribution keeps it alive.";
    case Tone::firm:
      return "One contribution before midnight keeps it alive.";
    case Tone::last_call:
      break;
  }
  return "Contribute now, or it ends at midnight.";
}

Message reminder(const MessageInput& input) {
  Message message;
  message.urgency = urgency_of(input.left);
  message.subject = reminder_subject(input);
  message.body = observer(input) + " shows no contribution yet today for " + input.login +
                 ". Your streak of " + length_text(input) +
                 " is at risk: " + duration_text(input.left) + " left. " + reminder_request(input) +
                 "\n\nA contribution can take up to 24 hours to appear. If you have already made "
                 "one today, your streak is fine." +
                 public_only_note(input);
  return message;
}

/// For users without a streak who asked to hear all the same: nothing is about to be lost.
Message encouragement(const MessageInput& input) {
  Message message;
  message.urgency = Urgency::low;
  message.subject = "A good day to start a streak";
  message.body = observer(input) + " shows no contribution yet today for " + input.login +
                 ". One contribution starts a new streak: " + duration_text(input.left) + " left." +
                 public_only_note(input);
  return message;
}

Message summary(const MessageInput& input) {
  Message message;
  message.subject = "Great job, " + input.login + "!";
  if (input.today_count > 0) {
    message.body = observer(input) + " shows " + contributions_text(input.today_count) + " today. ";
  }
  if (input.streak > 0) {
    message.body += "Your streak is " + length_text(input) + " long.";
  } else {
    message.body += "All is well today.";
  }
  message.body += public_only_note(input);
  return message;
}

Message could_not_check(const MessageInput& input) {
  Message message;
  message.urgency = Urgency::low;
  message.subject = "Could not check GitHub today";
  message.body = "Streaky could not get a reliable answer from GitHub";
  if (input.as_of) message.body += " as of " + *input.as_of;
  message.body += ", so it does not know whether " + input.login + " has contributed today. ";
  if (input.streak > 0) {
    message.body += "The last streak it knows of is " + length_text(input) + ". ";
  }
  message.body +=
      "If you have contributed, there is nothing to do. If you are not sure, have a look "
      "at your GitHub profile: " +
      duration_text(input.left) + " left today." + public_only_note(input);
  return message;
}

/// What a user can do about a channel, by what kind of channel it is.
std::string_view way_to_mend(std::string_view channel_name) {
  const std::string name = lower_case(channel_name);
  if (name.contains("discord")) {
    return "To mend it, create a new webhook in Discord (channel settings, Integrations, Webhooks) "
           "and give its URL to Streaky.";
  }
  if (name.contains("telegram")) {
    return "To mend it, make sure that the bot's token is valid, that the bot is in the chat and "
           "that nobody has blocked it (send it /start), then give token and chat id to Streaky "
           "again.";
  }
  return "To mend it, set the channel up again in Streaky with details that work.";
}

/// `discord` → `Discord`: channels are named by their kind.
std::string proper_name(std::string_view channel_name) {
  std::string name = one_line(channel_name.empty() ? "A channel" : channel_name);
  if (name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - ('a' - 'A'));
  return name;
}

Message channel_off(const MessageInput& input) {
  const std::string channel = proper_name(input.channel_name);
  std::string reason = one_line(input.reason);
  if (reason.empty()) reason = "it no longer takes messages";
  if (!reason.ends_with('.')) reason += '.';
  Message message;
  message.urgency = Urgency::medium;
  message.subject = channel + " was switched off";
  message.body = channel + " was switched off for " + input.login +
                 ": no more reminders go there. The reason: " + reason + "\n\n";
  message.body += way_to_mend(input.channel_name);
  return message;
}

Message test_message(const MessageInput& input) {
  Message message;
  message.subject = "Test message from Streaky";
  message.body = "This channel works. Reminders for " + input.login + " will arrive here.";
  return message;
}

}  // namespace

const char* to_text(MessageKind kind) {
  switch (kind) {
    case MessageKind::reminder:
      return "reminder";
    case MessageKind::could_not_check:
      return "could_not_check";
    case MessageKind::summary:
      return "summary";
    case MessageKind::channel_off:
      return "channel_off";
    case MessageKind::test:
      return "test";
  }
  return "test";
}

const char* to_text(Urgency urgency) {
  switch (urgency) {
    case Urgency::none:
      return "none";
    case Urgency::low:
      return "low";
    case Urgency::medium:
      return "medium";
    case Urgency::high:
      return "high";
  }
  return "none";
}

Message as_of(Message message, std::string_view clock, std::chrono::minutes left) {
  const std::string then = "As of " + std::string(clock) + ": ";
  message.subject.insert(0, then);
  message.body.insert(0, then);
  message.urgency = urgency_of(left);
  return message;
}

Message compose(const MessageInput& input) {
  switch (input.kind) {
    case MessageKind::reminder:
      // Whoever has contributed is never alarmed, and no streak of 0 days is ever at risk.
      if (input.today_count > 0) return summary(input);
      return input.streak > 0 ? reminder(input) : encouragement(input);
    case MessageKind::could_not_check:
      return could_not_check(input);
    case MessageKind::summary:
      return summary(input);
    case MessageKind::channel_off:
      return channel_off(input);
    case MessageKind::test:
      return test_message(input);
  }
  return test_message(input);
}

Urgency urgency_of(std::chrono::minutes left) {
  if (left > kMediumBelow) return Urgency::low;
  return left > kHighBelow ? Urgency::medium : Urgency::high;
}

std::string duration_text(std::chrono::minutes duration) {
  const auto total = duration.count();
  if (total < 1) return "less than a minute";
  const auto hours = total / 60;
  const auto minutes = total % 60;
  if (hours == 0) return std::to_string(minutes) + " min";
  std::string text = std::to_string(hours) + " h";
  if (minutes > 0) text += " " + std::to_string(minutes) + " min";
  return text;
}

std::string days_text(int days) { return std::to_string(days) + (days == 1 ? " day" : " days"); }

}  // namespace streaky::streak

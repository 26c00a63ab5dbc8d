// How often the service's Telegram bot answers people: rarely enough that whoever writes to it all
// day takes nothing from the reminders, which share its 30 messages a second
// (docs/remote-apis.md §4).
//
// Threading: one thread. Time: `Clock::monotonic`, handed in. Memory: only chats that were answered
// lately are kept, and the bucket of all bounds how many those can be.
#pragma once

#include <string>
#include <unordered_map>

#include "runtime/time.h"

namespace streaky::account {

class AnswerRates {
 public:
  static constexpr double kChatBurst = 3;               // answers to one chat at once,
  static constexpr runtime::Millis kChatEvery{20'000};  // and then one in
  static constexpr double kBurst = 10;                  // to all together,
  static constexpr runtime::Millis kEvery{200};         // and then one in
  /// More than can have been answered within the time that a chat's bucket takes to run dry.
  static constexpr std::size_t kMostChats = 512;

  /// Whether this chat may be answered now; if so, it counts.
  bool take(const std::string& chat, runtime::Millis now);
  [[nodiscard]] std::size_t chats() const { return chats_.size(); }

 private:
  struct Bucket {
    double level = 0;  // how much of the burst is used
    runtime::Millis at{0};
  };
  static double level_at(const Bucket& bucket, runtime::Millis every, runtime::Millis now);

  Bucket all_;
  std::unordered_map<std::string, Bucket> chats_;
};

}  // namespace streaky::account

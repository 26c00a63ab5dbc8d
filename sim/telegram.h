// Telegram's Bot API as far as Streaky speaks it: getMe, sendMessage, getUpdates.
// docs/remote-apis.md §4. Threading: one thread; borrows people, rules and randomness.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/random.h"
#include "sim/exchange.h"
#include "sim/faults.h"
#include "sim/ledger.h"
#include "sim/people.h"

namespace streaky::sim {

struct TelegramRules {
  double chat_burst = 3;  // messages at once; one more each second
  std::size_t per_group_minute = 20;
  std::size_t per_bot_second = 30;
  bool lifted = false;
};

class Telegram {
 public:
  static constexpr std::size_t kMostText = 4'096;
  static constexpr std::size_t kMostBodyBytes = 1U << 20U;
  static constexpr std::size_t kMostUpdates = 1'000;  // per bot; older ones are dropped
  static constexpr std::int64_t kFirstUpdate = 500'000'001;
  /// After it updates are numbered anew, from a random number (below the first one, where a
  /// listener could take them for confirmed).
  static constexpr std::chrono::days kOneSeries{7};

  Telegram(const People& people, const TelegramRules& rules, runtime::Random& random,
           Ledger& ledger)
      : people_(people), rules_(rules), random_(random), ledger_(ledger) {}

  Answer handle(const Request& request, runtime::TimePoint now, std::optional<Fault> fault);

  /// How often one who travels an answer looks at a held one again.
  static constexpr runtime::Millis kLook{100};
  /// The answer to a held question once there is one: news, or none until its end.
  std::optional<Answer> look_again(const Held& held, runtime::TimePoint now);

  /// The person opens the bot's link and presses START: the bot receives `/start <payload>`, in a
  /// group with the bot's name.
  void press_start(const Person& person, std::string_view payload, runtime::TimePoint now);
  void forget();

 private:
  using Times = std::vector<runtime::TimePoint>;
  struct Update {
    std::int64_t id = 0;
    std::string json;
  };
  struct Bot {
    Times sent;
    std::vector<Update> updates;
    std::int64_t next_update = kFirstUpdate;
    std::optional<runtime::TimePoint> news_at;
    runtime::TimePoint polled_until;
  };
  struct Chat {
    double tokens = 0;
    runtime::TimePoint refilled;
    Times minute;
    bool known = false;
  };

  std::optional<Answer> before_acting(Fault fault);
  Answer limited(runtime::Millis wait) const;
  Answer send_message(std::int64_t bot, const Form& form, runtime::TimePoint now);
  Answer deliver(std::int64_t bot, const Person& person, Shown shown, runtime::TimePoint now);
  std::optional<Answer> refuse_chat(const Person& person, std::int64_t chat);
  std::optional<runtime::Millis> over_limit(std::int64_t bot, std::int64_t chat,
                                            runtime::TimePoint now);
  Answer get_updates(std::int64_t bot, const Form& form, runtime::TimePoint now);
  static Answer news(const Bot& bot, std::int64_t limit);

  const People& people_;
  const TelegramRules& rules_;
  runtime::Random& random_;
  Ledger& ledger_;
  std::unordered_map<std::int64_t, Bot> bots_;
  std::unordered_map<std::int64_t, Chat> chats_;
  std::int64_t next_message_ = 0;
};

}  // namespace streaky::sim

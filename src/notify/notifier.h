// Turns a credential and a message into one HTTP call, paced by each service's limits.
//
// Pacing: per webhook (5 in 2 s, and the hidden 30 in 60 s), per chat (1 a second; groups 20 a
// minute), per bot (30 a second), per host (`discord.per_second`), and whatever the services' own
// headers and 429 answers say, in their units (docs/remote-apis.md §3, §4). Processes that send
// from one address, or for one bot, share its rate (`share`). A message whose turn is further away
// than `kLongestWait` comes back as RetryAt instead of holding a place.
//
// Threading: the executor's thread. Borrows everything it is constructed with.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/http_client.h"
#include "notify/channel.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/random.h"
#include "runtime/secret.h"

namespace streaky::notify {

struct NotifierOptions {
  std::string discord_api_url = "https://discord.com";
  std::string telegram_api_url = "https://api.telegram.org";
  /// The service's bot as it is now. A chat that was linked under an older token of the same bot is
  /// written to with this one (BotFather's revoke gives a new one). Empty: as stored.
  runtime::Secret telegram_bot_token{};
  int discord_per_second = 50;
  int telegram_per_second = 30;  // of one bot
  runtime::Millis request_timeout{10'000};
  std::string public_url = "https://github.com";  // for the User-Agent and links
  std::string version = "0";
};

struct Outgoing {
  std::string delivery_id;
  Credential credential;
  streak::Message message;
  int attempt = 1;  // for backoff: the first try is 1
  /// After it the message is worthless: no turn is waited for that lies behind it.
  std::optional<runtime::TimePoint> expires_at;
};

struct Delivered {
  Outcome outcome;
  /// Set when the chat moved: the credential to store from now on (`migrate_to_chat_id`).
  std::optional<runtime::Secret> moved_to;
};

class Notifier {
 public:
  static constexpr runtime::Millis kLongestWait{10'000};

  Notifier(net::HttpClient& http, runtime::Clock& clock, runtime::Random& random, runtime::Log& log,
           runtime::Metrics& metrics, NotifierOptions options);
  ~Notifier();

  runtime::Task<Delivered> send(Outgoing outgoing);
  /// How many processes send from this address, and for the same bots, this one among them: each
  /// keeps to its part of the rates.
  void share(int on_address, int in_all);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Backoff for answers that name no time: 2 s, 4 s, … to 3 min, ± a quarter.
runtime::Millis backoff(int attempt, runtime::Random& random);

}  // namespace streaky::notify

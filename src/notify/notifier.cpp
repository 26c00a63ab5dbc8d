#include "notify/notifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <utility>

#include "notify/answer.h"
#include "notify/discord.h"
#include "notify/invalid_requests.h"
#include "notify/pacer.h"
#include "notify/refused_lanes.h"
#include "notify/telegram.h"

namespace streaky::notify {
namespace {

using runtime::Millis;
using runtime::Task;
using runtime::TimePoint;

constexpr Millis kFirstBackoff{2'000};
// A channel that is back for ten minutes is tried twice in them, whatever the jitter.
constexpr Millis kLongestBackoff{3LL * 60 * 1000};
constexpr Millis kStoodStill{5'000};  // a turn that comes so late finds the process thawed

// docs/remote-apis.md §3 and §4, "Limits".
constexpr std::array kWebhookLimits = {Limit{5, Millis{2'000}}, Limit{30, Millis{60'000}}};
constexpr std::array kChatLimits = {Limit{1, Millis{1'000}}};
constexpr std::array kGroupLimits = {Limit{1, Millis{1'000}}, Limit{20, Millis{60'000}}};

// Tells credentials apart in the pacer: whoever writes a stranger's id with a made-up token must
// not get into the stranger's lane.
std::size_t fingerprint(const runtime::Secret& token) {
  return std::hash<std::string_view>{}(token.reveal());
}

Route route_of(const DiscordWebhook& webhook, bool came_back) {
  Route route;
  route.lane = fmt::format("discord/{}/{:x}", webhook.id, fingerprint(webhook.token));
  route.lane_limits = kWebhookLimits;
  route.road = "discord";
  route.came_back = came_back;
  return route;
}

Route route_of(const TelegramChat& chat, bool came_back) {
  Route route;
  route.road = fmt::format("telegram/{}/{:x}", chat.bot_id(), fingerprint(chat.token));
  route.lane = fmt::format("{}/{}", route.road, chat.chat_id);
  route.lane_limits = kChatLimits;
  if (chat.is_group()) route.lane_limits = kGroupLimits;
  route.came_back = came_back;
  return route;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

class Notifier::Impl {
 public:
  Impl(net::HttpClient& http, runtime::Clock& clock, runtime::Random& random, runtime::Log& log,
       runtime::Metrics& metrics, NotifierOptions options)
      : http_(http),
        clock_(clock),
        random_(random),
        log_(log),
        metrics_(metrics),
        options_(std::move(options)),
        discord_per_second_(options_.discord_per_second),
        bot_per_second_(options_.telegram_per_second) {
    options_.discord_api_url = without_slash(std::move(options_.discord_api_url));
    options_.telegram_api_url = without_slash(std::move(options_.telegram_api_url));
    metrics_.gauge("streaky_discord_paused_until_seconds", 0);
  }

  Task<Delivered> send(Outgoing outgoing);
  void share(int on_address, int in_all) {
    discord_per_second_ = std::max(options_.discord_per_second / std::max(on_address, 1), 1);
    bot_per_second_ = std::max(options_.telegram_per_second / std::max(in_all, 1), 1);
  }

 private:
  /// A message on its way. Apart from the coroutines, whose frames stay small that way: thousands
  /// are on their way at the same time.
  struct Parcel {
    std::string delivery_id;
    int attempt = 1;
    std::optional<TimePoint> expires_at;
    net::HttpRequest request;  // what is sent next
    Route route;
    // Telegram's, which may take several requests:
    std::optional<TelegramChat> chat;
    streak::Message message;
    TelegramText text = TelegramText::html;
    Delivered delivered;
  };
  using ParcelPtr = std::unique_ptr<Parcel>;

  Task<Delivered> send_discord(ParcelPtr parcel, const Outgoing& outgoing);
  Task<Delivered> send_telegram(ParcelPtr parcel, const Outgoing& outgoing);
  Task<Delivered> carry_discord(ParcelPtr parcel);
  Task<Delivered> carry_telegram(ParcelPtr parcel);
  Task<Delivered> settled(ChannelKind kind, ParcelPtr parcel, Outcome outcome);
  Task<bool> await_turn(Parcel* parcel);
  void take_discord(Parcel& parcel, const runtime::Result<net::HttpResponse>& response);
  bool prepare_telegram(Parcel& parcel);
  bool take_telegram(Parcel& parcel, const runtime::Result<net::HttpResponse>& response);

  Outcome outcome_of(const Answer& answer, const Route& route, int attempt);
  void pause(const Answer& answer, const Route& route);
  void note_pause(const Route& route, const std::string& code, Millis wait);
  void count_invalid(const Route& route);
  void report(const std::string& delivery_id, ChannelKind kind, const Outcome& outcome);
  [[nodiscard]] TimePoint wall(Millis monotonic) const {
    return clock_.now() + (monotonic - clock_.monotonic());
  }

  net::HttpClient& http_;      // borrowed
  runtime::Clock& clock_;      // borrowed
  runtime::Random& random_;    // borrowed
  runtime::Log& log_;          // borrowed
  runtime::Metrics& metrics_;  // borrowed
  NotifierOptions options_;
  int discord_per_second_;
  int bot_per_second_;
  Pacer pacer_;
  InvalidRequests invalid_requests_;
  TimePoint discord_rests_until_{};
  RefusedLanes refused_lanes_;
};

// Waits for the message's turn; a turn that is too far away is handed back instead: false.
Task<bool> Notifier::Impl::await_turn(Parcel* parcel) {
  Millis patience = kLongestWait;
  if (parcel->expires_at) patience = std::min(patience, *parcel->expires_at - clock_.now());
  const Millis deadline = clock_.monotonic() + patience;
  for (;;) {
    parcel->route.road_per_second = parcel->chat ? bot_per_second_ : discord_per_second_;
    const Turn turn = pacer_.reserve(parcel->route, clock_.monotonic(), deadline);
    if (!turn.reserved) {
      parcel->delivered.outcome =
          RetryAt{wall(turn.at), "many messages stand before this one", false};
      co_return false;
    }
    for (Millis now = clock_.monotonic(); now < turn.at; now = clock_.monotonic()) {
      co_await clock_.sleep_for(turn.at - now);
    }
    if (parcel->expires_at && clock_.now() >= *parcel->expires_at) {
      // The process stood still, or the clock jumped, while it waited.
      parcel->delivered.outcome =
          RetryAt{.at = clock_.now(), .reason = "its day ended before its turn", .code = "expired"};
      co_return false;
    }
    if (clock_.monotonic() - turn.at > kStoodStill) {
      // Meanwhile another process may have taken the message over.
      parcel->delivered.outcome =
          RetryAt{.at = clock_.now(), .reason = "this process stood still", .code = "stood_still"};
      co_return false;
    }
    if (pacer_.stands(parcel->route, clock_.monotonic())) co_return true;
    // A pause began in the meantime. The next turn lies behind it, so this ends at the deadline.
    parcel->route.came_back = true;
  }
}

Task<Delivered> Notifier::Impl::settled(ChannelKind kind, ParcelPtr parcel, Outcome outcome) {
  report(parcel->delivery_id, kind, outcome);
  Delivered delivered;
  delivered.outcome = std::move(outcome);
  co_return std::move(delivered);
}

Task<Delivered> Notifier::Impl::send_discord(ParcelPtr parcel, const Outgoing& outgoing) {
  const auto webhook = parse_discord_webhook(outgoing.credential.value.reveal());
  if (!webhook) {
    return settled(ChannelKind::discord, std::move(parcel),
                   Dead{"bad_credential", "the stored Discord webhook address is malformed"});
  }
  auto request = discord_request(*webhook, outgoing.message, options_);
  if (!request) {
    return settled(ChannelKind::discord, std::move(parcel),
                   Refused{"empty_message", "the message has no text"});
  }
  parcel->request = std::move(*request);
  parcel->route = route_of(*webhook, outgoing.attempt > 1);
  return carry_discord(std::move(parcel));
}

Task<Delivered> Notifier::Impl::carry_discord(ParcelPtr parcel) {
  const bool may_go = co_await await_turn(parcel.get());
  if (may_go) {
    auto asking = http_.send(std::move(parcel->request));
    take_discord(*parcel, co_await std::move(asking));
  }
  report(parcel->delivery_id, ChannelKind::discord, parcel->delivered.outcome);
  co_return std::move(parcel->delivered);
}

void Notifier::Impl::take_discord(Parcel& parcel,
                                  const runtime::Result<net::HttpResponse>& response) {
  Answer answer;
  if (response) {
    answer = discord_answer(*response, clock_.now());
    if (answer.counts_as_invalid) count_invalid(parcel.route);
    if (answer.meaning == Meaning::sent) refused_lanes_.passed();
    if (answer.maybe_address && refused_lanes_.note(parcel.route.lane, clock_.monotonic())) {
      answer.scope = Scope::wide;
    }
    const auto rest = discord_rest(*response);
    // A 429's body knows better than its headers.
    if (rest && answer.meaning != Meaning::wait) {
      const Millis now = clock_.monotonic();
      pacer_.pause_lane(parcel.route, now, now + *rest);
    }
  } else {
    answer = answer_of_error(response.error());
  }
  parcel.delivered.outcome = outcome_of(answer, parcel.route, parcel.attempt);
}

Task<Delivered> Notifier::Impl::send_telegram(ParcelPtr parcel, const Outgoing& outgoing) {
  parcel->chat = parse_telegram(outgoing.credential.value.reveal());
  if (!parcel->chat) {
    return settled(ChannelKind::telegram, std::move(parcel),
                   Dead{"bad_credential", "the stored Telegram bot and chat are malformed"});
  }
  take_present_token(*parcel->chat, options_.telegram_bot_token);
  parcel->message = outgoing.message;
  parcel->route.came_back = outgoing.attempt > 1;
  return carry_telegram(std::move(parcel));
}

// Up to three requests: as HTML, once more after the chat moved, once more as plain text.
Task<Delivered> Notifier::Impl::carry_telegram(ParcelPtr parcel) {
  for (bool again = prepare_telegram(*parcel); again;) {
    const bool may_go = co_await await_turn(parcel.get());
    if (!may_go) break;
    auto asking = http_.send(std::move(parcel->request));
    again = take_telegram(*parcel, co_await std::move(asking)) && prepare_telegram(*parcel);
  }
  report(parcel->delivery_id, ChannelKind::telegram, parcel->delivered.outcome);
  co_return std::move(parcel->delivered);
}

bool Notifier::Impl::prepare_telegram(Parcel& parcel) {
  auto request = telegram_request(*parcel.chat, parcel.message, parcel.text, options_);
  if (!request) {
    parcel.delivered.outcome = Refused{"empty_message", "the message has no text"};
    return false;
  }
  parcel.request = std::move(*request);
  parcel.route = route_of(*parcel.chat, parcel.route.came_back);
  return true;
}

/// True when another request is to follow.
bool Notifier::Impl::take_telegram(Parcel& parcel,
                                   const runtime::Result<net::HttpResponse>& response) {
  Answer answer;
  if (response) {
    answer = telegram_answer(*response, parcel.chat->is_group(), clock_.now());
  } else {
    answer = answer_of_error(response.error());
  }
  if (answer.meaning == Meaning::moved && !parcel.delivered.moved_to) {
    parcel.chat->chat_id = answer.moved_to;
    parcel.delivered.moved_to =
        telegram_credential(parcel.chat->token.reveal(), parcel.chat->chat_id);
    parcel.route.came_back = true;
    return true;
  }
  // A button that Telegram refuses, for its address or for reasons of its own, must not cost the
  // message.
  const bool buttons = answer.meaning == Meaning::refused && !parcel.message.links.empty();
  if ((answer.meaning == Meaning::as_plain || buttons) && parcel.text == TelegramText::html) {
    parcel.text = TelegramText::plain;
    parcel.route.came_back = true;
    return true;
  }
  parcel.delivered.outcome = outcome_of(answer, parcel.route, parcel.attempt);
  return false;
}

Outcome Notifier::Impl::outcome_of(const Answer& answer, const Route& route, int attempt) {
  switch (answer.meaning) {
    case Meaning::sent:
      return Sent{answer.remote_id};
    case Meaning::dead:
      return Dead{answer.code, answer.reason};
    case Meaning::refused:
    case Meaning::as_plain:  // refused without mark-up, too
      return Refused{answer.code, answer.reason};
    case Meaning::wait: {
      pause(answer, route);
      const Millis turn = pacer_.promise(route, clock_.monotonic());
      return RetryAt{wall(turn), answer.reason, answer.maybe_seen};
    }
    case Meaning::retry:
    case Meaning::moved:  // a second time within one send
      break;
  }
  const Millis rest = std::max(answer.wait, backoff(attempt, random_));
  const bool own_pause = answer.wait == Millis{0};
  return RetryAt{clock_.now() + rest, answer.reason, answer.maybe_seen, own_pause};
}

void Notifier::Impl::pause(const Answer& answer, const Route& route) {
  const Millis now = clock_.monotonic();
  if (answer.scope == Scope::narrow) {
    pacer_.pause_lane(route, now, now + answer.wait);
    return;
  }
  // One line per pause, not one per message that was under way when it began.
  if (pacer_.stands(route, now)) {
    log_.warn("a service asked for a pause",
              {{"service", route.road.substr(0, route.road.find('/'))},
               {"code", answer.code},
               {"reason", answer.reason},
               {"wait_ms", answer.wait.count()}});
  }
  pacer_.pause_road(route, now, now + answer.wait);
  note_pause(route, answer.code, answer.wait);
}

/// What stops a whole service has to be seen from outside; a Telegram bot is one of many.
void Notifier::Impl::note_pause(const Route& route, const std::string& code, Millis wait) {
  const std::string service = route.road.substr(0, route.road.find('/'));
  metrics_.count("streaky_service_pauses_total", {{"service", service}, {"code", code}});
  if (service != "discord") return;
  discord_rests_until_ = std::max(discord_rests_until_, clock_.now() + wait);
  metrics_.gauge("streaky_discord_paused_until_seconds",
                 static_cast<double>(runtime::to_unix_ms(discord_rests_until_)) / 1000.0);
}

void Notifier::Impl::count_invalid(const Route& route) {
  const Millis now = clock_.monotonic();
  if (!invalid_requests_.note(now)) return;
  pacer_.pause_road(route, now, now + InvalidRequests::kWindow);
  note_pause(route, "many_refused", InvalidRequests::kWindow);
  log_.warn("Discord refused too many requests: resting before it bans this address",
            {{"refused", InvalidRequests::kStopAt}, {"wait_ms", InvalidRequests::kWindow.count()}});
}

void Notifier::Impl::report(const std::string& delivery_id, ChannelKind kind,
                            const Outcome& outcome) {
  const char* channel = to_text(kind);
  const char* word = "sent";
  if (const auto* retry = std::get_if<RetryAt>(&outcome)) {
    word = "retry";
    log_.debug("notification waits", {{"delivery", delivery_id},
                                      {"channel", channel},
                                      {"reason", retry->reason},
                                      {"until", runtime::to_rfc3339(retry->at)},
                                      {"maybe_seen", retry->maybe_seen}});
  } else if (const auto* dead = std::get_if<Dead>(&outcome)) {
    word = "dead";
    log_.warn("channel is dead", {{"delivery", delivery_id},
                                  {"channel", channel},
                                  {"code", dead->code},
                                  {"reason", dead->reason}});
  } else if (const auto* refused = std::get_if<Refused>(&outcome)) {
    word = "refused";
    log_.warn("notification refused", {{"delivery", delivery_id},
                                       {"channel", channel},
                                       {"code", refused->code},
                                       {"reason", refused->reason}});
  }
  metrics_.count("streaky_notify_total", {{"channel", channel}, {"outcome", word}});
}

Task<Delivered> Notifier::Impl::send(Outgoing outgoing) {
  auto parcel = std::make_unique<Parcel>();
  parcel->delivery_id = outgoing.delivery_id;
  parcel->attempt = outgoing.attempt;
  parcel->expires_at = outgoing.expires_at;
  if (outgoing.credential.kind == ChannelKind::telegram) {
    return send_telegram(std::move(parcel), outgoing);
  }
  return send_discord(std::move(parcel), outgoing);
}

Notifier::Notifier(net::HttpClient& http, runtime::Clock& clock, runtime::Random& random,
                   runtime::Log& log, runtime::Metrics& metrics, NotifierOptions options)
    : impl_(std::make_unique<Impl>(http, clock, random, log, metrics, std::move(options))) {}

Notifier::~Notifier() = default;

Task<Delivered> Notifier::send(Outgoing outgoing) { return impl_->send(std::move(outgoing)); }

void Notifier::share(int on_address, int in_all) { impl_->share(on_address, in_all); }

Millis backoff(int attempt, runtime::Random& random) {
  const int doublings = std::clamp(attempt - 1, 0, 16);
  const Millis base = kFirstBackoff * (1LL << doublings);
  return random.jitter(std::min(base, kLongestBackoff));
}

}  // namespace streaky::notify

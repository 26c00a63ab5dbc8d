#include "app/check_notify.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <unordered_set>
#include <utility>
#include <vector>

#include "app/couriers.h"
#include "app/terminal.h"
#include "engine/decide.h"
#include "engine/sender.h"
#include "store/hand_reminders.h"
#include "store/schedule.h"

namespace streaky::app {

namespace {

/// Longer than one message may take; should this process die, `serve` takes over then.
constexpr runtime::Millis kLease{120'000};

/// Waits until a sender that was given deliveries has brought and recorded them.
runtime::Task<void> send_all(engine::Sender* sender, std::vector<store::ClaimedDelivery> deliveries,
                             runtime::Millis since) {
  for (store::ClaimedDelivery& delivery : deliveries) sender->take(std::move(delivery), since);
  co_await sender->wait_empty();
}

void send(const Notification& about, const std::string& owner,
          std::vector<store::ClaimedDelivery> deliveries, runtime::Millis since) {
  Base& base = about.base;
  const auto on_exception = [&base](const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& error) {
      base.log->error("sending failed unexpectedly", {{"error", error.what()}});
    }
  };
  store::Jobs jobs(about.database);
  store::Deliveries outbox(about.database);
  engine::Checker checker(about.outside.github, about.sealer, *base.clock, *base.log);
  engine::Recorder recorder({.jobs = jobs,
                             .deliveries = outbox,
                             .clock = *base.clock,
                             .log = *base.log,
                             .owner = owner,
                             .lease = kLease},
                            base.io.get_executor(), on_exception);
  const auto courier = make_courier(base, about.outside, about.sealer, about.options);
  engine::Sender sender({.checker = checker,
                         .recorder = recorder,
                         .jobs = jobs,
                         .courier = *courier,
                         .clock = *base.clock,
                         .random = *base.random,
                         .log = *base.log,
                         .metrics = base.metrics,
                         .lease = kLease,
                         .silent = [] { return false; },  // no member, which nobody misses
                         .on_waiting = [] {}},
                        engine::Sender::Limits{}, base.io.get_executor(), on_exception);
  base.run(send_all(&sender, std::move(deliveries), since));
  base.run(recorder.drain());
  base.run(courier->wait_idle());
}

/// One for each channel, in their order.
std::vector<store::NewDelivery> reminders(const Notification& about, runtime::TimePoint now) {
  const streak::Judgement& judgement = about.sight.judgement;
  const auto message = engine::reminder_message({.user = about.user,
                                                 .stage = store::kManualStage,
                                                 .streak = judgement.streak,
                                                 .today_count = judgement.today_count,
                                                 .lower_bound = judgement.open_at.has_value(),
                                                 .own_token_dead = about.sight.public_only(),
                                                 .expires_at = about.midnight,
                                                 .now = now,
                                                 .as_of = std::nullopt});
  std::vector<store::NewDelivery> deliveries;
  for (const store::Channel& channel : about.user.channels) {
    store::NewDelivery delivery;
    delivery.id = about.base.random->uuid();
    delivery.channel_id = channel.id;
    delivery.kind = "reminder";
    delivery.message = message;
    delivery.checked_at = about.sight.seen_at;
    deliveries.push_back(std::move(delivery));
  }
  return deliveries;
}

/// Those that were written, in our hands to be sent.
std::vector<store::ClaimedDelivery> claimed(const Notification& about,
                                            const std::vector<store::NewDelivery>& deliveries,
                                            const std::unordered_set<std::string>& written) {
  std::vector<store::ClaimedDelivery> in_hand;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    const store::NewDelivery& delivery = deliveries[i];
    if (!written.contains(delivery.id)) continue;
    store::ClaimedDelivery one;
    one.id = delivery.id;
    one.user_id = about.user.id;
    one.channel_id = delivery.channel_id;
    one.channel_kind = about.user.channels[i].kind;
    one.sealed = about.user.channels[i].sealed;
    one.kind = delivery.kind;
    one.message = delivery.message;
    one.date = about.today;
    one.zone = about.user.time_zone;
    one.stage = store::kManualStage;
    one.checked_at = delivery.checked_at;
    one.expires_at = about.midnight;
    in_hand.push_back(std::move(one));
  }
  return in_hand;
}

/// What became of a channel's reminder, in words.
std::string words_for(const store::HandReminders::Standing& standing, bool now) {
  if (standing.state == "sent") return now ? "sent" : "told already today";
  if (standing.state == "pending") {
    return "not sent yet, `streaky serve` tries again: " + standing.reason;
  }
  if (standing.state == "sending") return "being sent by another process";
  return "not sent, " + standing.state + ": " + standing.reason;
}

}  // namespace

bool notify_by_hand(const Notification& about) {
  Base& base = about.base;
  const runtime::TimePoint now = base.clock->now();
  const runtime::Millis since = base.clock->monotonic();
  store::HandReminders by_hand(about.database);
  const store::HandReminder reminder{.user_id = about.user.id,
                                     .date = about.today,
                                     .zone = about.user.time_zone,
                                     .expires_at = about.midnight};
  const std::string owner = "check-" + base.random->uuid();
  const auto deliveries = reminders(about, now);
  const auto written = base.run(by_hand.write(reminder, deliveries, owner, now, now + kLease));
  std::vector<std::int64_t> ours;
  for (const store::NewDelivery& delivery : deliveries) {
    if (written.contains(delivery.id)) ours.push_back(delivery.channel_id);
  }
  if (!written.empty()) send(about, owner, claimed(about, deliveries, written), since);

  const auto standings = base.run(by_hand.standings(reminder));
  bool all_heard = true;
  int living = 0;
  for (const store::Channel& channel : about.user.channels) {
    if (!channel.on) continue;
    ++living;
    const auto found =
        std::ranges::find(standings, channel.id, &store::HandReminders::Standing::channel_id);
    if (found == standings.end()) continue;  // removed or switched off meanwhile
    const bool now_sent = std::ranges::find(ours, channel.id) != ours.end();
    fmt::print(stderr, "{} ({}): {}\n", channel.kind, channel.hint,
               printable(words_for(*found, now_sent), 400));
    all_heard = all_heard && found->state == "sent";
  }
  if (living == 0) {
    fmt::print(stderr, "{} has no channel that is on, so nothing was sent\n", about.user.login);
  }
  return living > 0 && all_heard;
}

}  // namespace streaky::app

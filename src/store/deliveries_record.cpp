#include <algorithm>
#include <map>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "store/counts.h"
#include "store/days.h"
#include "store/deliveries.h"
#include "store/json_rows.h"
#include "store/new_deliveries.h"
#include "store/pending_deliveries.h"
#include "store/session.h"
#include "streak/mutant.h"

namespace streaky::store {

namespace {

constexpr std::size_t kMostOutcomes = 1'000;

/// A delivery as it stands when its result comes in.
struct Held {
  std::string id;
  DeliveryOrigin origin;
  std::string state;
  std::string owner;
  int attempt = 0;
  std::int64_t channel_id = 0;
  std::string channel_kind;
  std::string kind;
  runtime::TimePoint started_at{};
  bool channel_on = false;
  runtime::TimePoint channel_changed_at{};

  /// The owner replaced the credential while it was in use: what is learnt of the old one must not
  /// touch the new one.
  [[nodiscard]] bool channel_replaced() const { return channel_changed_at > started_at; }
};

using HeldById = std::unordered_map<std::string, Held>;

HeldById read_held(Session& session, const std::vector<DeliveryOutcome>& outcomes,
                   runtime::TimePoint now) {
  std::vector<std::string> ids;
  ids.reserve(outcomes.size());
  for (const DeliveryOutcome& outcome : outcomes) ids.push_back(outcome.id);
  HeldById held;
  Held one;
  auto query = session.query("deliveries/held");
  query.bind("ids", to_json(ids)).within(days_around(now));
  query.into(one.id, one.origin.batch_id, one.origin.job_id, one.origin.user_id, one.origin.date,
             one.origin.zone, one.origin.stage, one.origin.expires_at, one.state, one.owner,
             one.attempt, one.channel_id, one.channel_kind, one.kind, one.started_at,
             one.channel_on, one.channel_changed_at);
  while (query.next()) held[one.id] = one;
  return held;
}

/// Where a delivery goes from `sending`.
struct Next {
  std::string state;
  std::string code;
  std::string reason;
  runtime::TimePoint due_at{};  // of pending ones
};

class Recorder {
 public:
  Recorder(Session& session, std::string owner, runtime::TimePoint now)
      : session_(session), owner_(std::move(owner)), now_(now) {}

  std::vector<SwitchedOff> run(const std::vector<DeliveryOutcome>& outcomes);

 private:
  [[nodiscard]] Next next_of(const Held& held, const DeliveryOutcome& outcome) const;
  void add(const Held& held, const DeliveryOutcome& outcome);
  void note_dead_channel(const Held& held, const DeliveryOutcome& outcome);
  void write_channels();
  std::vector<SwitchedOff> tell();

  struct Dead {
    std::string reason;
    Held lost;
  };
  /// Where the user of a dead channel can still be told.
  struct Living {
    std::string login;
    std::vector<std::int64_t> channels;
  };
  using LivingByUser = std::unordered_map<std::int64_t, Living>;

  static streak::Message word_about(const Dead& dead, const std::string& login);
  LivingByUser read_living();

  Session& session_;  // borrowed
  const std::string owner_;
  const runtime::TimePoint now_;
  Counts counts_;
  boost::json::array results_;
  std::vector<std::string> waiting_;            // that were not sent and wait again
  std::map<std::int64_t, std::string> reseal_;  // channel → credential
  std::map<std::int64_t, Dead> dead_;           // channel → why
  boost::json::array dead_tokens_;
};

std::vector<SwitchedOff> Recorder::run(const std::vector<DeliveryOutcome>& outcomes) {
  const HeldById held = read_held(session_, outcomes, now_);
  std::unordered_set<std::string> seen;
  for (const DeliveryOutcome& outcome : outcomes) {
    const auto found = held.find(outcome.id);
    if (found == held.end() || !seen.insert(outcome.id).second) continue;
    const Held& one = found->second;
    const bool ours =
        one.state == "sending" && one.owner == owner_ && one.attempt == outcome.attempt;
    if (ours || planted(Mutant::claims_not_fenced)) add(one, outcome);
  }
  if (!results_.empty()) {
    session_.query("deliveries/record")
        .bind("results", to_json(results_))
        .within(days_around(now_))
        .run();
    cancel_overtaken_meanwhile(session_, counts_, waiting_, now_);
  }
  write_channels();
  if (!dead_tokens_.empty()) {
    session_.query("users/token_died").bind("tokens", to_json(dead_tokens_)).run();
  }
  auto off = tell();
  counts_.write(session_);
  return off;
}

Next Recorder::next_of(const Held& held, const DeliveryOutcome& outcome) const {
  Next next{"sent", outcome.code, outcome.reason, now_};
  const runtime::TimePoint midnight = runtime::from_unix_ms(held.origin.expires_at);
  const auto retry = [&](runtime::TimePoint at) {
    const auto again = session_.again_before(midnight, at, now_);
    next.state = again ? "pending" : "expired";
    next.due_at = again.value_or(at);
    if (!held.channel_on) next = {"dead", "channel_off", "the channel is switched off", at};
  };
  const runtime::TimePoint over = std::max(now_, outcome.at);
  switch (outcome.end) {
    case DeliveryEnd::sent:
      break;
    case DeliveryEnd::retry:
      retry(outcome.at);
      break;
    case DeliveryEnd::dead:
      next.state = "dead";
      if (held.channel_replaced()) retry(now_);
      break;
    case DeliveryEnd::refused:
      next.state = "dead";
      break;
    case DeliveryEnd::expired:
      next.state = "expired";
      if (over >= midnight && session_.again_before(midnight, over, now_)) retry(over);
      break;
    case DeliveryEnd::cancelled:
      next.state = "cancelled";
      break;
  }
  return next;
}

void Recorder::add(const Held& held, const DeliveryOutcome& outcome) {
  const Next next = next_of(held, outcome);
  const bool pending = next.state == "pending";
  boost::json::object row{{"id", outcome.id},
                          {"state", next.state},
                          {"remote_id", json_text(outcome.remote_id)},
                          {"code", json_text(next.code)},
                          {"reason", json_text(next.reason)},
                          {"tried", pending ? 1 : 0},
                          {"maybe_seen", outcome.maybe_seen ? 1 : 0},
                          {"checked_at", json_at(outcome.checked_at)}};
  row["due_at"] = pending ? json_at(next.due_at) : boost::json::value();
  row["ended_at"] = pending ? boost::json::value() : json_at(now_);
  if (outcome.message) {
    row["subject"] = json_text(outcome.message->subject);
    row["body"] = json_text(outcome.message->body);
    row["urgency"] = streak::to_text(outcome.message->urgency);
  }
  results_.push_back(std::move(row));
  if (pending) waiting_.push_back(outcome.id);
  counts_.move_delivery(held.origin.batch_id, "sending", next.state);
  if (next.state == "sent") counts_.add_sent(held.origin.batch_id, held.channel_kind, held.kind);
  if (outcome.token_dead_in_version) {
    dead_tokens_.push_back(
        {{"user_id", held.origin.user_id}, {"settings_version", *outcome.token_dead_in_version}});
  }
  if (held.channel_replaced()) return;
  if (!outcome.sealed.empty()) reseal_[held.channel_id] = outcome.sealed;
  if (outcome.end == DeliveryEnd::dead) note_dead_channel(held, outcome);
}

void Recorder::note_dead_channel(const Held& held, const DeliveryOutcome& outcome) {
  if (!held.channel_on) return;  // switched off before: its user has been told
  const auto [place, added] = dead_.try_emplace(held.channel_id, outcome.reason, held);
  // Of several that are lost at once, the alarm is what the user must hear of.
  if (!added && held.kind == "reminder") place->second.lost = held;
}

void Recorder::write_channels() {
  boost::json::array sealed;
  for (const auto& [id, credential] : reseal_) {
    sealed.push_back({{"id", id}, {"sealed", credential}});
  }
  if (!sealed.empty()) {
    session_.query("deliveries/reseal").bind("channels", to_json(sealed)).run();
  }
  if (dead_.empty()) return;
  boost::json::array rows;
  std::vector<std::int64_t> ids;
  for (const auto& [id, dead] : dead_) {
    rows.push_back({{"id", id}, {"reason", json_text(dead.reason)}});
    ids.push_back(id);
  }
  session_.query("deliveries/switch_off").bind("channels", to_json(rows)).run();
  const PendingEnd end{"dead", "channel_off", "the channel is switched off"};
  end_pending_of_channels(session_, counts_, ids, end, now_);
}

/// The word is written with the switch-off: a crash loses both or neither.
std::vector<SwitchedOff> Recorder::tell() {
  std::vector<SwitchedOff> off;
  if (dead_.empty()) return off;
  NewDeliveries words(now_);
  std::unordered_map<std::string, std::size_t> word_of;  // delivery → its place in `off`
  const LivingByUser living = read_living();
  for (const auto& [channel_id, dead] : dead_) {
    const std::string& lost = dead.lost.id;
    off.push_back({.delivery_id = lost,
                   .user_id = dead.lost.origin.user_id,
                   .channel_id = channel_id,
                   .channel_kind = dead.lost.channel_kind,
                   .reason = dead.reason,
                   .told_on = 0});
    const auto user = living.find(dead.lost.origin.user_id);
    if (user == living.end()) continue;
    const streak::Message message = word_about(dead, user->second.login);
    for (const std::int64_t other : user->second.channels) {
      NewDelivery word;
      word.id = lost + "-" + std::to_string(other);
      word.channel_id = other;
      word.kind = "channel_off:" + std::to_string(channel_id);
      word.message = message;
      word.checked_at = now_;
      words.add(dead.lost.origin, word, {});
      word_of.emplace(std::move(word.id), off.size() - 1);
    }
  }
  for (const std::string& id : words.write(session_, counts_)) ++off[word_of.at(id)].told_on;
  return off;
}

streak::Message Recorder::word_about(const Dead& dead, const std::string& login) {
  streak::MessageInput input;
  input.kind = streak::MessageKind::channel_off;
  input.login = login;
  input.channel_name = dead.lost.channel_kind;
  input.reason = dead.reason;
  return streak::compose(input);
}

Recorder::LivingByUser Recorder::read_living() {
  std::vector<std::int64_t> users;
  users.reserve(dead_.size());
  for (const auto& [channel_id, dead] : dead_) users.push_back(dead.lost.origin.user_id);
  LivingByUser living;
  std::int64_t user_id = 0;
  std::int64_t channel_id = 0;
  std::string login;
  auto query = session_.query("deliveries/living");
  query.bind("users", to_json(users)).into(user_id, login, channel_id);
  while (query.next()) {
    Living& one = living[user_id];
    one.login = login;
    one.channels.push_back(channel_id);
  }
  return living;
}

}  // namespace

runtime::Task<std::vector<SwitchedOff>> Deliveries::record(std::string owner,
                                                           std::vector<DeliveryOutcome> outcomes,
                                                           runtime::TimePoint now) {
  if (outcomes.size() > kMostOutcomes) {
    throw std::length_error("record: at most 1000 outcomes at a time");
  }
  std::vector<SwitchedOff> off;
  Database::Work work = [&](Session& session) {
    session.wait_briefly();
    Recorder recorder(session, owner, now);
    off = recorder.run(outcomes);
  };
  if (!outcomes.empty()) co_await database_.write(std::move(work));
  co_return off;
}

}  // namespace streaky::store

#include <map>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "store/counts.h"
#include "store/deliveries.h"
#include "store/delivery_rows.h"
#include "store/json_rows.h"
#include "store/pending_deliveries.h"
#include "store/session.h"

namespace streaky::store {

namespace {

constexpr std::size_t kMostOutcomes = 1'000;

/// A delivery as it stands when its result comes in.
struct Held {
  std::string id;
  std::string batch_id;
  std::string state;
  std::string owner;
  int attempt = 0;
  std::int64_t user_id = 0;
  std::int64_t channel_id = 0;
  std::string channel_kind;
  std::string kind;
  runtime::TimePoint expires_at{};
  runtime::TimePoint started_at{};
  bool channel_on = false;
  runtime::TimePoint channel_changed_at{};

  /// The owner replaced the credential while it was in use: what is learnt of the old one must not
  /// touch the new one.
  [[nodiscard]] bool channel_replaced() const { return channel_changed_at > started_at; }
};

using HeldById = std::unordered_map<std::string, Held>;

HeldById read_held(Session& session, const std::vector<DeliveryOutcome>& outcomes) {
  std::vector<std::string> ids;
  ids.reserve(outcomes.size());
  for (const DeliveryOutcome& outcome : outcomes) ids.push_back(outcome.id);
  HeldById held;
  Held one;
  auto query = session.query("deliveries/held");
  query.bind("ids", to_json(ids));
  query.into(one.id, one.batch_id, one.state, one.owner, one.attempt, one.user_id, one.channel_id,
             one.channel_kind, one.kind, one.expires_at, one.started_at, one.channel_on,
             one.channel_changed_at);
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
  void read_living(std::vector<SwitchedOff>& off);

  struct Dead {
    std::string reason;
    Held lost;
  };

  Session& session_;  // borrowed
  const std::string owner_;
  const runtime::TimePoint now_;
  Counts counts_;
  boost::json::array results_;
  std::map<std::int64_t, std::string> reseal_;  // channel → credential
  std::map<std::int64_t, Dead> dead_;           // channel → why
};

std::vector<SwitchedOff> Recorder::run(const std::vector<DeliveryOutcome>& outcomes) {
  const HeldById held = read_held(session_, outcomes);
  std::unordered_set<std::string> seen;
  for (const DeliveryOutcome& outcome : outcomes) {
    const auto found = held.find(outcome.id);
    if (found == held.end() || !seen.insert(outcome.id).second) continue;
    const Held& one = found->second;
    const bool ours =
        one.state == "sending" && one.owner == owner_ && one.attempt == outcome.attempt;
    if (ours) add(one, outcome);
  }
  if (!results_.empty()) {
    session_.query("deliveries/record").bind("results", to_json(results_)).run();
  }
  write_channels();
  counts_.write(session_);
  return tell();
}

Next Recorder::next_of(const Held& held, const DeliveryOutcome& outcome) const {
  Next next{"sent", outcome.code, outcome.reason, now_};
  const auto retry = [&](runtime::TimePoint at) {
    next.state = "pending";
    next.due_at = at;
    if (!held.channel_on) {
      next = {"dead", "channel_off", "the channel is switched off", at};
    } else if (at >= held.expires_at) {
      next.state = "expired";
    }
  };
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
  counts_.move_delivery(held.batch_id, "sending", next.state);
  if (next.state == "sent") counts_.add_sent(held.batch_id, held.channel_kind, held.kind);
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

std::vector<SwitchedOff> Recorder::tell() {
  std::vector<SwitchedOff> off;
  if (dead_.empty()) return off;
  std::vector<std::string> ids;
  for (const auto& [id, dead] : dead_) ids.push_back(dead.lost.id);
  auto lost = load_deliveries(session_, ids);
  for (const auto& [id, dead] : dead_) {
    SwitchedOff one;
    one.user_id = dead.lost.user_id;
    one.channel_id = id;
    one.channel_kind = dead.lost.channel_kind;
    one.reason = dead.reason;
    one.lost = std::move(lost.at(dead.lost.id));
    off.push_back(std::move(one));
  }
  read_living(off);
  return off;
}

void Recorder::read_living(std::vector<SwitchedOff>& off) {
  std::vector<std::int64_t> users;
  users.reserve(off.size());
  for (const SwitchedOff& one : off) users.push_back(one.user_id);
  std::int64_t user_id = 0;
  std::string login;
  Channel channel;
  auto query = session_.query("deliveries/living");
  query.bind("users", to_json(users));
  query.into(user_id, login, channel.id, channel.kind, channel.sealed, channel.hint);
  while (query.next()) {
    for (SwitchedOff& one : off) {
      if (one.user_id != user_id) continue;
      one.login = login;
      if (channel.id != 0) one.living.push_back(channel);
    }
  }
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
    Recorder recorder(session, owner, now);
    off = recorder.run(outcomes);
  };
  if (!outcomes.empty()) co_await database_.write(std::move(work));
  co_return off;
}

}  // namespace streaky::store

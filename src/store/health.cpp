#include "store/health.h"

#include <utility>

#include "store/days.h"
#include "store/session.h"

namespace streaky::store {

namespace {

constexpr int kMostReasons = 10;
constexpr std::chrono::hours kWindow{24};

ChannelReport read_in(Session& session, runtime::TimePoint now) {
  ChannelReport report;
  std::string kind;
  std::string state;
  std::int64_t number = 0;
  {
    bool on = false;
    auto query = session.query("health/channels");
    query.into(kind, on, number);
    while (query.next()) (on ? report.kinds[kind].on : report.kinds[kind].off) = number;
  }
  {
    auto query = session.query("health/deliveries");
    query.bind("since", now - kWindow).within(days_around(now)).into(kind, state, number);
    while (query.next()) report.kinds[kind].deliveries[state] = number;
  }
  OffReason one;
  auto query = session.query("health/off_reasons");
  query.bind("limit", kMostReasons).into(one.kind, one.reason, one.channels);
  while (query.next()) report.off_reasons.push_back(one);
  return report;
}

}  // namespace

std::int64_t ChannelHealth::count(const std::string& state) const {
  const auto found = deliveries.find(state);
  return found == deliveries.end() ? 0 : found->second;
}

runtime::Task<runtime::Millis> clock_ahead(Database* database) {
  runtime::Millis ahead{0};
  Database::Work work = [&](Session& session) { ahead = session.server_ahead(); };
  co_await database->read(std::move(work));
  co_return ahead;
}

runtime::Task<ChannelReport> read_channel_report(Database* database, runtime::TimePoint now) {
  ChannelReport report;
  Database::Work work = [&](Session& session) { report = read_in(session, now); };
  co_await database->read(std::move(work));
  co_return report;
}

}  // namespace streaky::store

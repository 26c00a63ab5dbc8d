// The fleet, GitHub tokens and channels, as operators see them.
#include "store/health.h"
#include "web/handlers.h"
#include "web/replies.h"
#include "web/words.h"

namespace streaky::web {

namespace {

std::string state_of(const github::TokenBudget::Standing& token, const streak::Zone& zone,
                     runtime::TimePoint now) {
  if (token.dead) return "refused by GitHub";
  if (token.blocked_until) return "rests until " + local_when(zone, *token.blocked_until, now);
  return "works";
}

Data tokens_data(const std::vector<github::TokenBudget::Standing>& tokens, const Visit& visit) {
  const streak::Zone zone = zone_or_utc(visit.user().time_zone);
  Data list{Data::type::list};
  int number = 0;
  for (const auto& token : tokens) {
    Data row;
    row.set("number", std::to_string(++number));
    row.set("state", state_of(token, zone, visit.now));
    row.set("points",
            token.points_left ? std::to_string(*token.points_left) : std::string("not known"));
    row.set("until", token.points_until ? local_when(zone, *token.points_until, visit.now)
                                        : std::string("not known"));
    row.set("in_flight", std::to_string(token.in_flight));
    list.push_back(row);
  }
  return list;
}

Data channels_data(const store::ChannelReport& report) {
  Data list{Data::type::list};
  for (const auto& [kind, health] : report.kinds) {
    Data row;
    row.set("kind", channel_name(kind));
    row.set("on", std::to_string(health.on));
    row.set("off", std::to_string(health.off));
    row.set("waiting", std::to_string(health.count("pending") + health.count("sending")));
    for (const char* state : {"sent", "dead", "expired", "cancelled"}) {
      row.set(state, std::to_string(health.count(state)));
    }
    list.push_back(row);
  }
  return list;
}

Data reasons_data(const store::ChannelReport& report) {
  Data list{Data::type::list};
  for (const store::OffReason& one : report.off_reasons) {
    Data row;
    row.set("kind", channel_name(one.kind));
    row.set("reason", one.reason);
    row.set("channels", std::to_string(one.channels));
    list.push_back(row);
  }
  return list;
}

Data fleet_data(const std::vector<store::Member>& members, const Visit& visit) {
  Data list{Data::type::list};
  for (const store::Member& member : members) {
    Data row;
    row.set("host", member.host);
    row.set("roles", member.roles);
    row.set("version", member.version);
    row.set("beat", ago(member.beat_at, visit.now));
    row.set("in_flight", std::to_string(member.in_flight));
    row.set("checks", std::to_string(member.checks_per_minute));
    row.set("sends", std::to_string(member.sends_per_minute));
    list.push_back(row);
  }
  return list;
}

}  // namespace

Answer operator_health(Desk* desk, Visit* visit) {
  const auto members = co_await desk->members.list();
  const auto report = co_await store::read_channel_report(&desk->parts.database, visit->now);
  const auto tokens = desk->parts.tokens();
  Data data;
  data.set("fleet", fleet_data(members, *visit));
  data.set("has_fleet", !members.empty());
  data.set("tokens", tokens_data(tokens, *visit));
  data.set("has_tokens", !tokens.empty());
  data.set("channels", channels_data(report));
  data.set("has_channels", !report.kinds.empty());
  data.set("reasons", reasons_data(report));
  data.set("has_reasons", !report.off_reasons.empty());
  PageFrame frame;
  frame.title = "Fleet, tokens and channels";
  frame.place = "operator";
  co_return page(desk, visit, "operator_health", std::move(frame), std::move(data));
}

}  // namespace streaky::web

#include "store/members.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "store/days.h"
#include "store/json_rows.h"
#include "store/session.h"

namespace streaky::store {

namespace {

/// Whoever looks next finds what they hold free.
void end_leases(Session& session, const std::vector<std::string>& names) {
  boost::json::array owners;
  for (const std::string& name : names) owners.emplace_back(name);
  for (const char* end : {"members/end_job_leases", "members/end_delivery_leases"}) {
    session.query(end).bind("owners", to_json(owners)).run();
  }
}

}  // namespace

runtime::Task<runtime::Millis> Members::beat(Member member, runtime::TimePoint now) {
  runtime::Millis ahead{0};
  Database::Work work = [&](Session& session) {
    ahead = session.server_ahead();
    session.query("members/beat")
        .bind("name", member.name)
        .bind("host", member.host)
        .bind("version", member.version)
        .bind("roles", member.roles)
        .bind("started_at", session.by_server(member.started_at))
        .bind("now", session.by_server(now))
        .bind("in_flight", member.in_flight)
        .bind("checks", member.checks_per_minute)
        .bind("sends", member.sends_per_minute)
        .bind("fixed_keys", member.fixed_keys)
        .run();
  };
  co_await database_.write(std::move(work), Database::Line::first);
  co_return ahead;
}

runtime::Task<void> Members::leave(std::string name) {
  Database::Work work = [&](Session& session) {
    session.query("members/leave").bind("name", name).run();
    end_leases(session, {name});
  };
  co_await database_.write(std::move(work));
}

runtime::Task<std::vector<std::string>> Members::forget_silent(runtime::TimePoint now,
                                                               runtime::Millis silence) {
  std::vector<std::string> names;
  bool any = false;
  Database::Work look = [&](Session& session) {
    session.query("members/any_silent")
        .bind("silent", session.by_server(now) - silence)
        .into(any)
        .one();
  };
  co_await database_.read(std::move(look));
  if (!any) co_return names;
  Database::Work work = [&](Session& session) {
    names.clear();
    {
      std::string name;
      auto query = session.query("members/forget");
      query.bind("silent", session.by_server(now) - silence).into(name);
      while (query.next()) names.push_back(name);
    }
    if (!names.empty()) end_leases(session, names);
  };
  co_await database_.write(std::move(work));
  co_return names;
}

runtime::Task<std::vector<Member>> Members::list() {
  std::vector<Member> members;
  Database::Work work = [&](Session& session) {
    members.clear();
    Member one;
    auto query = session.query("members/list");
    query.bind("limit", kMostListed);
    query.into(one.name, one.host, one.version, one.roles, one.started_at, one.beat_at,
               one.in_flight, one.checks_per_minute, one.sends_per_minute, one.fixed_keys);
    while (query.next()) {
      members.push_back(one);
      members.back().started_at = session.by_machine(one.started_at);
      members.back().beat_at = session.by_machine(one.beat_at);
    }
  };
  co_await database_.read(std::move(work));
  co_return members;
}

runtime::Task<Backlog> read_backlog(Database* database, runtime::TimePoint now) {
  Backlog backlog;
  Database::Work work = [&](Session& session) {
    backlog = Backlog{};
    std::optional<runtime::TimePoint> job;
    std::optional<runtime::TimePoint> alone;
    std::optional<runtime::TimePoint> delivery;
    session.query("members/backlog")
        .bind("now", now)
        .bind("most", Backlog::kMostCounted)
        .within(days_around(now))
        .into(backlog.jobs_due, backlog.jobs_in_hand, backlog.deliveries_due,
              backlog.deliveries_in_hand, job, alone, delivery)
        .one();
    for (const auto& oldest : {job, alone, delivery}) {
      if (oldest) backlog.oldest_due = std::max(now - *oldest, backlog.oldest_due);
    }
  };
  co_await database->read(std::move(work));
  co_return backlog;
}

}  // namespace streaky::store

#include "store/overview.h"

#include "store/session.h"
#include "store/user_reads.h"

namespace streaky::store {

namespace {

std::int64_t ms_of(const std::optional<runtime::TimePoint>& at) {
  return at ? runtime::to_unix_ms(*at) : 0;
}

Overview overview_in(Session& session, const User& shown, int most) {
  Overview overview;
  overview.calendar = find_calendar(session, shown.id);
  overview.deliveries = read_history(session, shown.id, most);
  overview.looks = read_looks(session, shown.id, most);
  UserMark mark = read_mark(session, shown.id);
  mark.settings = shown.settings_version;
  mark.streak_seen = ms_of(shown.streak.seen_at);
  overview.mark = to_text(mark);
  return overview;
}

}  // namespace

runtime::Task<Overview> read_overview(Database* database, const User* shown, int most) {
  Overview overview;
  Database::Work work = [&](Session& session) { overview = overview_in(session, *shown, most); };
  co_await database->read(std::move(work));
  co_return overview;
}

}  // namespace streaky::store

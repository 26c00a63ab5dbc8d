#include "store/calendars.h"

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "store/session.h"
#include "store/user_reads.h"

namespace streaky::store {

namespace {

std::string to_counts(const streak::Calendar& calendar, streak::LabelRange range) {
  std::string text;
  for (streak::Label label = range.from; label <= range.to; label += std::chrono::days{1}) {
    if (label != range.from) text += ',';
    const auto count = calendar.count(label);
    if (count) text += std::to_string(*count);
  }
  return text;
}

/// What is no number is a day of which nothing is known.
streak::Calendar from_counts(streak::Label first, std::string_view text) {
  streak::Calendar calendar;
  for (int day = 0; day < Calendars::kMostDays; ++day) {
    const std::string_view item = text.substr(0, text.find(','));
    int count = 0;
    const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), count);
    if (error == std::errc{} && count >= 0) calendar.set(first + std::chrono::days{day}, count);
    if (item.size() == text.size()) break;
    text.remove_prefix(item.size() + 1);
  }
  return calendar;
}

}  // namespace

runtime::Task<void> Calendars::save(std::int64_t user_id, SeenCalendar seen, streak::Label last) {
  const streak::LabelRange range{.from = last - std::chrono::days{kMostDays - 1}, .to = last};
  Database::Work work = [&](Session& session) {
    session.query("calendars/save")
        .bind("user", user_id)
        .bind("first", streak::to_text(range.from))
        .bind("counts", to_counts(seen.calendar, range))
        .bind("seen_at", seen.seen_at)
        .run();
  };
  co_await database_.write(std::move(work));
}

std::optional<SeenCalendar> find_calendar(Session& session, std::int64_t user_id) {
  streak::Label first;
  std::string counts;
  SeenCalendar seen;
  auto query = session.query("calendars/load");
  query.bind("user", user_id).into(first, counts, seen.seen_at);
  if (!query.next()) return std::nullopt;
  seen.calendar = from_counts(first, counts);
  return seen;
}

runtime::Task<std::optional<SeenCalendar>> Calendars::find(std::int64_t user_id) {
  std::optional<SeenCalendar> found;
  Database::Work work = [&](Session& session) { found = find_calendar(session, user_id); };
  co_await database_.read(std::move(work));
  co_return found;
}

runtime::Task<void> Calendars::set_public(std::int64_t user_id, bool is_public) {
  Database::Work work = [&](Session& session) {
    session.query(is_public ? "calendars/publish" : "calendars/withdraw")
        .bind("user", user_id)
        .run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<bool> Calendars::is_public(std::int64_t user_id) {
  bool found = false;
  Database::Work work = [&](Session& session) {
    std::int64_t same = 0;
    auto query = session.query("calendars/is_public");
    found = query.bind("user", user_id).into(same).next();
  };
  co_await database_.read(std::move(work));
  co_return found;
}

}  // namespace streaky::store

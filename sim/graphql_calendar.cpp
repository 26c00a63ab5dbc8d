#include "sim/graphql_calendar.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <iterator>
#include <span>

#include "sim/exchange.h"

namespace streaky::sim::graphql {
namespace {

constexpr std::array kLevels = {"NONE", "FIRST_QUARTILE", "SECOND_QUARTILE", "THIRD_QUARTILE",
                                "FOURTH_QUARTILE"};
constexpr std::array kColors = {"#ebedf0", "#9be9a8", "#40c463", "#30a14e", "#216e39"};
constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

using Cells = std::span<const Cell>;

std::chrono::year_month_day date_of(Day day) {
  return std::chrono::year_month_day{std::chrono::sys_days{std::chrono::days{day}}};
}

void append_date(std::string& out, Day day) {
  out.push_back('"');
  append_day(out, day);
  out.push_back('"');
}

/// Writes `[a,b,…]` or `{a,b,…}`: a comma unless it is the first.
void separate(std::string& out) {
  if (out.back() != '[' && out.back() != '{') {
    out.push_back(',');
  }
}

void append_key(std::string& out, const PlanField& field) {
  separate(out);
  append_json_string(out, field.key);
  out.push_back(':');
}

void append_cell(std::string& out, const PlanField& parent, const Cell& cell, int most) {
  const auto level = static_cast<std::size_t>(level_of(cell.count, most));
  out.push_back('{');
  for (const PlanField& field : parent.children) {
    append_key(out, field);
    switch (field.id) {
      case FieldId::date:
        append_date(out, cell.day);
        break;
      case FieldId::weekday:
        out += std::to_string(weekday_of(cell.day));
        break;
      case FieldId::contribution_count:
        out += std::to_string(cell.count);
        break;
      case FieldId::contribution_level:
        append_json_string(out, kLevels.at(level));
        break;
      case FieldId::color:
        append_json_string(out, kColors.at(level));
        break;
      default:
        out += "\"ContributionCalendarDay\"";
    }
  }
  out.push_back('}');
}

void append_week(std::string& out, const PlanField& parent, Cells week, int most) {
  out.push_back('{');
  for (const PlanField& field : parent.children) {
    append_key(out, field);
    switch (field.id) {
      case FieldId::first_day:
        append_date(out, week.front().day);
        break;
      case FieldId::contribution_days:
        out.push_back('[');
        for (const Cell& cell : week) {
          separate(out);
          append_cell(out, field, cell, most);
        }
        out.push_back(']');
        break;
      default:
        out += "\"ContributionCalendarWeek\"";
    }
  }
  out.push_back('}');
}

/// Weeks run Sunday to Saturday; the first and the last may be partial.
void append_weeks(std::string& out, const PlanField& field, const Collection& collection,
                  bool half) {
  Cells rest = collection.cells;
  out.push_back('[');
  while (!rest.empty()) {
    std::size_t length = 7U - static_cast<std::size_t>(weekday_of(rest.front().day));
    length = std::min(length, rest.size());
    // A half answer lacks its last week: the days that matter most.
    if (!half || length < rest.size()) {
      separate(out);
      append_week(out, field, rest.first(length), collection.most);
    }
    rest = rest.subspan(length);
  }
  out.push_back(']');
}

void append_months(std::string& out, const PlanField& parent, Cells cells) {
  out.push_back('[');
  for (std::size_t i = 0; i < cells.size();) {
    const auto month = date_of(cells[i].day);
    const Day first = cells[i].day;
    int weeks = 0;
    for (; i < cells.size() && date_of(cells[i].day).month() == month.month(); ++i) {
      weeks += weekday_of(cells[i].day) == 0 ? 1 : 0;
    }
    separate(out);
    out.push_back('{');
    for (const PlanField& field : parent.children) {
      append_key(out, field);
      switch (field.id) {
        case FieldId::first_day:
          append_date(out, first);
          break;
        case FieldId::name:
          append_json_string(out, kMonths.at(static_cast<unsigned>(month.month()) - 1U));
          break;
        case FieldId::total_weeks:
          out += std::to_string(weeks);
          break;
        case FieldId::year:
          out += std::to_string(static_cast<int>(month.year()));
          break;
        default:
          out += "\"ContributionCalendarMonth\"";
      }
    }
    out.push_back('}');
  }
  out.push_back(']');
}

void append_calendar(std::string& out, const PlanField& parent, const CollectionView& shown) {
  out.push_back('{');
  for (const PlanField& field : parent.children) {
    append_key(out, field);
    switch (field.id) {
      case FieldId::colors:
        out += R"(["#9be9a8","#40c463","#30a14e","#216e39"])";
        break;
      case FieldId::is_halloween: {
        const auto today = date_of(utc_day(shown.moment.at));
        out += today.month() == std::chrono::October && today.day() == std::chrono::day{31}
                   ? "true"
                   : "false";
        break;
      }
      case FieldId::months:
        append_months(out, field, shown.collection.cells);
        break;
      case FieldId::total_contributions:
        out += std::to_string(shown.collection.total);
        break;
      case FieldId::weeks:
        append_weeks(out, field, shown.collection, shown.half);
        break;
      default:
        out += "\"ContributionCalendar\"";
    }
  }
  out.push_back('}');
}

void append_restricted_date(std::string& out, Cells cells, bool earliest) {
  const Cell* found = nullptr;
  for (const Cell& cell : cells) {
    if (cell.restricted > 0 && (found == nullptr || !earliest)) {
      found = &cell;
    }
  }
  if (found == nullptr) {
    out += "null";
  } else {
    append_date(out, found->day);
  }
}

/// Newest first. A year counts from the account's creation on.
void append_years(std::string& out, const CollectionView& shown) {
  out.push_back('[');
  for (int year = year_of(shown.moment.today); year >= year_of(shown.person.created); --year) {
    separate(out);
    out += std::to_string(year);
  }
  out.push_back(']');
}

bool same_month(runtime::TimePoint a, runtime::TimePoint b) {
  const auto left = date_of(utc_day(a));
  const auto right = date_of(utc_day(b));
  return left.year() == right.year() && left.month() == right.month();
}

const char* truth(bool value) { return value ? "true" : "false"; }

}  // namespace

void append_time(std::string& out, runtime::TimePoint at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  const std::chrono::hh_mm_ss clock{seconds - std::chrono::floor<std::chrono::days>(seconds)};
  out.push_back('"');
  append_day(out, utc_day(at));
  fmt::format_to(std::back_inserter(out), "T{:02}:{:02}:{:02}Z\"", clock.hours().count(),
                 clock.minutes().count(), clock.seconds().count());
}

bool append_collection_field(std::string& out, const PlanField& field,
                             const CollectionView& shown) {
  const Collection& collection = shown.collection;
  const Window& window = collection.window;
  switch (field.id) {
    case FieldId::type_name:
      out += "\"ContributionsCollection\"";
      return true;
    case FieldId::contribution_calendar:
      append_calendar(out, field, shown);
      return true;
    case FieldId::contribution_years:
      append_years(out, shown);
      return true;
    case FieldId::does_end_in_current_month:
      out += truth(same_month(window.to, shown.moment.at));
      return true;
    case FieldId::earliest_restricted:
    case FieldId::latest_restricted:
      append_restricted_date(out, collection.cells, field.id == FieldId::earliest_restricted);
      return true;
    case FieldId::started_at:
    case FieldId::ended_at:
      append_time(out, field.id == FieldId::started_at ? window.from : window.to);
      return true;
    case FieldId::has_activity_in_the_past:
      out += truth(window.first > shown.person.created);
      return true;
    case FieldId::has_any_contributions:
      out += truth(collection.total > 0);
      return true;
    case FieldId::has_any_restricted:
      out += truth(collection.restricted > 0);
      return true;
    case FieldId::is_single_day:
      out += truth(window.first == window.last);
      return true;
    case FieldId::restricted_count:
      out += std::to_string(collection.restricted);
      return true;
    case FieldId::total_commits:
      out += std::to_string(collection.total - collection.restricted);
      return true;
    case FieldId::total_reviews:
      out += "0";
      return true;
    default:
      return false;
  }
}

}  // namespace streaky::sim::graphql

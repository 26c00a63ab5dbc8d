#include "web/dashboard_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "account/user_edit.h"
#include "streak/message.h"
#include "web/words.h"

namespace streaky::web {

namespace {

using streak::Verdict;

constexpr const char* kDash = "–";
/// Something may have been pushed since.
constexpr std::chrono::minutes kMayHaveChanged{10};
constexpr std::chrono::hours kCalendarFresh{6};

struct FailureWords {
  std::string_view code;
  const char* words;
};

constexpr auto kFailures = std::to_array<FailureWords>({
    {"not_found", "GitHub knows no account of this name."},
    {"rate_limited", "GitHub asks us to wait. Streaky tries again by itself."},
    {"no_token",
     "No GitHub token is configured on this server, and you have given none: Streaky "
     "cannot look."},
    {"token_dead", "Your GitHub token no longer works. Replace it in the settings."},
});

std::string failure_words(std::string_view code) {
  const auto found = std::ranges::find(kFailures, code, &FailureWords::code);
  if (found != kFailures.end()) return found->words;
  return "GitHub did not give an answer. Streaky tries again by itself.";
}

std::string days_word(int days) { return days == 1 ? "day" : "days"; }

/// Nothing has ever been seen.
void never_seen(StreakView& view, const LookState& look) {
  view.tone = "unknown";
  view.streak = kDash;
  view.streak_note = "not known yet";
  view.today = kDash;
  view.today_note = "not known yet";
  view.longest = "not known yet";
  view.seen = "Not looked at GitHub yet";
  view.headline = look.under_way ? "Looking at GitHub …" : "Not checked yet";
  view.detail = look.under_way ? "The first look reads your whole history. It takes a few seconds."
                               : "Nothing is known of your streak so far.";
}

/// What was seen is about another day than today.
void of_another_day(StreakView& view, const store::StreakState& state, const LookState& look) {
  view.tone = "unknown";
  const std::string date = state.today ? short_date(*state.today) : std::string("an earlier day");
  view.streak_note = days_word(state.length) + ", as of " + date;
  view.today = kDash;
  view.today_note = "not known yet";
  view.headline = look.under_way ? "Looking at GitHub …" : "Not checked yet today";
  view.detail =
      fmt::format("On {} your streak was {} long.", date, streak::days_text(state.length));
}

void of_today(StreakView& view, const store::StreakState& state, const streak::Zone& zone) {
  const std::string as_of = state.seen_at ? zone.clock_text(*state.seen_at) : std::string();
  switch (state.verdict) {
    case Verdict::safe:
      view.tone = "safe";
      view.headline = "You are safe today";
      view.detail = "Your contribution counts. Nothing to do until tomorrow.";
      return;
    case Verdict::at_risk:
      view.tone = "risk";
      view.headline = "Your streak is at risk";
      view.detail = fmt::format("At {} GitHub showed no contribution for today yet.", as_of);
      return;
    case Verdict::no_streak:
      view.tone = "calm";
      view.headline = "No streak at the moment";
      view.detail = "One contribution today begins a new one.";
      return;
    case Verdict::day_off:
      view.tone = "calm";
      view.headline = "A day off";
      view.detail = "Today does not count: your streak waits for you.";
      return;
    case Verdict::gone:
      view.tone = "unknown";
      view.headline = "GitHub knows no such account";
      view.detail = "It may have been deleted. What was seen before is kept.";
      return;
    case Verdict::unknown:
      view.tone = "unknown";
      view.headline = "Could not tell";
      view.detail = "GitHub's answer left today open.";
  }
}

void say_pause(StreakView& view, const store::User& user, runtime::TimePoint now) {
  const auto pause = account::pause_in_force(user, now);
  const bool paused = user.status == store::UserStatus::paused;
  if (!pause && !paused) return;
  view.tone = "calm";
  view.headline = "Paused";
  const bool ends = pause && pause->last;
  view.detail = ends ? fmt::format("Reminders come again after {}.", long_date(*pause->last))
                     : "No reminders come until you resume.";
  if (paused) view.next_reminder = "none while paused";
}

const char* verdict_reason(std::string_view verdict) {
  if (verdict == "safe") return "you had already contributed";
  if (verdict == "day_off") return "it was a day off";
  if (verdict == "no_streak") return "there was no streak to lose";
  if (verdict == "gone") return "GitHub knew no account of this name";
  return nullptr;
}

std::string kind_words(std::string_view kind) {
  if (kind == "reminder") return "Reminder";
  if (kind == "could_not_check") return "“Could not check GitHub”";
  if (kind == "summary") return "Daily summary";
  if (kind.starts_with("channel_off")) return "Word about a channel";
  return std::string(kind);
}

HistoryLine line_of(const store::Deliveries::History& delivery) {
  HistoryLine line;
  line.at = delivery.at;
  line.what = kind_words(delivery.kind) + " on " + channel_name(delivery.channel_kind);
  line.reason = delivery.reason;
  line.tone = "plain";
  if (delivery.state == "sent") {
    line.outcome = "sent";
    line.tone = "good";
    line.reason = delivery.subject;
  } else if (delivery.state == "pending" || delivery.state == "sending") {
    line.outcome = "on its way";
  } else if (delivery.state == "cancelled") {
    line.outcome = "not needed";
  } else {
    line.outcome = delivery.state == "expired" ? "too late" : "not sent";
    line.tone = "bad";
  }
  return line;
}

std::optional<HistoryLine> line_of(const store::Jobs::Look& look, bool has_channel) {
  HistoryLine line;
  line.at = look.at;
  line.tone = "plain";
  line.what = "Looked at GitHub";
  line.outcome = "no message";
  const char* reason = look.state == "completed" ? verdict_reason(look.verdict) : nullptr;
  if (reason != nullptr) {
    line.reason = reason;
    return line;
  }
  if (look.state == "completed" && look.verdict == "at_risk" && !has_channel) {
    line.tone = "bad";
    line.reason = "your streak was at risk, and there is no channel to tell you on";
    return line;
  }
  if (look.state == "failed") {
    line.tone = "bad";
    line.reason = "GitHub could not be checked before midnight";
    return line;
  }
  return std::nullopt;
}

}  // namespace

StreakView view_of(const store::User& user, const LookState& look, runtime::TimePoint now) {
  const streak::Zone zone = zone_or_utc(user.time_zone);
  const streak::Label today = zone.local_date(now);
  const store::StreakState& state = user.streak;
  StreakView view;
  view.midnight = zone.end_of(today);
  view.left = streak::duration_text(std::chrono::floor<std::chrono::minutes>(view.midnight - now));
  view.next_reminder =
      user.next_check_at ? local_when(zone, std::max(*user.next_check_at, now), now) : "none";
  if (!state.seen_at) {
    never_seen(view, look);
  } else {
    view.streak = std::to_string(state.length);
    view.streak_note = days_word(state.length);
    view.longest = streak::days_text(std::max(state.longest, state.length));
    view.seen = "Looked at GitHub " + ago(*state.seen_at, now);
    view.today = std::to_string(state.today_count);
    view.today_note = state.today_count == 1 ? "contribution" : "contributions";
    if (state.today == today) {
      of_today(view, state, zone);
    } else {
      of_another_day(view, state, look);
    }
    if (state.verdict == Verdict::unknown || state.verdict == Verdict::gone) {
      view.today = kDash;
      view.today_note = "not known";
    }
  }
  if (!look.failure.empty() && !look.under_way) {
    view.detail += (view.detail.empty() ? "" : " ") + failure_words(look.failure);
  }
  say_pause(view, user, now);
  return view;
}

bool wants_look(const store::User& user, std::optional<runtime::TimePoint> calendar_seen_at,
                runtime::TimePoint now) {
  const store::StreakState& state = user.streak;
  if (!state.seen_at || !calendar_seen_at) return true;
  if (state.today != account::today_of(user, now)) return true;
  if (now - *calendar_seen_at >= kCalendarFresh) return true;
  return state.verdict != Verdict::safe && now - *state.seen_at >= kMayHaveChanged;
}

std::vector<HistoryLine> history_of(const store::User& user,
                                    const std::vector<store::Deliveries::History>& deliveries,
                                    const std::vector<store::Jobs::Look>& looks, std::size_t most,
                                    runtime::TimePoint now) {
  const bool has_channel = std::ranges::any_of(user.channels, &store::Channel::on);
  std::vector<HistoryLine> lines;
  for (const auto& delivery : deliveries) lines.push_back(line_of(delivery));
  for (const auto& look : looks) {
    if (auto line = line_of(look, has_channel)) lines.push_back(std::move(*line));
  }
  std::ranges::sort(lines, [](const HistoryLine& one, const HistoryLine& other) {
    return std::tie(other.at, one.what) < std::tie(one.at, other.what);
  });
  if (lines.size() > most) lines.resize(most);
  const streak::Zone zone = zone_or_utc(user.time_zone);
  for (HistoryLine& line : lines) line.when = local_when(zone, line.at, now);
  return lines;
}

}  // namespace streaky::web

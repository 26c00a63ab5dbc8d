#include "github/look.h"

#include <utility>

namespace streaky::github {

using streak::Label;
using streak::Verdict;

namespace {

/// Every check reads the labels from here on again, so the anchor ends right before.
constexpr std::chrono::days kReadAgain{3};

runtime::Error error_of(const AskFailure& failure) {
  if (!failure.deadline) return to_error(failure.failure);
  std::string message = "GitHub gave no answer before the deadline";
  if (!failure.failure.detail.empty()) message += " (last: " + failure.failure.detail + ")";
  return {"deadline", std::move(message), false};
}

}  // namespace

Look::Look(Subject subject, Label utc_today)
    : subject_(std::move(subject)),
      utc_today_(utc_today),
      walk_(utc_today, subject_.today, subject_.anchor),
      own_dead_(subject_.own_token_dead) {}

Who Look::who() const { return {subject_.node_id, subject_.login, subject_.database_id}; }

void Look::add(const Combined& window, runtime::TimePoint now) {
  const Reading& reading = *window.reading;
  // From here on the id names the user: the login may pass to somebody else at any time.
  subject_.node_id = reading.node_id;
  subject_.login = reading.login;
  if (reading.database_id) subject_.database_id = reading.database_id;
  created_on_ = reading.created_on;
  calendar_.merge_larger(reading.days);
  views_ = window.views;
  // The first window holds today, and so decides.
  if (!judgement_) seen_at_ = now;
  judgement_ = streak::judge(input(calendar_, created_on_, true));
}

bool Look::wants_older() const {
  if (subject_.full_history) return walk_.current().from > earliest();
  // Not where a label is unknown that older windows do not hold.
  return judgement_->open_at && *judgement_->open_at < walk_.current().from;
}

/// The day that `judge` takes for UTC's today: all labels after the next one count as 0.
///
/// A calendar that ends with today's label shows no later one to anybody. Who lives on that label
/// is judged by it; who is ahead already lives on one that is not shown, and stays unknown.
Label Look::last_shown(const streak::Calendar& calendar) const {
  const bool ends_today = !calendar.count(utc_today_ + std::chrono::days{1}).has_value();
  if (ends_today && subject_.today <= utc_today_) return utc_today_ - std::chrono::days{1};
  return utc_today_;
}

Label Look::earliest() const { return Walk::earliest_for(created_on_.value_or(utc_today_)); }

streak::JudgeInput Look::input(const streak::Calendar& calendar, std::optional<Label> created_on,
                               bool with_anchor) const {
  streak::JudgeInput input{.calendar = calendar,
                           .rules = subject_.rules,
                           .today = subject_.today,
                           .utc_today = last_shown(calendar),
                           .anchor = std::nullopt,
                           .earliest = std::nullopt};
  // Who reads the whole history doesn't lean on what was stored of it.
  if (with_anchor && !subject_.full_history) input.anchor = subject_.anchor;
  if (created_on) input.earliest = Walk::earliest_for(*created_on);
  return input;
}

Sight Look::base() const {
  Sight sight;
  sight.calendar = calendar_;
  sight.judgement = judgement_.value_or(streak::Judgement{});
  sight.anchor = subject_.anchor;
  sight.views = views_;
  sight.own_token_dead = own_dead_;
  sight.login = subject_.login;
  sight.node_id = subject_.node_id;
  sight.database_id = subject_.database_id;
  sight.created_on = created_on_;
  sight.seen_at = seen_at_;
  return sight;
}

Sight Look::sight() const {
  const Label through = utc_today_ - kReadAgain - std::chrono::days{1};
  Sight sight = base();
  const auto fresh = streak::settle(input(calendar_, created_on_, false), through);
  sight.history_read = fresh.has_value();
  sight.anchor = fresh ? fresh : streak::settle(input(calendar_, created_on_, true), through);
  return sight;
}

std::optional<Sight> Look::sight_of_half(const Combined& window, runtime::TimePoint now) const {
  // Later windows only settle the length, and half of the picture cannot.
  if (judgement_) return std::nullopt;
  const Reading& reading = *window.reading;
  streak::Judgement judgement = streak::judge(input(reading.days, reading.created_on, true));
  const bool at_risk = judgement.verdict == Verdict::at_risk && public_view_only(window);
  if (!at_risk && judgement.verdict != Verdict::safe && judgement.verdict != Verdict::day_off) {
    return std::nullopt;
  }
  // Where this half shows a gap the other may show work: the length is a lower bound.
  if (!judgement.open_at) {
    judgement.open_at = judgement.began.value_or(subject_.today) - std::chrono::days{1};
  }
  // What half of the picture shows of older days is not stored: the anchor stays as it was.
  Sight sight = base();
  sight.calendar = reading.days;
  sight.judgement = judgement;
  sight.views = window.views;
  sight.login = reading.login;
  sight.node_id = reading.node_id;
  if (reading.database_id) sight.database_id = reading.database_id;
  sight.created_on = reading.created_on;
  sight.seen_at = now;
  return sight;
}

Unseen Look::unseen(const AskFailure& failure) const {
  Unseen unseen;
  unseen.error = error_of(failure);
  unseen.retry_at = failure.retry_at;
  unseen.own_token_dead = own_dead_;
  if (!judgement_) return unseen;
  const Verdict verdict = judgement_->verdict;
  const bool certain =
      verdict == Verdict::safe || verdict == Verdict::at_risk || verdict == Verdict::day_off;
  if (certain) unseen.partial = base();
  return unseen;
}

}  // namespace streaky::github

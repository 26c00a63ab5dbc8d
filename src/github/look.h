// One look at one user: what was seen so far, and what follows from it. Pure, but for the values
// it is given; the asking is done in contributions.cpp.
#pragma once

#include <optional>

#include "github/contributions.h"
#include "github/views.h"
#include "github/walk.h"

namespace streaky::github {

class Look {
 public:
  Look(Subject subject, streak::Label utc_today);

  [[nodiscard]] const Subject& subject() const { return subject_; }
  [[nodiscard]] streak::Label utc_today() const { return utc_today_; }
  [[nodiscard]] Walk& walk() { return walk_; }
  [[nodiscard]] bool own_dead() const { return own_dead_; }
  [[nodiscard]] Who who() const;

  /// Takes in a window that was seen completely.
  void add(const Combined& window, runtime::TimePoint now);
  void mark_own_dead() { own_dead_ = true; }
  /// True when older windows must be read.
  [[nodiscard]] bool wants_older() const;
  [[nodiscard]] streak::Label earliest() const;

  /// The result, once nothing older is wanted.
  [[nodiscard]] Sight sight() const;
  /// What half of the picture proves: that the user is safe, or has a day off; else nothing. Where
  /// the own token may not see its user, the public half may say that the streak is at risk.
  [[nodiscard]] std::optional<Sight> sight_of_half(const Combined& window,
                                                   runtime::TimePoint now) const;
  /// An error, with what is certain in spite of it.
  [[nodiscard]] Unseen unseen(const AskFailure& failure) const;

 private:
  [[nodiscard]] streak::Label last_shown(const streak::Calendar& calendar) const;
  [[nodiscard]] streak::JudgeInput input(const streak::Calendar& calendar,
                                         std::optional<streak::Label> created_on,
                                         bool with_anchor) const;
  [[nodiscard]] Sight base() const;

  Subject subject_;
  streak::Label utc_today_;
  Walk walk_;
  streak::Calendar calendar_;
  std::optional<streak::Judgement> judgement_;  // set by the first window
  std::optional<streak::Label> created_on_;
  bool own_dead_;
  Views views_ = Views::service;
  runtime::TimePoint seen_at_{};
};

}  // namespace streaky::github

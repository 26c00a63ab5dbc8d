#include "sim/truth.h"

namespace streaky::sim {

const char* to_text(Truth truth) {
  switch (truth) {
    case Truth::safe:
      return "safe";
    case Truth::at_risk:
      return "at_risk";
    case Truth::no_streak:
      return "no_streak";
    case Truth::day_off:
      return "day_off";
    case Truth::gone:
      return "gone";
  }
  return "unknown";
}

Expectation expectation(const Person& person, const Activity& activity, runtime::TimePoint now) {
  const Moment moment = activity.moment(person, now);
  Expectation result;
  result.minutes_left = 1'440 - moment.minute;
  if (person.account == Account::unknown ||
      (person.account == Account::renamed && person.id_form == IdForm::none)) {
    result.truth = Truth::gone;
    return result;
  }
  const int today = activity.best(person, moment.today, moment);
  const int tomorrow = activity.best(person, moment.today + 1, moment);
  result.streak = (today > 0 ? 1 : 0) + (tomorrow > 0 ? 1 : 0);
  for (Day day = moment.today - 1; day >= person.created; --day) {
    if (activity.best(person, day, moment) > 0) {
      ++result.streak;
    } else if (!person.rests(day)) {
      break;
    }
  }
  if (today > 0 || tomorrow > 0) {
    result.truth = Truth::safe;
  } else if (result.streak == 0) {
    result.truth = Truth::no_streak;
  } else {
    result.truth = person.rests(moment.today) ? Truth::day_off : Truth::at_risk;
  }
  return result;
}

}  // namespace streaky::sim

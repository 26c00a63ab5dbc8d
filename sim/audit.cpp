#include "sim/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "runtime/bytes.h"

namespace streaky::sim {
namespace {

constexpr int kLastMinutes = 20;  // before midnight, when "could not check" may be said

struct Heard {
  int messages = 0;
  int could_not_check = 0;
};

bool says_could_not_check(const Entry& entry) {
  const std::string text = runtime::to_lower_ascii(entry.text);
  return entry.minutes_left <= kLastMinutes && text.find("not check") != std::string::npos;
}

class Auditor {
 public:
  Auditor(const People& people, const Activity& activity, const Ledger& ledger,
          runtime::TimePoint now)
      : people_(people), activity_(activity), ledger_(ledger), now_(now) {}

  Audit run() {
    result_.users = people_.size();
    for (const Entry& entry : ledger_.entries()) {
      ++result_.messages;
      ++(entry.service == Service::discord ? result_.discord : result_.telegram);
      Heard& heard = heard_[{entry.person, entry.service}];
      if (says_could_not_check(entry)) {
        ++heard.could_not_check;
        ++result_.could_not_check;
      } else {
        ++heard.messages;
      }
    }
    for (const Person& person : people_) {
      judge(person);
    }
    return std::move(result_);
  }

 private:
  void judge(const Person& person) {
    const Expectation before = expectation(person, activity_, ledger_.since());
    const Expectation after = expectation(person, activity_, now_);
    const bool changed = before.truth != after.truth;
    const bool hears = !changed && after.hears_reminder();
    const int living = (lives(person.discord) ? 1 : 0) + (lives(person.telegram) ? 1 : 0);
    result_.changed += changed ? 1U : 0U;
    if (hears) {
      ++(living > 0 ? result_.should_hear : result_.unreachable);
    }
    int reached = 0;
    if (lives(person.discord)) {
      reached += channel(person, Service::discord, after.truth, hears, changed) ? 1 : 0;
    }
    if (lives(person.telegram)) {
      reached += channel(person, Service::telegram, after.truth, hears, changed) ? 1 : 0;
    }
    result_.heard += hears && living > 0 && reached == living ? 1U : 0U;
  }

  /// True when the channel got what it should.
  bool channel(const Person& person, Service service, Truth truth, bool hears, bool changed) {
    const auto found = heard_.find({person.index, service});
    const Heard heard = found == heard_.end() ? Heard{} : found->second;
    const bool summary = person.daily_summary && truth == Truth::safe;
    const Service other = service == Service::discord ? Service::telegram : Service::discord;
    const int notices = ledger_.refusals(person.index, other) > 0 ? 1 : 0;
    const int least = !changed && (hears || summary) ? 1 : 0;
    const int most = (changed || hears || summary ? 1 : 0) + notices;
    result_.summaries += summary && heard.messages > 0 ? 1U : 0U;
    result_.notices +=
        notices > 0 && heard.messages > most - notices ? static_cast<std::size_t>(notices) : 0U;
    if (heard.messages < least) {
      ++result_.missed;
      offend(person, service, "missed", heard.messages, truth);
      return false;
    }
    if (heard.messages > most || heard.could_not_check > 1) {
      const bool alarm = most == 0;
      ++(alarm ? result_.false_alarms : result_.doubles);
      offend(person, service, alarm ? "false_alarm" : "double", heard.messages, truth);
    }
    return heard.messages >= least;
  }

  void offend(const Person& person, Service service, const char* what, int messages, Truth truth) {
    if (result_.offences.size() < Audit::kMostOffences) {
      result_.offences.push_back(Offence{person.index, service, what, messages, truth});
    }
  }

  const People& people_;
  const Activity& activity_;
  const Ledger& ledger_;
  runtime::TimePoint now_;
  std::map<std::pair<std::uint32_t, Service>, Heard> heard_;
  Audit result_;
};

}  // namespace

Audit audit(const People& people, const Activity& activity, const Ledger& ledger,
            runtime::TimePoint now) {
  return Auditor(people, activity, ledger, now).run();
}

std::string to_json(const Audit& audit, const People& people) {
  std::string out = fmt::format(
      R"({{"ok":{},"users":{},"should_hear":{},"heard":{},"unreachable":{},"changed":{},"messages":{},"discord":{},"telegram":{},"could_not_check":{},"notices":{},"summaries":{},"missed":{},"doubles":{},"false_alarms":{},"offences":[)",
      audit.ok() ? "true" : "false", audit.users, audit.should_hear, audit.heard, audit.unreachable,
      audit.changed, audit.messages, audit.discord, audit.telegram, audit.could_not_check,
      audit.notices, audit.summaries, audit.missed, audit.doubles, audit.false_alarms);
  for (const Offence& offence : audit.offences) {
    fmt::format_to(
        std::back_inserter(out),
        R"({}{{"login":"{}","imported_as":"{}","zone":"{}","service":"{}","what":"{}","messages":{},"truth":"{}"}})",
        out.back() == '[' ? "" : ",", people.at(offence.person).login,
        People::imported_login(people.at(offence.person)),
        Zones::names()[people.at(offence.person).zone], to_text(offence.service), offence.what,
        offence.messages, to_text(offence.truth));
  }
  return out + "]}";
}

}  // namespace streaky::sim

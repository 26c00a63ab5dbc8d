#include "simulation/diary.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/mix.h"

namespace streaky::simulation {

void Diary::note(std::size_t person, runtime::TimePoint at, std::string_view text) {
  add(people_.at(person), person, at, text);
}

void Diary::note_world(runtime::TimePoint at, std::string_view text) {
  add(world_, people_.size(), at, text);
}

void Diary::add(Events& events, std::uint64_t who, runtime::TimePoint at, std::string_view text) {
  sum_ = sim::mix(sum_, sim::mix(who, static_cast<std::uint64_t>(runtime::to_unix_ms(at))));
  for (const char c : text) sum_ = sum_ * 0x100000001B3ULL ^ static_cast<unsigned char>(c);
  ++events_;
  events.push_back(Event{at, events_, std::string(text)});
  if (events.size() > kMostKept) events.pop_front();
}

std::string Diary::of(std::size_t person) const {
  std::vector<const Event*> events;
  for (const Events* some : {&world_, &people_.at(person)}) {
    for (const Event& event : *some) events.push_back(&event);
  }
  std::ranges::sort(events, {},
                    [](const Event* event) { return std::pair(event->at, event->order); });
  // The world's kept events may reach far further back than the person's, or the other way round.
  if (events.size() > kMostKept) {
    events.erase(events.begin(), events.end() - static_cast<std::ptrdiff_t>(kMostKept));
  }
  std::string text;
  for (const Event* event : events) {
    text += fmt::format("  {}  {}\n", runtime::to_rfc3339(event->at), event->text);
  }
  return text;
}

}  // namespace streaky::simulation

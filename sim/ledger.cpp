#include "sim/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace streaky::sim {
namespace {

/// A contribution may land between Streaky's last look and the message's arrival; a delivery that
/// waits longer than this must look again.
constexpr runtime::Millis kRace = std::chrono::minutes{6};

/// Cuts at a character's border.
std::string_view shorten(std::string_view text, std::size_t most) {
  if (text.size() <= most) {
    return text;
  }
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) {
    --most;
  }
  return text.substr(0, most);
}

void append_links(std::string& out, const std::vector<EntryLink>& links) {
  if (links.empty()) return;
  out += ",\"links\":[";
  for (const EntryLink& link : links) {
    if (&link != links.data()) out += ',';
    out += "{\"label\":";
    append_json_string(out, link.label);
    out += ",\"url\":";
    append_json_string(out, link.url);
    out += '}';
  }
  out += ']';
}

}  // namespace

void Ledger::write(std::uint32_t person, Service service, runtime::TimePoint at, Shown shown) {
  if (entries_.size() >= kMostEntries) {
    throw std::length_error("the ledger is full");
  }
  Entry entry;
  entry.at = at;
  entry.person = person;
  entry.service = service;
  if (judging_) judge(entry);
  entry.text = shorten(shown.text, kMostText);
  entry.links = std::move(shown.links);
  entry.silent = shown.silent;
  if (entry.links.size() > kMostLinks) entry.links.resize(kMostLinks);
  entries_.push_back(std::move(entry));
}

void Ledger::judge(Entry& entry) const {
  const Person& person = people_.at(entry.person);
  const Expectation now = expectation(person, activity_, entry.at);
  entry.truth = now.truth;
  entry.streak = now.streak;
  entry.minutes_left = now.minutes_left;
  entry.justified =
      now.hears_reminder() ||
      expectation(person, activity_, std::max(entry.at - kRace, since_)).hears_reminder();
}

void Ledger::refused(std::uint32_t person, Service service) { ++refusals_[key(person, service)]; }

int Ledger::refusals(std::uint32_t person, Service service) const {
  const auto found = refusals_.find(key(person, service));
  return found == refusals_.end() ? 0 : found->second;
}

void Ledger::reset(runtime::TimePoint now) {
  entries_.clear();
  refusals_.clear();
  since_ = now;
}

std::string Ledger::lines(std::size_t offset, std::size_t limit) const {
  std::string out;
  for (std::size_t i = offset; i < entries_.size() && i - offset < limit; ++i) {
    const Entry& entry = entries_[i];
    fmt::format_to(std::back_inserter(out),
                   R"({{"at":"{}","login":"{}","service":"{}","truth":"{}","streak":{},"text":)",
                   runtime::to_rfc3339(entry.at), people_.at(entry.person).login,
                   to_text(entry.service), to_text(entry.truth), entry.streak);
    append_json_string(out, entry.text);
    append_links(out, entry.links);
    out += entry.silent ? ",\"silent\":true}\n" : "}\n";
  }
  return out;
}

}  // namespace streaky::sim

// Every message that the world's channels took, and every one that they refused.
//
// The world's own book: whether Streaky kept its promises is judged from here, never from Streaky's
// tables. Threading: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/exchange.h"
#include "sim/truth.h"

namespace streaky::sim {

/// Something to press below or in a message.
struct EntryLink {
  std::string label;
  std::string url;
};

/// What of a message reaches whoever it is for.
struct Shown {
  std::string_view text;
  std::vector<EntryLink> links;
  bool silent = false;  // it makes no sound
};

struct Entry {
  runtime::TimePoint at;
  std::uint32_t person = 0;
  Service service = Service::discord;
  Truth truth = Truth::safe;      // as things stood for that person when it arrived
  bool justified = false;         // at risk then, or within the minutes before
  std::int32_t streak = 0;        // the person's, at that instant
  std::int32_t minutes_left = 0;  // until the person's midnight, at that instant
  std::string text;               // what a reader sees, at most kMostText bytes
  std::vector<EntryLink> links;   // at most kMostLinks
  bool silent = false;
};

class Ledger {
 public:
  static constexpr std::size_t kMostText = 600;
  static constexpr std::size_t kMostLinks = 8;
  static constexpr std::size_t kMostEntries = 5'000'000;

  Ledger(const People& people, const Activity& activity) : people_(people), activity_(activity) {}

  void write(std::uint32_t person, Service service, runtime::TimePoint at, Shown shown);
  /// A message to a channel that is dead or refused it.
  void refused(std::uint32_t person, Service service);

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] int refusals(std::uint32_t person, Service service) const;
  /// When the book was opened: messages are judged against the time since.
  [[nodiscard]] runtime::TimePoint since() const { return since_; }
  void reset(runtime::TimePoint now);
  /// Off: entries are written without the truth of their moment, for who judges them by himself.
  void judge_entries(bool on) { judging_ = on; }

  /// JSON Lines, `offset` entries skipped, at most `limit`.
  [[nodiscard]] std::string lines(std::size_t offset, std::size_t limit) const;

 private:
  void judge(Entry& entry) const;
  static std::uint64_t key(std::uint32_t person, Service service) {
    return (static_cast<std::uint64_t>(person) << 8U) | static_cast<std::uint64_t>(service);
  }

  const People& people_;
  const Activity& activity_;
  std::vector<Entry> entries_;
  std::unordered_map<std::uint64_t, int> refusals_;
  runtime::TimePoint since_;
  bool judging_ = true;
};

}  // namespace streaky::sim

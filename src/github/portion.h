// What one process of a fleet may use of each service token.
//
// GitHub counts by account, whoever asks. Processes that share a database and so, as a rule, their
// tokens divide what may be under way and asked in a minute (docs/remote-apis.md §1.7), and take
// the hour's points in slices from a common store. Values alone; threading: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/task.h"
#include "runtime/time.h"

namespace streaky::github {

struct Portion {
  int workers = 1;         // that divide the token, this process among them
  int in_flight = 100;     // requests under way, at most
  int per_minute = 1'000;  // requests, and as many at once; twice that is GitHub's limit
  bool by_slices = false;  // points come from the common store

  // A fleet leaves something to those who have just joined, of whom the others have not heard yet.
  static constexpr int kFleetInFlight = 95;
  static constexpr int kFleetPerMinute = 800;  // of the workers together
  static constexpr int kVisitorInFlight = 2;   // of each; the workers have the rest
  static constexpr int kVisitorsPerMinute = 200;

  /// Of a worker in a fleet; `visitors`: processes with pages that are no workers; `newcomer`: the
  /// others may not have heard of this process yet.
  static Portion of_fleet(int workers, int visitors, bool newcomer);
  /// Of a process with pages, which asks now and then; it is one of the visitors.
  static Portion of_visitor(int workers, int visitors);
};

/// A process wants more points of a token's present hour.
struct SliceAsk {
  std::string token;              // a hash: the token itself goes nowhere
  runtime::TimePoint reset_at{};  // when the hour ends, as GitHub said
  std::int64_t left = 0;          // as GitHub said, without what is under way
  bool first = false;             // this process has taken nothing in this hour
  int workers = 1;
};

/// Deals out the points of tokens among the processes that share them.
class PointDealer {
 public:
  PointDealer() = default;
  PointDealer(const PointDealer&) = delete;
  PointDealer& operator=(const PointDealer&) = delete;
  virtual ~PointDealer() = default;

  /// How many points are the asker's from now on; 0 when the hour has none left. Nothing when the
  /// store cannot be asked now.
  virtual runtime::Task<std::optional<std::int64_t>> deal(SliceAsk ask) = 0;
};

}  // namespace streaky::github

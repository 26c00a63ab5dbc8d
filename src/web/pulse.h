// Server-sent events: tells a page that something of its user's has changed, so that it fetches
// itself anew. What has changed is not said here, so that a stream tells nothing.
//
// Each stream looks at the store every `kBeat` (another process may have done the work) and says
// something at least every `kSignOfLife`. It ends after `kLongestStream`; browsers come back by
// themselves, and are then let in anew. Threading: the executor's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/http_server.h"
#include "runtime/clock.h"

namespace streaky::web {

class Pulse {
 public:
  static constexpr runtime::Millis kBeat{2'000};
  static constexpr runtime::Millis kSignOfLife{15'000};
  static constexpr runtime::Millis kLongestStream{30 * 60'000};
  static constexpr std::size_t kMostStreams = 2'000;
  static constexpr std::size_t kMostPerUser = 5;

  /// Gives a text that changes whenever something does that a page shows. Called every beat.
  using Marker = std::function<runtime::Task<std::string>()>;

  explicit Pulse(runtime::Clock& clock);

  /// What a page is about to show, as a short word: taken before its data are read.
  static runtime::Task<std::string> mark(Marker marker);
  /// For this user, news is when the mark differs from `shown`. A user's oldest stream makes room
  /// for a new one. Nothing when there are too many streams of all.
  net::BodyStream listen(std::int64_t user_id, std::string shown, Marker marker);
  /// Ends this user's streams: a session of theirs has ended. Pages whose session lives come back.
  void end_of(std::int64_t user_id);
  /// Ends all streams.
  void stop();
  [[nodiscard]] std::size_t streams() const { return counts_->all; }

 private:
  struct Stream;
  struct Counts {
    std::size_t all = 0;
    std::unordered_map<std::int64_t, std::vector<Stream*>> per_user;  // the oldest first
  };
  runtime::Task<std::string> next(std::shared_ptr<Stream> stream);

  runtime::Clock& clock_;
  runtime::Wake ending_;
  std::shared_ptr<Counts> counts_;  // shared with the streams, which may outlive all else here
  bool stopping_ = false;
};

}  // namespace streaky::web

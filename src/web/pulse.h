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

#include "net/http_server.h"
#include "runtime/clock.h"
#include "store/users.h"

namespace streaky::web {

class Pulse {
 public:
  static constexpr runtime::Millis kBeat{2'000};
  static constexpr runtime::Millis kSignOfLife{15'000};
  static constexpr runtime::Millis kLongestStream{30 * 60'000};
  static constexpr std::size_t kMostStreams = 2'000;
  static constexpr int kMostPerUser = 5;

  Pulse(store::Database& database, runtime::Clock& clock);

  /// A number that also counts as news, for what no table holds.
  using More = std::function<std::uint64_t()>;

  /// What a page is about to show, as a short word: taken before its data are read.
  runtime::Task<std::string> mark(std::int64_t user_id, More more);
  /// News is what differs from `shown`. Nothing when there are too many streams.
  net::BodyStream listen(std::int64_t user_id, std::string shown, More more);
  /// Ends all streams.
  void stop();
  [[nodiscard]] std::size_t streams() const { return counts_->all; }

 private:
  struct Counts {
    std::size_t all = 0;
    std::unordered_map<std::int64_t, int> per_user;
  };
  struct Stream;
  runtime::Task<std::string> next(std::shared_ptr<Stream> stream);

  store::Users users_;
  runtime::Clock& clock_;
  runtime::Wake ending_;
  std::shared_ptr<Counts> counts_;  // shared with the streams, which may outlive all else here
  bool stopping_ = false;
};

}  // namespace streaky::web

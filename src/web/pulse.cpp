#include "web/pulse.h"

#include <algorithm>
#include <utility>

#include "crypto/tokens.h"

namespace streaky::web {

using runtime::Millis;
using runtime::Task;

/// Shared with the connection that sends it; it takes itself off the list when that is gone.
struct Pulse::Stream {
  Stream(std::shared_ptr<Counts> of, std::int64_t user, std::string shown, Marker its_marker,
         Millis now)
      : counts(std::move(of)),
        user_id(user),
        marker(std::move(its_marker)),
        began(now),
        mark(std::move(shown)) {
    ++counts->all;
    counts->per_user[user_id].push_back(this);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    --counts->all;
    std::vector<Stream*>& mine = counts->per_user[user_id];
    std::erase(mine, this);
    if (mine.empty()) counts->per_user.erase(user_id);
  }

  std::shared_ptr<Counts> counts;  // shared with the pulse
  std::int64_t user_id;
  Marker marker;
  Millis began;
  std::string mark;  // of what the page shows
  bool greeted = false;
  bool over = false;  // its place is wanted, or its session has ended
};

Pulse::Pulse(runtime::Clock& clock)
    : clock_(clock), ending_(clock), counts_(std::make_shared<Counts>()) {}

net::BodyStream Pulse::listen(std::int64_t user_id, std::string shown, Marker marker) {
  if (stopping_ || counts_->all >= kMostStreams) return nullptr;
  const auto mine = counts_->per_user.find(user_id);
  // Who leafs through pages leaves streams behind that nobody reads: the oldest makes room.
  if (mine != counts_->per_user.end() && mine->second.size() >= kMostPerUser) {
    const auto oldest = std::ranges::find(mine->second, false, &Stream::over);
    if (oldest != mine->second.end()) (*oldest)->over = true;
    ending_.notify();
  }
  const auto stream = std::make_shared<Stream>(counts_, user_id, std::move(shown),
                                               std::move(marker), clock_.monotonic());
  return [this, stream] { return next(stream); };
}

Task<std::string> Pulse::mark(Marker marker) {
  auto marking = marker();
  const std::string text = co_await std::move(marking);
  co_return crypto::content_hash(text);
}

Task<std::string> Pulse::next(std::shared_ptr<Stream> stream) {
  if (!stream->greeted) {
    stream->greeted = true;
    co_return "retry: 5000\n\n";
  }
  const Millis began = clock_.monotonic();
  while (!stopping_ && !stream->over && clock_.monotonic() - stream->began < kLongestStream) {
    std::string now = co_await mark(stream->marker);
    if (now != stream->mark) {
      stream->mark = std::move(now);
      co_return "event: news\ndata: 1\n\n";
    }
    if (clock_.monotonic() - began >= kSignOfLife) co_return ": still here\n\n";
    co_await ending_.wait_for(kBeat);
  }
  co_return "";
}

void Pulse::end_of(std::int64_t user_id) {
  const auto mine = counts_->per_user.find(user_id);
  if (mine == counts_->per_user.end()) return;
  for (Stream* stream : mine->second) stream->over = true;
  ending_.notify();
}

void Pulse::stop() {
  stopping_ = true;
  ending_.notify();
}

}  // namespace streaky::web

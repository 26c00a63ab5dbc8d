#include "web/pulse.h"

#include <utility>

namespace streaky::web {

using runtime::Millis;
using runtime::Task;

/// Shared with the connection that sends it; it takes itself off the list when that is gone.
struct Pulse::Stream {
  Stream(Pulse& of, std::int64_t user, std::function<std::uint64_t()> and_more)
      : pulse(of), user_id(user), more(std::move(and_more)), began(of.clock_.monotonic()) {
    ++pulse.streams_;
    ++pulse.per_user_[user_id];
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    --pulse.streams_;
    if (--pulse.per_user_[user_id] == 0) pulse.per_user_.erase(user_id);
  }

  Pulse& pulse;  // borrowed: outlives the server's connections
  std::int64_t user_id;
  std::function<std::uint64_t()> more;
  Millis began;
  std::string mark;  // of what the page shows
  bool greeted = false;
};

Pulse::Pulse(store::Database& database, runtime::Clock& clock)
    : users_(database), clock_(clock), ending_(clock) {}

net::BodyStream Pulse::listen(std::int64_t user_id, std::function<std::uint64_t()> more) {
  const auto mine = per_user_.find(user_id);
  const bool full = mine != per_user_.end() && mine->second >= kMostPerUser;
  if (stopping_ || full || streams_ >= kMostStreams) return nullptr;
  const auto stream = std::make_shared<Stream>(*this, user_id, std::move(more));
  return [this, stream] { return next(stream); };
}

Task<std::string> Pulse::mark_of(const Stream* stream) {
  const std::uint64_t more = stream->more();
  std::string mark = co_await users_.mark(stream->user_id);
  mark += " " + std::to_string(more);
  co_return mark;
}

Task<std::string> Pulse::next(std::shared_ptr<Stream> stream) {
  if (!stream->greeted) {
    stream->greeted = true;
    stream->mark = co_await mark_of(stream.get());
    co_return "retry: 5000\n\n";
  }
  const Millis began = clock_.monotonic();
  while (!stopping_ && clock_.monotonic() - stream->began < kLongestStream) {
    std::string mark = co_await mark_of(stream.get());
    if (mark != stream->mark) {
      stream->mark = std::move(mark);
      co_return "event: news\ndata: 1\n\n";
    }
    if (clock_.monotonic() - began >= kSignOfLife) co_return ": still here\n\n";
    co_await ending_.wait_for(kBeat);
  }
  co_return "";
}

void Pulse::stop() {
  stopping_ = true;
  ending_.notify();
}

}  // namespace streaky::web

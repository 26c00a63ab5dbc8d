#include "web/pulse.h"

#include <utility>

namespace streaky::web {

using runtime::Millis;
using runtime::Task;

/// Shared with the connection that sends it; it takes itself off the list when that is gone.
struct Pulse::Stream {
  Stream(std::shared_ptr<Counts> of, std::int64_t user, std::function<std::uint64_t()> and_more,
         Millis now)
      : counts(std::move(of)), user_id(user), more(std::move(and_more)), began(now) {
    ++counts->all;
    ++counts->per_user[user_id];
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    --counts->all;
    if (--counts->per_user[user_id] == 0) counts->per_user.erase(user_id);
  }

  std::shared_ptr<Counts> counts;  // shared with the pulse
  std::int64_t user_id;
  std::function<std::uint64_t()> more;
  Millis began;
  std::string mark;  // of what the page shows
  bool greeted = false;
};

Pulse::Pulse(store::Database& database, runtime::Clock& clock)
    : users_(database), clock_(clock), ending_(clock), counts_(std::make_shared<Counts>()) {}

net::BodyStream Pulse::listen(std::int64_t user_id, std::function<std::uint64_t()> more) {
  const auto mine = counts_->per_user.find(user_id);
  const bool full = mine != counts_->per_user.end() && mine->second >= kMostPerUser;
  if (stopping_ || full || counts_->all >= kMostStreams) return nullptr;
  const auto stream =
      std::make_shared<Stream>(counts_, user_id, std::move(more), clock_.monotonic());
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

#include "proxy/outcome_stream.h"

#include <utility>

#include "notify/proxy_wire.h"

namespace streaky::proxy {

void OutcomeStream::say(std::string line) {
  lines_ += line;
  --open_;
  changed_.notify();
}

runtime::Task<std::string> OutcomeStream::next() {
  if (lines_.empty() && open_ > 0) {
    const bool told = co_await changed_.wait_for(notify::kHeartbeat);
    if (!told && lines_.empty()) co_return notify::heartbeat_line(open_);
  }
  if (open_ > 0) co_await clock_.sleep_for(kGather);
  co_return std::exchange(lines_, {});
}

}  // namespace streaky::proxy

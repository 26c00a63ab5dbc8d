// One request to one proxy: the deliveries that it carries, and the lines that come back.
//
// Private to notify/. Threading: the executor's thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "notify/courier.h"
#include "notify/proxy_wire.h"
#include "runtime/clock.h"

namespace streaky::notify {

/// What became of a delivery that was handed to a proxy.
enum class Fate {
  waiting,
  answered,  // `carried` is its outcome
  away,      // the proxy was not reached, or is none: it has not seen the delivery
  busy,      // the proxy works and has no room; `carried` says when to come again
  lost,      // no answer: it may have been sent
  expired,   // its time came before its request left
};

/// A delivery on its way through the proxies.
struct ProxyParcel {
  ProxyParcel(runtime::Clock& clock, SealedOutgoing what)
      : outgoing(std::move(what)), done(clock) {}

  void settle(Fate how) {
    fate = how;
    done.notify();
  }

  SealedOutgoing outgoing;
  Carried carried;
  Fate fate = Fate::waiting;
  runtime::Wake done;
};
// Shared by the coroutine that waits for it and the batch that carries it.
using ProxyParcelPtr = std::shared_ptr<ProxyParcel>;

class ProxyBatch {
 public:
  explicit ProxyBatch(runtime::Clock& clock) : clock_(clock) {}

  /// False when it does not fit: too many, too large, or the same delivery twice. One that has
  /// expired is settled as that, and not carried.
  bool add(const ProxyParcelPtr& parcel);
  [[nodiscard]] std::size_t size() const { return parcels_.size(); }
  /// The request's body. Call once.
  std::string take_body();
  /// A piece of the answer's body: settles those whose outcome it completes.
  void take_piece(std::string_view piece);
  /// Those that still wait end this way; with what is known of when to come again.
  void settle_rest(Fate fate, const Carried& carried);
  [[nodiscard]] std::size_t open() const { return open_; }

 private:
  void take_line(std::string_view line);

  runtime::Clock& clock_;
  std::unordered_map<std::string, ProxyParcelPtr> parcels_;
  std::string body_;
  std::string line_;  // the beginning of a line whose end has not come
  std::size_t open_ = 0;
};

}  // namespace streaky::notify

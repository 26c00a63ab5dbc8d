// Where deliveries are taken in: each is sent once, however often it is asked for.
//
// A delivery that ended within the last day gets its outcome again; one that is under way is
// joined; the rest goes to the courier. What is in hand is bounded: whoever brings more than there
// is room for has to come again. Threading: the executor's thread. Borrows what it is constructed
// with.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include "notify/courier.h"
#include "proxy/delivery_memory.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/random.h"

namespace streaky::proxy {

class Desk {
 public:
  static constexpr std::size_t kMostInHand = 10'000;

  struct Parts {
    notify::Courier& courier;
    runtime::Clock& clock;
    runtime::Random& random;
    runtime::Log& log;
    runtime::Metrics& metrics;
  };

  explicit Desk(Parts parts, std::size_t most_in_hand = kMostInHand)
      : parts_(parts), most_in_hand_(most_in_hand) {}

  /// Keeps places for that many deliveries, all or none; `leave` gives one back.
  bool enter(std::size_t count);
  void leave() { --in_hand_; }
  [[nodiscard]] std::size_t in_hand() const { return in_hand_; }
  [[nodiscard]] std::size_t remembered() const { return memory_.size(); }

  runtime::Task<notify::Carried> deliver(notify::SealedOutgoing outgoing);

 private:
  struct UnderWay {
    explicit UnderWay(runtime::Clock& clock) : done(clock) {}
    bool ended = false;
    notify::Carried carried;
    runtime::Wake done;
  };
  using UnderWayPtr = std::shared_ptr<UnderWay>;  // shared by those that wait for it

  static runtime::Task<notify::Carried> join(UnderWayPtr under_way);
  static runtime::Task<notify::Carried> again(notify::Carried carried);
  runtime::Task<notify::Carried> send(notify::SealedOutgoing outgoing);
  notify::Carried too_late(int attempt);
  notify::Carried trouble(const std::string& delivery_id, int attempt, const char* what);

  Parts parts_;
  std::size_t most_in_hand_;
  std::size_t in_hand_ = 0;
  DeliveryMemory memory_;
  std::unordered_map<std::string, UnderWayPtr> under_way_;
};

}  // namespace streaky::proxy

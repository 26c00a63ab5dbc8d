#include "proxy/desk.h"

#include <exception>
#include <utility>

#include "notify/notifier.h"

namespace streaky::proxy {

using notify::Carried;
using runtime::Task;

bool Desk::enter(std::size_t count) {
  if (count > most_in_hand_ - in_hand_) return false;
  in_hand_ += count;
  return true;
}

Task<Carried> Desk::deliver(notify::SealedOutgoing outgoing) {
  const std::size_t credential = DeliveryMemory::credential_of(outgoing);
  auto known = memory_.find(outgoing.delivery_id, credential, parts_.clock.monotonic());
  if (known) {
    parts_.metrics.count("streaky_proxy_repeated_total", {{"how", "remembered"}});
    return again(std::move(*known));
  }
  const auto found = under_way_.find(outgoing.delivery_id);
  if (found != under_way_.end()) {
    parts_.metrics.count("streaky_proxy_repeated_total", {{"how", "joined"}});
    return join(found->second);
  }
  if (notify::has_expired(outgoing, parts_.clock.now())) return again(too_late(outgoing.attempt));
  return send(std::move(outgoing));
}

Task<Carried> Desk::again(Carried carried) { co_return std::move(carried); }

Task<Carried> Desk::join(UnderWayPtr under_way) {
  while (!under_way->ended) co_await under_way->done.wait();
  co_return under_way->carried;
}

Task<Carried> Desk::send(notify::SealedOutgoing outgoing) {
  const std::string id = outgoing.delivery_id;
  const std::size_t credential = DeliveryMemory::credential_of(outgoing);
  const int attempt = outgoing.attempt;
  const auto under_way = std::make_shared<UnderWay>(parts_.clock);
  // A coroutine begins when it is awaited: another one of the same id may have begun meanwhile.
  const auto [first, alone] = under_way_.try_emplace(id, under_way);
  if (!alone) {
    auto joining = join(first->second);
    co_return co_await std::move(joining);
  }
  try {
    auto carrying = parts_.courier.carry(std::move(outgoing));
    under_way->carried = co_await std::move(carrying);
  } catch (const std::exception& error) {
    under_way->carried = trouble(id, attempt, error.what());
  }
  memory_.remember(id, credential, under_way->carried, parts_.clock.monotonic());
  under_way_.erase(id);
  under_way->ended = true;
  under_way->done.notify();
  co_return under_way->carried;
}

/// A worker whose clock is behind ours must not come back at once, again and again.
Carried Desk::too_late(int attempt) {
  Carried carried;
  carried.outcome =
      notify::RetryAt{.at = parts_.clock.now() + notify::backoff(attempt, parts_.random),
                      .reason = "it came after its day had ended: are both clocks right?",
                      .own_pause = true,
                      .code = "expired"};
  return carried;
}

/// An exception is a bug of ours: the delivery may have gone out.
Carried Desk::trouble(const std::string& delivery_id, int attempt, const char* what) {
  parts_.log.error("a delivery failed unexpectedly", {{"delivery", delivery_id}, {"error", what}});
  Carried carried;
  carried.outcome =
      notify::RetryAt{.at = parts_.clock.now() + notify::backoff(attempt, parts_.random),
                      .reason = "the proxy failed unexpectedly",
                      .maybe_seen = true,
                      .own_pause = true,
                      .code = "exception"};
  return carried;
}

}  // namespace streaky::proxy

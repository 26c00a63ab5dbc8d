#include "notify/direct_courier.h"

#include <utility>

namespace streaky::notify {

// No coroutine itself: what is opened and copied here does not stay in a frame while it is sent.
runtime::Task<Carried> DirectCourier::carry(SealedOutgoing outgoing) {
  const crypto::Binding binding{.purpose = crypto::Purpose::channel,
                                .user_id = outgoing.user_id,
                                .channel_id = outgoing.channel_id};
  auto credential = sealer_.open(outgoing.sealed, binding);
  if (!credential) {
    // The operator's trouble, not the channel's.
    log_.error("a channel's credential does not open", {{"user", outgoing.user_id},
                                                        {"channel", outgoing.channel_id},
                                                        {"delivery", outgoing.delivery_id},
                                                        {"error", credential.error().code}});
    Carried carried;
    carried.outcome = RetryAt{.at = clock_.now() + random_.jitter(kWaitForKey),
                              .reason = credential.error().message,
                              .own_pause = true,
                              .code = credential.error().code};
    return refuse(std::move(carried));
  }
  Outgoing opened;
  opened.delivery_id = std::move(outgoing.delivery_id);
  opened.credential.kind = outgoing.kind;
  opened.credential.value = std::move(*credential);
  opened.message = std::move(outgoing.message);
  opened.attempt = outgoing.attempt;
  opened.expires_at = outgoing.expires_at;
  return finish(notifier_.send(std::move(opened)), binding);
}

runtime::Task<Carried> DirectCourier::refuse(Carried carried) { co_return std::move(carried); }

runtime::Task<Carried> DirectCourier::finish(runtime::Task<Delivered> sending,
                                             crypto::Binding binding) {
  Delivered delivered = co_await std::move(sending);
  Carried carried;
  carried.outcome = std::move(delivered.outcome);
  if (delivered.moved_to) carried.resealed = sealer_.seal(*delivered.moved_to, binding);
  co_return std::move(carried);
}

runtime::Task<void> DirectCourier::wait_idle() { co_return; }

}  // namespace streaky::notify

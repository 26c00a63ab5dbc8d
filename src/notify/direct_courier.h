// Carries deliveries in this process: opens the credential for one call and hands it to the
// notifier. Threading: the executor's thread. Borrows everything it is constructed with.
#pragma once

#include "crypto/sealer.h"
#include "notify/courier.h"
#include "notify/notifier.h"

namespace streaky::notify {

class DirectCourier final : public Courier {
 public:
  DirectCourier(const crypto::Sealer& sealer, Notifier& notifier, runtime::Clock& clock,
                runtime::Random& random, runtime::Log& log)
      : sealer_(sealer), notifier_(notifier), clock_(clock), random_(random), log_(log) {}

  /// A credential that does not open comes back as RetryAt with the sealer's code.
  runtime::Task<Carried> carry(SealedOutgoing outgoing) override;
  runtime::Task<void> wait_idle() override;

 private:
  runtime::Task<Carried> refuse(Carried carried);
  runtime::Task<Carried> finish(runtime::Task<Delivered> sending, crypto::Binding binding);

  const crypto::Sealer& sealer_;
  Notifier& notifier_;
  runtime::Clock& clock_;
  runtime::Random& random_;
  runtime::Log& log_;
};

}  // namespace streaky::notify

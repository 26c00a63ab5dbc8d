// Which way deliveries take: straight to the channels, through `streaky proxy`, or through an
// original proxy, as the options say.
#pragma once

#include <memory>

#include "app/wiring.h"
#include "notify/courier.h"

namespace streaky::app {

/// Borrows all but the options. Throws std::runtime_error with a plain message when the options of
/// the proxy are incomplete.
std::unique_ptr<notify::Courier> make_courier(Base& base, Outside& outside,
                                              const crypto::Sealer& sealer, const Options& options);

}  // namespace streaky::app

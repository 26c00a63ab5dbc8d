// How often each kind of thing may be asked for: per address, and what changes something also per
// user (site.cpp). Pages and API share them: who asks by both ways has no more.
#pragma once

#include "web/rate_limits.h"

namespace streaky::web {

inline constexpr Rate kPages{"page", 60, 120};
inline constexpr Rate kFiles{"file", 200, 600};
inline constexpr Rate kProbes{"probe", 600, 6'000};
inline constexpr Rate kSignIns{"sign_in", 10, 20};
inline constexpr Rate kActions{"action", 20, 40};
inline constexpr Rate kChecks{"check", 3, 6};
inline constexpr Rate kTests{"test", 3, 6};
inline constexpr Rate kExports{"export", 5, 10};
inline constexpr Rate kStreams{"live", 20, 60};

}  // namespace streaky::web

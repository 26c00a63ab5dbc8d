// The time zone of the machine, for `check` on one's own computer.
#pragma once

#include <string>

namespace streaky::app {

/// `TZ`, else `/etc/timezone`, else where `/etc/localtime` points; "UTC" when none names a zone
/// that tzdata knows.
std::string local_zone_name();

}  // namespace streaky::app

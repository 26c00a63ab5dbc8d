// What a service manager wants to hear (sd_notify(3)): ready, still alive, stopping.
//
// Without a manager, or without a watchdog, all of it does nothing; a manager that does not listen
// is no reason to stop. Threading: the executor's thread, so that a watchdog notices when this one
// hangs. Borrows the clock.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/clock.h"

namespace streaky::runtime {

class ServiceManager {
 public:
  using Environment = std::function<std::optional<std::string>(const std::string&)>;

  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  ServiceManager(Clock& clock, const Environment& environment);
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;
  ~ServiceManager();

  /// Also begins to say that this process is alive, twice in the time that the watchdog waits.
  void ready();
  void stopping() const { tell("STOPPING=1"); }

 private:
  void tell(std::string_view state) const;
  void stay_alive();

  Clock& clock_;
  std::string socket_;
  std::optional<Millis> watch_;
  Clock::TimerId timer_ = 0;
};

}  // namespace streaky::runtime

// SIGHUP: the configuration is read again, and what may change in a running `serve` does: the
// service's GitHub tokens, who is an operator, how much is logged. For everything else the log says
// that it waits for a restart. A configuration that cannot be read changes nothing.
//
// Threading: the executor's thread. Ownership: borrows what it changes.
#pragma once

#include <vector>

#include "app/command.h"
#include "app/options.h"
#include "app/service.h"
#include "app/web_face.h"
#include "runtime/log.h"

namespace streaky::app {

class Reload {
 public:
  /// `invocation`: where the options come from.
  Reload(const Invocation& invocation, runtime::Log& log, Service& service, WebFace& face);

  void operator()();

 private:
  [[nodiscard]] runtime::Result<std::vector<OptionInfo>> describe() const;
  void say_what_waits(const std::vector<OptionInfo>& now);

  const Invocation& invocation_;
  runtime::Log& log_;
  Service& service_;
  WebFace& face_;
  std::vector<OptionInfo> begun_with_;
};

}  // namespace streaky::app

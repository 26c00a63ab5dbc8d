#include "runtime/signals.h"

#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <utility>

namespace streaky::runtime {

struct Signals::Impl : std::enable_shared_from_this<Impl> {
  Impl(const Executor& executor, std::function<void()> callback)
      : set(executor, SIGINT, SIGTERM), on_stop(std::move(callback)) {}

  void listen() {
    set.async_wait([self = shared_from_this()](boost::system::error_code error, int number) {
      if (error) return;
      if (self->asked) {
        constexpr int kSignalBase = 128;  // the shell's convention for "ended by a signal"
        _exit(kSignalBase + number);
      }
      self->asked = true;
      self->on_stop();
      self->listen();
    });
  }

  boost::asio::signal_set set;
  std::function<void()> on_stop;
  bool asked = false;
};

Signals::Signals(Executor executor, std::function<void()> on_stop)
    : impl_(std::make_shared<Impl>(executor, std::move(on_stop))) {
  impl_->listen();
}

Signals::~Signals() { impl_->set.cancel(); }

}  // namespace streaky::runtime

#include "runtime/signals.h"

#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <utility>

namespace streaky::runtime {

struct Signals::Impl : std::enable_shared_from_this<Impl> {
  Impl(const Executor& executor, std::function<void()> stop, std::function<void()> reload)
      : set(executor, SIGINT, SIGTERM),
        hangups(executor),
        on_stop(std::move(stop)),
        on_reload(std::move(reload)) {
    if (on_reload) hangups.add(SIGHUP);
  }

  void listen_for_hangups() {
    hangups.async_wait([self = shared_from_this()](boost::system::error_code error, int) {
      if (error) return;
      self->on_reload();
      self->listen_for_hangups();
    });
  }

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
  boost::asio::signal_set hangups;
  std::function<void()> on_stop;
  std::function<void()> on_reload;
  bool asked = false;
};

void ignore_hangup() {
  // It cannot fail for a signal that exists.
  static_cast<void>(std::signal(SIGHUP, SIG_IGN));
}

Signals::Signals(Executor executor, std::function<void()> on_stop, std::function<void()> on_reload)
    : impl_(std::make_shared<Impl>(executor, std::move(on_stop), std::move(on_reload))) {
  impl_->listen();
  if (impl_->on_reload) impl_->listen_for_hangups();
}

Signals::~Signals() {
  impl_->set.cancel();
  impl_->hangups.cancel();
}

}  // namespace streaky::runtime

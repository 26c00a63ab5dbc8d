#include "store/listener.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

#include "store/database.h"
#include "store/postgres_url.h"

namespace streaky::store {

namespace {

constexpr int kAnswerMs = 5'000;
constexpr int kPauseMs = 1'000;  // between attempts
/// A peer that is gone without a word is noticed by keepalives; this is for what they do not see.
constexpr int kQuietMs = 30'000;

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, Finish>;

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

void ignore_notice(void* /*context*/, const char* /*text*/) {}

}  // namespace

struct Listener::Impl {
  enum class Waited { ready, quiet, stopped };

  Impl(runtime::Executor the_executor, PostgresUrl the_url, std::function<void()> the_news)
      : executor(std::move(the_executor)),
        url(std::move(the_url)),
        on_news(std::move(the_news)),
        stop_event(eventfd(0, EFD_CLOEXEC)) {
    if (stop_event < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { close(stop_event); }

  [[nodiscard]] Waited wait(int socket, short events, int most_ms) const {
    std::array<pollfd, 2> files{pollfd{stop_event, POLLIN, 0}, pollfd{socket, events, 0}};
    const nfds_t count = socket < 0 ? 1 : 2;
    const int ready = poll(files.data(), count, most_ms);
    if (files[0].revents != 0) return Waited::stopped;
    return ready > 0 ? Waited::ready : Waited::quiet;
  }

  [[nodiscard]] Connection connect_to(const PostgresPlace& place) const {
    constexpr std::array<const char*, 5> kKeys{"dbname", "host", "hostaddr", "port", nullptr};
    const std::array<const char*, 5> values{url.connect.c_str(), place.host.c_str(),
                                            place.address.c_str(), place.port.c_str(), nullptr};
    Connection made(PQconnectStartParams(kKeys.data(), values.data(), 1));
    if (!made) return nullptr;
    auto status = PGRES_POLLING_WRITING;
    while (PQstatus(made.get()) != CONNECTION_BAD) {
      const short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
      if (wait(PQsocket(made.get()), events, kAnswerMs) != Waited::ready) return nullptr;
      status = PQconnectPoll(made.get());
      if (status == PGRES_POLLING_FAILED) return nullptr;
      if (status == PGRES_POLLING_OK) break;
    }
    PQsetNoticeProcessor(made.get(), ignore_notice, nullptr);
    return ask(made.get(), "LISTEN streaky_jobs") ? std::move(made) : nullptr;
  }

  [[nodiscard]] Connection connect() const {
    // One by one: libpq would wait for each as long as it takes, since it is not to block.
    for (const PostgresPlace& place : url.places) {
      if (Connection made = connect_to(place)) return made;
      if (wait(-1, 0, 0) == Waited::stopped) break;
    }
    return nullptr;
  }

  /// Whether the server says yes in time. A server that hangs does not keep the thread from
  /// stopping.
  [[nodiscard]] bool ask(PGconn* connection, const char* sql) const {
    if (PQsendQuery(connection, sql) == 0) return false;
    bool yes = true;
    while (true) {
      while (PQisBusy(connection) != 0) {
        if (wait(PQsocket(connection), POLLIN, kAnswerMs) != Waited::ready) return false;
        if (PQconsumeInput(connection) == 0) return false;
      }
      const Result result(PQgetResult(connection));
      if (!result) return yes;
      const auto status = PQresultStatus(result.get());
      yes = yes && (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
    }
  }

  /// True when there was news; every one that waits is taken.
  static bool take_news(PGconn* connection) {
    bool any = false;
    while (PGnotify* one = PQnotifies(connection)) {
      any = true;
      PQfreemem(one);
    }
    return any;
  }

  static void tell(const std::shared_ptr<Impl>& self) {
    boost::asio::post(self->executor, [self] {
      if (!self->stopped) self->on_news();
    });
  }

  /// Returns when the connection is lost or the listener is stopped.
  static void listen(const std::shared_ptr<Impl>& self, PGconn* connection) {
    tell(self);
    while (true) {
      const Waited waited = self->wait(PQsocket(connection), POLLIN, kQuietMs);
      if (waited == Waited::stopped) return;
      if (waited == Waited::quiet) {
        if (!self->ask(connection, "SELECT 1")) return;
      } else if (PQconsumeInput(connection) == 0) {
        return;
      }
      if (take_news(connection)) tell(self);
    }
  }

  static void run(const std::shared_ptr<Impl>& self) {
    while (true) {
      const Connection connection = self->connect();
      if (connection) {
        self->connected = true;
        listen(self, connection.get());
        self->connected = false;
      }
      if (self->wait(-1, 0, kPauseMs) == Waited::stopped) return;
    }
  }

  const runtime::Executor executor;
  const PostgresUrl url;  // secret
  const std::function<void()> on_news;
  const int stop_event;
  std::atomic<bool> connected = false;
  bool stopped = false;  // the executor's thread
  std::thread thread;
};

Listener::Listener(runtime::Executor executor, const std::string& url,
                   std::function<void()> on_news) {
  auto read = read_postgres_url(url);
  if (!read)
    throw DatabaseError(DatabaseError::Kind::cannot_open, "cannot listen: " + read.error());
  impl_ = std::make_shared<Impl>(std::move(executor), std::move(*read), std::move(on_news));
  impl_->thread = std::thread([impl = impl_] { Impl::run(impl); });
}

Listener::~Listener() { stop(); }

bool Listener::connected() const { return impl_->connected; }

void Listener::stop() {
  if (impl_->stopped) return;
  impl_->stopped = true;
  const std::uint64_t one = 1;
  // It cannot fail: the counter is far from full.
  if (write(impl_->stop_event, &one, sizeof one) < 0) std::terminate();
  impl_->thread.join();
}

}  // namespace streaky::store

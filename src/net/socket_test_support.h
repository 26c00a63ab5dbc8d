// Real sockets for the tests of this room: everything runs on one io_context, on the test's thread.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/curl_client.h"
#include "net/http_connection.h"
#include "net/http_server.h"
#include "runtime/log.h"

namespace streaky::net::test {

using boost::asio::ip::tcp;

/// Runs the context until the task has ended; what else is running goes on meanwhile.
template <typename T>
T run(boost::asio::io_context& io, runtime::Task<T> task) {
  std::optional<T> result;
  std::exception_ptr failure;
  boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T value) {
    failure = error;
    result.emplace(std::move(value));
  });
  io.restart();
  while (!result) io.run_one();
  if (failure) std::rethrow_exception(failure);
  return *std::move(result);
}

/// Runs until the condition holds: the event that a test waits for.
template <typename Condition>
void run_until(boost::asio::io_context& io, Condition condition) {
  io.restart();
  while (!condition()) io.run_one();
}

inline tcp::endpoint loopback(std::uint16_t port) {
  return {boost::asio::ip::address_v4::loopback(), port};
}

/// Sends the bytes as they are and reads until the server closes.
inline runtime::Task<std::string> talk_raw(std::uint16_t port, std::string bytes) {
  tcp::socket socket(co_await boost::asio::this_coro::executor);
  co_await socket.async_connect(loopback(port), kAwait);
  co_await boost::asio::async_write(socket, boost::asio::buffer(bytes), kAwait);
  std::string answer;
  auto into = boost::asio::dynamic_buffer(answer);
  co_await boost::asio::async_read(socket, into, kAwait);
  co_return answer;
}

/// A server that answers whatever comes with fixed bytes, as a hostile or broken one would.
struct RawServer {
  enum class Then { close, keep, reset };

  RawServer(boost::asio::io_context& io, std::vector<std::string> script, Then last)
      : acceptor(io, loopback(0)), answers(std::move(script)), then(last) {
    boost::asio::co_spawn(io, accept(this), boost::asio::detached);
  }

  [[nodiscard]] std::string url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) +
           std::string(path);
  }

  /// The script is per connection: one entry per request; after it comes `then`.
  static runtime::Task<void> accept(RawServer* self) {
    for (;;) {
      tcp::socket socket(co_await boost::asio::this_coro::executor);
      const auto [error] = co_await self->acceptor.async_accept(socket, kAwait);
      if (error) co_return;
      ++self->connections;
      const auto connection = std::make_shared<Connection>(std::move(socket));
      boost::asio::co_spawn(co_await boost::asio::this_coro::executor, serve(self, connection),
                            boost::asio::detached);
    }
  }

  static runtime::Task<void> serve(RawServer* self, ConnectionPtr connection) {
    for (const std::string& answer : self->answers) {
      const bool asked = co_await read_request(self, connection);
      if (!asked) co_return;
      const TwoBuffers bytes{boost::asio::buffer(answer), boost::asio::const_buffer{}};
      co_await write_all(connection, bytes);
    }
    if (self->then == Then::keep || self->answers.empty()) co_await read_request(self, connection);
    if (self->then == Then::keep) {
      self->kept.push_back(connection);
    } else if (self->then == Then::reset) {
      co_await read_request(self, connection);
      connection->close_with_reset();
    } else {
      connection->close();
    }
  }

  static runtime::Task<bool> read_request(RawServer* self, ConnectionPtr connection) {
    connection->inbox.clear();
    while (!connection->inbox.contains("\r\n\r\n")) {
      const std::size_t got = co_await read_more(connection, 4096);
      if (got == 0) co_return false;
    }
    ++self->requests;
    self->last_request = connection->inbox;
    co_return true;
  }

  tcp::acceptor acceptor;
  std::vector<std::string> answers;
  Then then;
  std::vector<ConnectionPtr> kept;
  std::string last_request;
  int connections = 0;
  int requests = 0;
};

}  // namespace streaky::net::test

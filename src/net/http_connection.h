// One client's connection: its socket, what has been read of it, and one deadline for whatever it
// is doing. Threading: the server's executor.
#pragma once

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "net/body_share.h"
#include "net/http_guard.h"
#include "net/http_server.h"
#include "runtime/task.h"
#include "runtime/time.h"

namespace streaky::net {

constexpr auto kAwait = boost::asio::as_tuple(boost::asio::use_awaitable);
using TwoBuffers = std::array<boost::asio::const_buffer, 2>;

/// Shared with its own timer's callback, which may come after the end.
struct Connection : std::enable_shared_from_this<Connection> {
  explicit Connection(boost::asio::ip::tcp::socket accepted);

  /// Moving a deadline costs nothing as long as it moves into the future: the timer, when it
  /// fires, looks at it again. A keep-alive request touches no timer at all.
  void set_deadline(runtime::Millis from_now);
  void clear_deadline();
  /// Forgets the first bytes that were read.
  void consume(std::size_t bytes) { inbox.erase(0, bytes); }
  void close();
  void close_with_reset();

  boost::asio::ip::tcp::socket socket;
  boost::asio::steady_timer timer;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::string inbox;  // read and not yet used
  std::string remote_address;
  bool watching = false;
  bool timed_out = false;
  bool answering = false;    // from the end of a request's head to the end of its answer
  bool handling = false;     // the part of it after the request's body
  bool known = false;        // its client has shown that it is one of ours
  std::uint64_t number = 0;  // the older the smaller
  // While the body comes; then the request's own, which may be dropped before it is answered.
  std::shared_ptr<BodyShare> body;

 private:
  void watch();
  void on_timer();
};
using ConnectionPtr = std::shared_ptr<Connection>;

/// Reads up to that many bytes more. 0 when the peer has closed, the connection broke or the
/// deadline passed.
runtime::Task<std::size_t> read_more(ConnectionPtr connection, std::size_t bytes);
/// True when the peer has closed, its sending half at least, and nothing of it is left to read.
bool peer_has_closed(Connection& connection);
/// The bytes are borrowed until it returns.
runtime::Task<bool> write_all(ConnectionPtr connection, TwoBuffers bytes);
/// Sends what `next` gives until it gives nothing, as chunks or as it is. A piece may take that
/// long to be taken; how long one takes to come is the stream's own business.
runtime::Task<bool> write_stream(ConnectionPtr connection, BodyStream next, bool chunked,
                                 runtime::Millis piece_timeout);
/// Reads on for a moment: a close with unread bytes becomes a reset, which could overtake the
/// answer that says what was wrong.
runtime::Task<void> linger(ConnectionPtr connection);
runtime::Task<void> send_refusal(ConnectionPtr connection, Refusal refusal);

}  // namespace streaky::net

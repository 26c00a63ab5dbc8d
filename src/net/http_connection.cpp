#include "net/http_connection.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/write.hpp>
#include <cerrno>
#include <string_view>
#include <utility>

#include "net/http_reply.h"

namespace streaky::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;

constexpr runtime::Millis kLinger{1'000};
constexpr std::size_t kMaxLingerBytes = 1U << 20U;
constexpr std::size_t kLingerRead = 16U << 10U;
constexpr auto kNoDeadline = SteadyClock::time_point::max();

}  // namespace

Connection::Connection(tcp::socket accepted)
    : socket(std::move(accepted)), timer(socket.get_executor()) {}

void Connection::set_deadline(runtime::Millis from_now) {
  deadline = SteadyClock::now() + from_now;
  timed_out = false;
  if (!watching || timer.expiry() > deadline) watch();
}

void Connection::clear_deadline() {
  deadline = kNoDeadline;
  timed_out = false;
}

void Connection::close() {
  error_code ignored;
  socket.close(ignored);
  timer.cancel();
  deadline = kNoDeadline;
}

void Connection::close_with_reset() {
  error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

void Connection::watch() {
  watching = true;
  timer.expires_at(deadline);
  timer.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->on_timer();
  });
}

void Connection::on_timer() {
  watching = false;
  if (deadline == kNoDeadline) return;
  if (SteadyClock::now() < deadline) {
    watch();
    return;
  }
  timed_out = true;
  error_code ignored;
  socket.cancel(ignored);
}

runtime::Task<std::size_t> read_more(ConnectionPtr connection, std::size_t bytes) {
  if (connection->timed_out) co_return 0;
  std::string& inbox = connection->inbox;
  const std::size_t before = inbox.size();
  inbox.resize(before + bytes);
  const auto space = asio::buffer(inbox.data() + before, bytes);
  const auto [error, got] = co_await connection->socket.async_read_some(space, kAwait);
  inbox.resize(before + got);
  co_return got;
}

bool peer_has_closed(Connection& connection) {
  // Asio's own synchronous receive would wait for a byte.
  char byte = 0;
  const auto got = ::recv(connection.socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

runtime::Task<bool> write_all(ConnectionPtr connection, TwoBuffers bytes) {
  const auto [error, sent] = co_await asio::async_write(connection->socket, bytes, kAwait);
  co_return !error;
}

runtime::Task<bool> write_stream(ConnectionPtr connection, BodyStream next, bool chunked,
                                 runtime::Millis piece_timeout) {
  constexpr std::string_view kEnd = "\r\n";
  for (;;) {
    connection->clear_deadline();
    auto coming = next();
    std::string piece = co_await std::move(coming);
    const bool last = piece.empty();
    if (last && !chunked) co_return true;
    std::string head;
    if (chunked) {
      head = fmt::format("{:x}\r\n", piece.size());
      piece += kEnd;
    }
    connection->set_deadline(piece_timeout);
    const TwoBuffers bytes{asio::buffer(head), asio::buffer(piece)};
    const bool sent = co_await write_all(connection, bytes);
    if (!sent || last) co_return sent;
  }
}

runtime::Task<void> linger(ConnectionPtr connection) {
  error_code ignored;
  connection->socket.shutdown(tcp::socket::shutdown_send, ignored);
  connection->set_deadline(kLinger);
  std::size_t total = 0;
  while (total < kMaxLingerBytes) {
    connection->inbox.clear();
    const std::size_t got = co_await read_more(connection, kLingerRead);
    if (got == 0) break;
    total += got;
  }
}

runtime::Task<void> send_refusal(ConnectionPtr connection, Refusal refusal) {
  ServerResponse response = make_error(refusal.status, refusal.reason);
  if (refusal.most_bytes > 0) {
    response.body.pop_back();
    response.body += fmt::format(R"(,"maxSizeBytes":{}}})", refusal.most_bytes);
  }
  const ReplyContext context{.keep_alive = false};
  const std::string head = make_head(response, context);
  connection->set_deadline(kLinger);
  const TwoBuffers bytes{asio::buffer(head), asio::buffer(response.body)};
  const bool sent = co_await write_all(connection, bytes);
  if (sent) co_await linger(connection);
}

}  // namespace streaky::net

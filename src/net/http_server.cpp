#include "net/http_server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "net/body_share.h"
#include "net/field_text.h"
#include "net/http_connection.h"
#include "net/http_guard.h"
#include "net/http_reply.h"
#include "net/origin.h"

namespace streaky::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Parser = http::request_parser<http::string_body>;
using ParserPtr = std::shared_ptr<Parser>;  // shared because coroutines take no references

constexpr std::size_t kHeadRead = 2U << 10U;
constexpr std::size_t kBodyRead = 16U << 10U;
constexpr std::size_t kMaxKeptBuffer = 16U << 10U;  // of an idle connection
constexpr std::size_t kMaxChunkHead = 16U << 10U;
constexpr std::size_t kMostKnownNetworks = 1'000;
constexpr runtime::Millis kAcceptPause{100};  // after an error such as "too many open files"

/// How one step of a conversation ended: go on, refuse and close, or close without a word.
struct Step {
  bool go_on = false;
  std::optional<Refusal> refusal;
};

Step go_on() { return {.go_on = true, .refusal = std::nullopt}; }
Step hang_up() { return {.go_on = false, .refusal = std::nullopt}; }
Step refuse(Refusal refusal) { return {.go_on = false, .refusal = refusal}; }

constexpr Refusal kTooMuch{503, "too much at once: come again"};

ServerRequest make_request(const Parser& parser, const Connection& connection) {
  ServerRequest request;
  const auto& message = parser.get();
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.remote_address = connection.remote_address;
  for (const auto& field : message.base()) {
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  return request;
}

}  // namespace

std::string_view ServerRequest::path() const {
  const std::string_view text = target;
  return text.substr(0, text.find('?'));
}

std::string_view ServerRequest::header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(runtime::Executor executor, HttpServerOptions options, HttpHandler handler,
       runtime::Log& log);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::size_t connections() const { return count_; }
  void start();
  void stop();

 private:
  using Self = std::shared_ptr<Impl>;

  /// Keeps a connection in the list for as long as its coroutine lives.
  struct Listed {
    Listed(Impl& owner, Connection& one)
        : impl(owner), connection(one), network(network_of(one.remote_address)) {
      impl.open_.insert(&connection);
      impl.count_ = impl.open_.size();
      ++impl.per_address_[network];
    }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() {
      connection.close();
      impl.open_.erase(&connection);
      impl.count_ = impl.open_.size();
      const auto mine = impl.per_address_.find(network);
      if (--mine->second == 0) impl.per_address_.erase(mine);
    }
    Impl& impl;
    Connection& connection;
    const std::string network;
  };

  void listen();
  void close_idle();
  [[nodiscard]] bool has_enough_of(const std::string& address) const;
  bool has_place_for(const std::string& address);
  template <typename Fits>
  bool close_a_stranger(Fits fits);
  bool take_room(Connection& connection, std::size_t bytes);
  void remember(Connection& connection);
  void turn_away(tcp::socket socket);
  static runtime::Task<void> accept(Self self);
  static runtime::Task<void> serve(Self self, ConnectionPtr connection);
  static runtime::Task<void> converse(Self self, ConnectionPtr connection);
  static runtime::Task<Step> read_head(Self self, ConnectionPtr connection, bool first);
  static runtime::Task<Step> read_body(Self self, ConnectionPtr connection, ParserPtr parser);
  static runtime::Task<Step> exchange(Self self, ConnectionPtr connection);
  static runtime::Task<ServerResponse> handle(Self self, ServerRequest request);
  static runtime::Task<bool> reply(Self self, ConnectionPtr connection, ServerResponse response,
                                   ReplyContext context);

  const runtime::Executor executor_;
  const HttpServerOptions options_;
  const HttpHandler handler_;
  runtime::Log& log_;  // borrowed
  tcp::acceptor acceptor_;
  asio::steady_timer accept_pause_;
  std::uint16_t port_ = 0;
  std::atomic<bool> started_ = false;
  std::atomic<std::size_t> count_ = 0;
  // The executor's thread only.
  bool stopping_ = false;
  const BodyBudgetPtr bodies_ = std::make_shared<BodyBudget>();
  std::uint64_t accepted_ = 0;
  std::unordered_set<std::string> known_networks_;  // at most kMostKnownNetworks
  std::unordered_map<std::string, std::size_t> per_address_;
  std::unordered_set<Connection*> open_;  // borrowed: each is removed by its own coroutine
};

HttpServer::Impl::Impl(runtime::Executor executor, HttpServerOptions options, HttpHandler handler,
                       runtime::Log& log)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      handler_(std::move(handler)),
      log_(log),
      acceptor_(executor_),
      accept_pause_(executor_) {
  bodies_->limit = options_.max_body_bytes_together;
  listen();
}

void HttpServer::Impl::listen() {
  const runtime::Result<HostPort> address = parse_host_port(options_.listen);
  if (!address) {
    throw std::system_error(
        std::make_error_code(std::errc::invalid_argument),
        "cannot listen on \"" + options_.listen + "\": " + address.error().message);
  }
  error_code error;
  tcp::resolver resolver(executor_);
  const auto found =
      resolver.resolve(address->host, std::to_string(address->port),
                       tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (!error) {
    const tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
  }
  if (error) {
    throw std::system_error(std::error_code(error), "cannot listen on " + options_.listen);
  }
}

void HttpServer::Impl::start() {
  if (started_.exchange(true)) return;
  asio::co_spawn(executor_, accept(shared_from_this()), asio::detached);
}

void HttpServer::Impl::stop() {
  asio::dispatch(executor_, [self = shared_from_this()] { self->close_idle(); });
}

void HttpServer::Impl::close_idle() {
  stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  accept_pause_.cancel();
  for (Connection* connection : open_) {
    if (!connection->answering) connection->socket.cancel(ignored);
  }
}

runtime::Task<void> HttpServer::Impl::accept(Self self) {
  while (!self->stopping_) {
    tcp::socket socket(self->executor_);
    const auto [error] = co_await self->acceptor_.async_accept(socket, kAwait);
    if (self->stopping_) break;
    if (error) {
      self->log_.warn("cannot accept a connection", {{"error", error.message()}});
      self->accept_pause_.expires_after(kAcceptPause);
      co_await self->accept_pause_.async_wait(kAwait);
      continue;
    }
    error_code ignored;
    const std::string address = socket.remote_endpoint(ignored).address().to_string();
    if (!self->has_place_for(address)) {
      self->turn_away(std::move(socket));
    } else {
      const auto connection = std::make_shared<Connection>(std::move(socket));
      connection->remote_address = address;
      connection->number = ++self->accepted_;
      asio::co_spawn(self->executor_, serve(self, connection), asio::detached);
    }
  }
}

bool HttpServer::Impl::has_enough_of(const std::string& address) const {
  const std::size_t most = options_.max_connections_per_address;
  if (most == 0) return false;
  const std::string network = network_of(address);
  if (known_networks_.contains(network)) return false;
  const auto mine = per_address_.find(network);
  return mine != per_address_.end() && mine->second >= most &&
         !contains(options_.uncounted, address);
}

bool HttpServer::Impl::has_place_for(const std::string& address) {
  if (has_enough_of(address)) {
    const std::string network = network_of(address);
    return close_a_stranger(
        [&network](const Connection& one) { return network_of(one.remote_address) == network; });
  }
  if (open_.size() < options_.max_connections) return true;
  return close_a_stranger([](const Connection&) { return true; });
}

/// False when there is none that may go. What it held is free at once; its coroutine ends soon.
template <typename Fits>
bool HttpServer::Impl::close_a_stranger(Fits fits) {
  if (!options_.strangers_make_room) return false;
  const auto rank = [this](const Connection& one) {
    const bool from_known = known_networks_.contains(network_of(one.remote_address));
    return std::make_pair(from_known, one.number);
  };
  Connection* first = nullptr;
  for (Connection* one : open_) {
    const bool may_go = !one->known && !one->handling && one->socket.is_open();
    if (!may_go || !fits(*one)) continue;
    if (first == nullptr || rank(*one) < rank(*first)) first = one;
  }
  if (first == nullptr) return false;
  if (first->body) first->body->give_back();
  first->close();
  return true;
}

bool HttpServer::Impl::take_room(Connection& connection, std::size_t bytes) {
  const auto holds_some = [&connection](const Connection& one) {
    return &one != &connection && one.body && one.body->bytes() > 0;
  };
  while (!connection.body->take(bytes)) {
    if (!close_a_stranger(holds_some)) return false;
  }
  return true;
}

void HttpServer::Impl::remember(Connection& connection) {
  connection.known = true;
  if (known_networks_.size() >= kMostKnownNetworks) return;
  known_networks_.insert(network_of(connection.remote_address));
}

/// Best effort, without a coroutine: the answer fits into an empty socket's buffer.
void HttpServer::Impl::turn_away(tcp::socket socket) {
  const ServerResponse response = make_error(503, "too many connections");
  const std::string text = make_head(response, ReplyContext{.keep_alive = false}) + response.body;
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(text), ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

runtime::Task<void> HttpServer::Impl::serve(Self self, ConnectionPtr connection) {
  const Listed listed(*self, *connection);
  try {
    error_code ignored;
    connection->socket.set_option(tcp::no_delay(true), ignored);
    co_await converse(self, connection);
  } catch (const std::exception& error) {
    self->log_.error("a connection failed", {{"error", error.what()}});
  }
}

runtime::Task<void> HttpServer::Impl::converse(Self self, ConnectionPtr connection) {
  for (bool first = true;; first = false) {
    Step step = co_await read_head(self, connection, first);
    if (step.go_on) {
      connection->answering = true;
      step = co_await exchange(self, connection);
      connection->answering = false;
    }
    if (step.refusal) co_await send_refusal(connection, *step.refusal);
    if (!step.go_on) co_return;
    if (connection->inbox.capacity() > kMaxKeptBuffer) connection->inbox.shrink_to_fit();
  }
}

runtime::Task<Step> HttpServer::Impl::read_head(Self self, ConnectionPtr connection, bool first) {
  const HttpServerOptions& options = self->options_;
  connection->set_deadline(first ? options.header_timeout : options.idle_timeout);
  bool begun = false;
  while (!self->stopping_) {
    while (connection->inbox.starts_with("\r\n")) connection->consume(2);
    const std::string_view text = std::string_view(connection->inbox);
    const std::size_t end = end_of_head(text);
    if (std::min(end, text.size()) > options.max_header_bytes) {
      co_return refuse({431, "the request's head is too large"});
    }
    if (end != std::string_view::npos) co_return go_on();
    // Answered at once rather than at the deadline: most often TLS spoken to this plain port.
    if (!text.empty() && !is_token(text.substr(0, 1))) co_return refuse({400, "not HTTP"});
    if (!text.empty() && !std::exchange(begun, true)) {
      connection->set_deadline(options.header_timeout);
    }
    const std::size_t got = co_await read_more(connection, kHeadRead);
    if (got > 0) continue;
    if (connection->timed_out && begun) {
      co_return refuse({408, "the request's head did not arrive in time"});
    }
    break;
  }
  co_return hang_up();
}

/// Everything after the head. The head's fields have been taken out of the parser before: what a
/// chunked body carries as trailers is read and left out.
runtime::Task<Step> HttpServer::Impl::read_body(Self self, ConnectionPtr connection,
                                                ParserPtr parser) {
  parser->eager(true);
  bool waited = false;
  if (!self->take_room(*connection, connection->inbox.size())) co_return refuse(kTooMuch);
  while (!parser->is_done()) {
    if (!connection->inbox.empty()) {
      error_code error;
      connection->consume(parser->put(asio::buffer(connection->inbox), error));
      if (error == http::error::body_limit) {
        co_return refuse({413, "Request too large", self->options_.max_body_bytes});
      }
      if (error && error != http::error::need_more) co_return refuse({400, "malformed body"});
      if (parser->is_done()) break;
      if (!error && !connection->inbox.empty()) continue;
      if (connection->inbox.size() > kMaxChunkHead) co_return refuse({400, "malformed chunk"});
    }
    if (!std::exchange(waited, true)) connection->set_deadline(self->options_.body_timeout);
    const std::size_t got = co_await read_more(connection, kBodyRead);
    if (!self->take_room(*connection, got)) co_return refuse(kTooMuch);
    if (got > 0) continue;
    if (connection->timed_out) co_return refuse({408, "the body did not arrive in time"});
    co_return hang_up();
  }
  co_return go_on();
}

/// One request whose head lies in the buffer, to the end of its answer.
runtime::Task<Step> HttpServer::Impl::exchange(Self self, ConnectionPtr connection) {
  const HttpServerOptions& options = self->options_;
  const std::string_view inbox = connection->inbox;
  const std::string_view head = inbox.substr(0, end_of_head(inbox));
  Framing framing;
  const std::optional<Refusal> refusal = check_head(head, options.max_body_bytes, framing);
  if (refusal) co_return refuse(*refusal);

  const auto parser = std::make_shared<Parser>();
  parser->header_limit(static_cast<std::uint32_t>(options.max_header_bytes));
  parser->body_limit(options.max_body_bytes);
  parser->eager(false);
  error_code error;
  const std::size_t used = parser->put(asio::buffer(head), error);
  if (error || !parser->is_header_done()) co_return refuse({400, "malformed request"});
  connection->consume(used);
  ServerRequest request = make_request(*parser, *connection);
  connection->body = std::make_shared<BodyShare>(self->bodies_);
  if (!parser->is_done()) {
    if (framing.expects_continue && connection->inbox.empty()) {
      constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      const TwoBuffers bytes{asio::buffer(kContinue), asio::const_buffer{}};
      co_await write_all(connection, bytes);
    }
    const Step body = co_await read_body(self, connection, parser);
    if (!body.go_on) co_return body;
  }
  if (options.drop_abandoned && peer_has_closed(*connection)) co_return hang_up();
  connection->handling = true;
  request.body = std::move(parser->get().body());
  request.body_share = std::move(connection->body);

  ReplyContext context;
  context.http_1_0 = parser->get().version() == 10;
  context.head_request = request.method == "HEAD";
  context.keep_alive = parser->get().keep_alive();
  connection->clear_deadline();
  ServerResponse response = co_await handle(self, std::move(request));
  if (response.known) self->remember(*connection);
  const bool stays = co_await reply(self, connection, std::move(response), context);
  connection->handling = false;
  if (stays) co_return go_on();
  co_return hang_up();
}

runtime::Task<ServerResponse> HttpServer::Impl::handle(Self self, ServerRequest request) {
  const std::string method = request.method;
  try {
    runtime::Task<ServerResponse> task = self->handler_(std::move(request));
    ServerResponse response = co_await std::move(task);
    if (is_sendable(response)) co_return response;
    self->log_.error("a handler's answer cannot be sent", {{"method", method}});
  } catch (const std::exception& error) {
    self->log_.error("a handler failed", {{"method", method}, {"error", error.what()}});
  } catch (...) {
    self->log_.error("a handler failed", {{"method", method}});
  }
  co_return make_error(500, "internal error");
}

/// True when the connection can take another request.
runtime::Task<bool> HttpServer::Impl::reply(Self self, ConnectionPtr connection,
                                            ServerResponse response, ReplyContext context) {
  if (response.reset) {
    connection->close_with_reset();
    co_return false;
  }
  context.keep_alive = context.keep_alive && !self->stopping_ && !wants_close(response);
  if (!has_body(response, context)) {
    if (!context.head_request) response.body.clear();
    response.stream = nullptr;
  }
  const BodyStream stream = response.stream;
  if (stream) {
    response.body.clear();
    context.keep_alive = context.keep_alive && !context.http_1_0;
  }
  std::string head = make_head(response, context);
  if (context.head_request) response.body.clear();
  const bool cut = response.cut_after >= 0;
  if (cut) {
    head += response.body;
    response.body.clear();
    head.resize(std::min(head.size(), static_cast<std::size_t>(response.cut_after)));
  }
  connection->set_deadline(self->options_.body_timeout);
  const TwoBuffers bytes{asio::buffer(head), asio::buffer(response.body)};
  bool sent = co_await write_all(connection, bytes);
  if (sent && !cut && stream) {
    response.stream = nullptr;
    const runtime::Millis piece_timeout = self->options_.body_timeout;
    sent = co_await write_stream(connection, stream, !context.http_1_0, piece_timeout);
  }
  if (sent && !cut && !context.keep_alive && !connection->inbox.empty()) {
    co_await linger(connection);
  }
  co_return sent && !cut && context.keep_alive;
}

HttpServer::HttpServer(runtime::Executor executor, HttpServerOptions options, HttpHandler handler,
                       runtime::Log& log)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(options), std::move(handler),
                                   log)) {}

HttpServer::~HttpServer() { impl_->stop(); }

std::uint16_t HttpServer::port() const { return impl_->port(); }
std::size_t HttpServer::connections() const { return impl_->connections(); }
void HttpServer::start() { impl_->start(); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace streaky::net

// Carries results from the curl thread to the coroutines that wait for them on the executor.
//
// Ownership: the waiting handlers, and with them the coroutines, live here until their result is
// delivered or the execution context is destroyed, whichever is first. Results that come later
// are dropped. Threading: `expect` on the executor's thread, `put` and `flush` on any one thread.
#pragma once

#include <boost/asio/execution_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/http_client.h"
#include "runtime/error.h"
#include "runtime/task.h"

namespace streaky::net {

// Shared: a delivery that is posted to the executor may outlive the client.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  using Answer = runtime::Result<HttpResponse>;
  using Handler = std::move_only_function<void(Answer)>;
  using PieceHandler = std::function<void(std::string_view)>;

  /// Made this way so that the context's end is noticed.
  static std::shared_ptr<Mailbox> create(runtime::Executor executor);

  /// Keeps the handlers and gives back the number that `put` wants.
  std::uint64_t expect(Handler handler, PieceHandler on_piece = {});
  /// A piece of the body, which comes before its answer.
  void put_piece(std::uint64_t id, std::string piece);
  void put(std::uint64_t id, Answer answer);
  /// Delivers what was put: one post for all of it.
  void flush();
  /// The execution context is going away: drops every handler.
  void close() noexcept;

 private:
  explicit Mailbox(runtime::Executor executor) : executor_(std::move(executor)) {}
  void deliver();

  runtime::Executor executor_;  // constant after construction
  // The executor's thread only.
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, Handler> waiting_;
  std::unordered_map<std::uint64_t, PieceHandler> waiting_for_pieces_;
  // Protected by the mutex.
  std::mutex mutex_;
  std::vector<std::pair<std::uint64_t, std::string>> pieces_;
  std::vector<std::pair<std::uint64_t, Answer>> ready_;
  bool posted_ = false;
  bool closed_ = false;
};

}  // namespace streaky::net

#include "net/mailbox.h"

#include <algorithm>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>

namespace streaky::net {
namespace {

namespace asio = boost::asio;

/// Asio's way to hear that a context is being destroyed: without it the curl thread would post to
/// an executor that is gone.
class MailboxesOfContext final : public asio::execution_context::service {
 public:
  using key_type = MailboxesOfContext;

  explicit MailboxesOfContext(asio::execution_context& context) : service(context) {}

  void add(const std::shared_ptr<Mailbox>& box) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(boxes_, [](const std::weak_ptr<Mailbox>& weak) { return weak.expired(); });
    boxes_.push_back(box);
  }

  static asio::execution_context::id id;

 private:
  void shutdown() noexcept override {
    for (const std::weak_ptr<Mailbox>& weak : boxes_) {
      if (const std::shared_ptr<Mailbox> box = weak.lock()) box->close();
    }
  }

  std::mutex mutex_;
  std::vector<std::weak_ptr<Mailbox>> boxes_;
};

asio::execution_context::id MailboxesOfContext::id;

}  // namespace

std::shared_ptr<Mailbox> Mailbox::create(runtime::Executor executor) {
  asio::execution_context& context = asio::query(executor, asio::execution::context);
  std::shared_ptr<Mailbox> box(new Mailbox(std::move(executor)));
  asio::use_service<MailboxesOfContext>(context).add(box);
  return box;
}

std::uint64_t Mailbox::expect(Handler handler, PieceHandler on_piece) {
  waiting_.emplace(++last_id_, std::move(handler));
  if (on_piece) waiting_for_pieces_.emplace(last_id_, std::move(on_piece));
  return last_id_;
}

void Mailbox::put_piece(std::uint64_t id, std::string piece) {
  const std::scoped_lock lock(mutex_);
  if (!closed_) pieces_.emplace_back(id, std::move(piece));
}

void Mailbox::put(std::uint64_t id, Answer answer) {
  const std::scoped_lock lock(mutex_);
  if (!closed_) ready_.emplace_back(id, std::move(answer));
}

void Mailbox::flush() {
  const std::scoped_lock lock(mutex_);
  if (closed_ || posted_ || (ready_.empty() && pieces_.empty())) return;
  posted_ = true;
  asio::post(executor_, [self = shared_from_this()] { self->deliver(); });
}

void Mailbox::deliver() {
  std::vector<std::pair<std::uint64_t, std::string>> pieces;
  std::vector<std::pair<std::uint64_t, Answer>> batch;
  {
    const std::scoped_lock lock(mutex_);
    pieces.swap(pieces_);
    batch.swap(ready_);
    posted_ = false;
  }
  for (const auto& [id, piece] : pieces) {
    const auto found = waiting_for_pieces_.find(id);
    if (found != waiting_for_pieces_.end()) found->second(piece);
  }
  std::size_t next = 0;
  try {
    while (next < batch.size()) {
      auto& [id, answer] = batch[next++];
      auto node = waiting_.extract(id);
      waiting_for_pieces_.erase(id);
      if (!node.empty()) node.mapped()(std::move(answer));
    }
  } catch (...) {
    // One waiter's exception must not strand the others.
    for (; next < batch.size(); ++next) put(batch[next].first, std::move(batch[next].second));
    flush();
    throw;
  }
}

void Mailbox::close() noexcept {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    ready_.clear();
    pieces_.clear();
  }
  // Destroying a coroutine may run code that comes back here.
  const std::unordered_map<std::uint64_t, Handler> dropped = std::exchange(waiting_, {});
}

}  // namespace streaky::net

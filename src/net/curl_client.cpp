#include "net/curl_client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <csignal>
#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/curl_exchange.h"
#include "net/curl_poller.h"
#include "net/mailbox.h"

namespace streaky::net {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMaxIdleHandles = 256;
// Of HTTP/2. libcurl visits every stream of a connection whenever something arrives on it, and what
// is under way when the other side ends the connection (nginx: after 1,000 requests) has to be
// repeated: few streams on more connections are faster than libcurl's 100.
constexpr long kStreamsPerConnection = 16;
constexpr runtime::Millis kMaxTimeout{600'000};
constexpr runtime::Millis kLongestWait{1'000};
// How late a deadline may be noticed in the waiting line.
constexpr runtime::Millis kLongestWaitInLine{50};

struct EasyCleanup {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiCleanup {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
using Easy = std::unique_ptr<CURL, EasyCleanup>;
using Multi = std::unique_ptr<CURLM, MultiCleanup>;

struct CurlLibrary {
  CurlLibrary() {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw std::runtime_error("libcurl cannot start");
    }
  }
  CurlLibrary(const CurlLibrary&) = delete;
  CurlLibrary& operator=(const CurlLibrary&) = delete;
  ~CurlLibrary() { curl_global_cleanup(); }
};

Multi make_multi() {
  Multi multi(curl_multi_init());
  if (!multi) throw std::runtime_error("libcurl cannot start");
  return multi;
}

std::unexpected<runtime::Error> cancelled() {
  return runtime::fail("cancelled", "the HTTP client is stopping");
}

}  // namespace

class CurlClient::Loop {
 public:
  Loop(runtime::Executor executor, CurlOptions options);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() { stop(); }

  void begin(HttpRequest request, Mailbox::Handler handler);
  void stop();

 private:
  struct Active {
    Easy easy;
    long buffer;  // see read_buffer_of
    CurlExchange exchange;
  };

  void run();
  bool take_incoming();
  void expire_line();
  void start_from_line();
  void start(PendingRequest pending);
  void collect();
  void cancel_all();
  void answer_now(std::uint64_t id, Mailbox::Answer answer);

  CurlLibrary library_;  // first in, last out
  const CurlOptions options_;
  const std::shared_ptr<Mailbox> mailbox_;  // shared: see there
  Multi multi_;
  CurlPoller poller_;
  // The curl thread's own.
  std::deque<PendingRequest> line_;
  std::unordered_map<CURL*, std::unique_ptr<Active>> active_;
  std::map<long, std::vector<Easy>> idle_;  // by the size of their buffers
  // Protected by the mutex.
  std::mutex mutex_;
  std::vector<PendingRequest> incoming_;
  std::size_t waiting_ = 0;  // incoming and in line
  bool stopping_ = false;
  std::mutex join_mutex_;
  std::thread thread_;
};

CurlClient::Loop::Loop(runtime::Executor executor, CurlOptions options)
    : options_(std::move(options)),
      mailbox_(Mailbox::create(std::move(executor))),
      multi_(make_multi()),
      poller_(multi_.get()) {
  curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX});
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(options_.max_per_host));
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
  // Without it the cache shrinks with the transfers, and a burst's connections are thrown away.
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_in_flight));
  // Signals belong to the program's own threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread(&Loop::run, this);
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void CurlClient::Loop::begin(HttpRequest request, Mailbox::Handler handler) {
  PendingRequest pending;
  const bool streamed = static_cast<bool>(request.on_body);
  pending.id = mailbox_->expect(std::move(handler), std::move(request.on_body));
  const std::uint64_t id = pending.id;
  if (streamed) {
    pending.on_piece = [box = mailbox_, id](std::string piece) {
      box->put_piece(id, std::move(piece));
    };
  }
  runtime::Result<std::string> host = check_request(request);
  const runtime::Result<bool> egress = check_egress(options_.egress, request.url);
  const auto timeout = std::clamp(request.timeout, runtime::Millis{0}, kMaxTimeout);
  pending.request = std::move(request);
  pending.deadline = SteadyClock::now() + timeout;
  Mailbox::Answer refused = cancelled();
  if (!host) {
    refused = std::unexpected(host.error());
  } else if (!egress) {
    refused = std::unexpected(egress.error());
  } else {
    pending.public_only = *egress;
    pending.host = *std::move(host);
    const std::scoped_lock lock(mutex_);
    if (!stopping_ && waiting_ < options_.max_waiting) {
      ++waiting_;
      incoming_.push_back(std::move(pending));
      if (incoming_.size() == 1) poller_.wake();
      return;
    }
    if (!stopping_) {
      refused =
          runtime::fail("connect", fmt::format("{} HTTP requests are waiting already", waiting_));
    }
  }
  wipe_request(pending.request);
  answer_now(id, std::move(refused));
}

void CurlClient::Loop::answer_now(std::uint64_t id, Mailbox::Answer answer) {
  mailbox_->put(id, std::move(answer));
  mailbox_->flush();
}

void CurlClient::Loop::stop() {
  {
    const std::scoped_lock lock(mutex_);
    if (!stopping_) {
      stopping_ = true;
      poller_.wake();
    }
  }
  const std::scoped_lock lock(join_mutex_);
  if (thread_.joinable()) thread_.join();
}

void CurlClient::Loop::run() {
  while (take_incoming()) {
    expire_line();
    start_from_line();
    mailbox_->flush();
    poller_.wait(line_.empty() ? kLongestWait : kLongestWaitInLine);
    collect();
    mailbox_->flush();
  }
  cancel_all();
}

bool CurlClient::Loop::take_incoming() {
  std::vector<PendingRequest> taken;
  bool stopping = false;
  {
    const std::scoped_lock lock(mutex_);
    taken.swap(incoming_);
    stopping = stopping_;
    waiting_ = line_.size() + taken.size();
  }
  std::ranges::move(taken, std::back_inserter(line_));
  return !stopping;
}

void CurlClient::Loop::expire_line() {
  if (line_.empty()) return;
  const auto now = SteadyClock::now();
  std::erase_if(line_, [this, now](PendingRequest& pending) {
    if (pending.deadline > now) return false;
    mailbox_->put(pending.id, runtime::fail("connect", fmt::format("no connection to {} in time: "
                                                                   "too many requests in flight",
                                                                   pending.host)));
    wipe_request(pending.request);
    return true;
  });
}

void CurlClient::Loop::start_from_line() {
  while (!line_.empty() && active_.size() < options_.max_in_flight) {
    PendingRequest next = std::move(line_.front());
    line_.pop_front();
    start(std::move(next));
  }
}

void CurlClient::Loop::start(PendingRequest pending) {
  Easy easy;
  const long buffer = read_buffer_of(pending.request);
  std::vector<Easy>& idle = idle_[buffer];
  if (idle.empty()) {
    easy.reset(curl_easy_init());
  } else {
    easy = std::move(idle.back());
    idle.pop_back();
  }
  if (!easy) {
    mailbox_->put(pending.id, runtime::fail("connect", "out of memory for another request"));
    wipe_request(pending.request);
    return;
  }
  CURL* key = easy.get();
  auto& slot = active_[key];
  // NOLINTNEXTLINE(modernize-make-unique): an exchange cannot be moved, so it is made in place
  slot.reset(new Active{std::move(easy), buffer, CurlExchange{key, std::move(pending), options_}});
  curl_multi_add_handle(multi_.get(), key);
}

void CurlClient::Loop::collect() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* key = message->easy_handle;
    const CURLcode code = message->data.result;  // gone once the handle is removed
    auto node = active_.extract(key);
    if (node.empty()) continue;
    const std::unique_ptr<Active>& active = node.mapped();
    mailbox_->put(active->exchange.id(), active->exchange.result(code));
    curl_multi_remove_handle(multi_.get(), key);
    Easy easy = std::move(active->easy);
    std::vector<Easy>& idle = idle_[active->buffer];
    node.mapped().reset();  // lets go of the handle's options before the handle is used again
    if (idle.size() < kMaxIdleHandles) idle.push_back(std::move(easy));
  }
  // A handle remembers the path that it asked for last, and a webhook's path is its credential.
  if (active_.empty()) idle_.clear();
}

void CurlClient::Loop::cancel_all() {
  for (auto& [key, active] : active_) {
    curl_multi_remove_handle(multi_.get(), key);
    mailbox_->put(active->exchange.id(), cancelled());
  }
  active_.clear();
  for (PendingRequest& pending : line_) {
    mailbox_->put(pending.id, cancelled());
    wipe_request(pending.request);
  }
  line_.clear();
  idle_.clear();
  mailbox_->flush();
}

/// What `send` does once its coroutine is awaited.
struct CurlClient::Begin {
  // Shared: the task may be awaited after the client is gone, and then ends as cancelled.
  std::shared_ptr<Loop> loop;

  template <typename Handler>
  void operator()(Handler handler, HttpRequest request) const {
    loop->begin(std::move(request), [handler = std::move(handler)](Mailbox::Answer answer) mutable {
      const auto executor = asio::get_associated_executor(handler);
      asio::dispatch(executor,
                     [handler = std::move(handler), answer = std::move(answer)]() mutable {
                       std::move(handler)(std::move(answer));
                     });
    });
  }
};

CurlClient::CurlClient(runtime::Executor executor, CurlOptions options)
    : loop_(std::make_shared<Loop>(std::move(executor), std::move(options))) {}

CurlClient::~CurlClient() { loop_->stop(); }

runtime::Task<runtime::Result<HttpResponse>> CurlClient::send(HttpRequest request) {
  const asio::use_awaitable_t<> token;
  return asio::async_initiate<const asio::use_awaitable_t<>, void(Mailbox::Answer)>(
      Begin{loop_}, token, std::move(request));
}

void CurlClient::stop() { loop_->stop(); }

}  // namespace streaky::net

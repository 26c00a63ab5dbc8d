#include "notify/proxy_courier.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "crypto/request_signature.h"
#include "net/origin.h"
#include "notify/answer.h"
#include "notify/notifier.h"
#include "notify/proxy_batch.h"
#include "notify/proxy_wire.h"

namespace streaky::notify {
namespace {

using runtime::Millis;
using runtime::Task;
using runtime::TimePoint;

constexpr Millis kLongestBusy{60'000};
constexpr Millis kUsualBusy{2'000};
constexpr std::size_t kMaxAnswerBytes = 16U << 20U;

/// One of `proxy.urls`, and what is known of it.
struct Remote {
  Remote(runtime::Clock& clock, std::string origin, std::string shown)
      : url(std::move(origin)), name(std::move(shown)), ended(clock) {}

  std::string url;
  std::string name;  // for logs and metrics
  std::deque<ProxyParcelPtr> line;
  bool gathering = false;
  std::size_t requests = 0;
  runtime::Wake ended;  // a request ended
  int failures = 0;     // one after the other
  Millis away_until{0};
};

std::uint64_t mixed(std::uint64_t value) {  // SplitMix64's finalizer
  value ^= value >> 30U;
  value *= 0xbf58476d1ce4e5b9U;
  value ^= value >> 27U;
  value *= 0x94d049bb133111ebU;
  return value ^ value >> 31U;
}

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

}  // namespace

class ProxyCourier::Impl {
 public:
  Impl(net::HttpClient& http, runtime::Clock& clock, runtime::Random& random, runtime::Log& log,
       runtime::Metrics& metrics, runtime::Executor executor, ProxyOptions options);

  Task<Carried> carry(ProxyParcelPtr parcel);
  Task<void> wait_idle() { return tasks_.wait_empty(); }
  ProxyParcelPtr make_parcel(SealedOutgoing outgoing) {
    return std::make_shared<ProxyParcel>(clock_, std::move(outgoing));
  }

 private:
  using BatchPtr = std::shared_ptr<ProxyBatch>;  // shared with the request that fills it

  [[nodiscard]] std::vector<std::size_t> order_for(const SealedOutgoing& outgoing) const;
  [[nodiscard]] bool is_away(std::size_t index) const {
    return remotes_[index]->away_until > clock_.monotonic();
  }
  /// In the last minute a proxy is asked that was away a moment ago.
  [[nodiscard]] bool hurries(const SealedOutgoing& outgoing) const {
    return outgoing.expires_at && *outgoing.expires_at - clock_.now() <= kLongestRest;
  }
  void note_possible_double(const std::string& delivery_id, std::size_t index);
  void doubt(const std::string& delivery_id, std::size_t index);
  void keep_doubt(ProxyParcel& parcel) const;
  Task<void> hand_over(ProxyParcelPtr parcel, std::size_t index);
  [[nodiscard]] Carried expired(const SealedOutgoing& outgoing) const;
  Carried nobody(const SealedOutgoing& outgoing);

  Task<void> gather(std::size_t index);
  static BatchPtr next_batch(Remote& remote, runtime::Clock& clock);
  Task<void> send(std::size_t index, BatchPtr batch);
  Task<runtime::Result<net::HttpResponse>> ask(const Remote& remote, const BatchPtr& batch);
  void conclude(Remote& remote, ProxyBatch& batch,
                const runtime::Result<net::HttpResponse>& response);
  void refused(Remote& remote, ProxyBatch& batch, const net::HttpResponse& response);
  void rest(Remote& remote, const std::string& why);
  void works(Remote& remote);
  void count(const Remote& remote, const char* result);

  net::HttpClient& http_;
  runtime::Clock& clock_;
  runtime::Random& random_;
  runtime::Log& log_;
  runtime::Metrics& metrics_;
  ProxyOptions options_;
  std::vector<std::unique_ptr<Remote>> remotes_;
  std::unordered_map<std::string, std::size_t> doubtful_;  // delivery → who may have sent it
  runtime::TaskGroup tasks_;
};

ProxyCourier::Impl::Impl(net::HttpClient& http, runtime::Clock& clock, runtime::Random& random,
                         runtime::Log& log, runtime::Metrics& metrics, runtime::Executor executor,
                         ProxyOptions options)
    : http_(http),
      clock_(clock),
      random_(random),
      log_(log),
      metrics_(metrics),
      options_(std::move(options)),
      tasks_(std::move(executor), [&log](const std::exception_ptr&) {
        log.error("a request to a proxy ended with an exception");
      }) {
  if (options_.urls.empty() || options_.urls.size() > kMostProxies || options_.secret.empty()) {
    throw std::invalid_argument("a proxy courier needs 1 to 16 URLs and a secret");
  }
  for (const std::string& url : options_.urls) {
    const auto origin = net::parse_origin(url);
    if (!origin) throw std::invalid_argument(origin.error().message);
    const std::string name = fmt::format("{}:{}", origin->host, origin->port);
    remotes_.push_back(std::make_unique<Remote>(clock, origin->text, name));
    metrics_.gauge("streaky_proxy_away", 0, {{"proxy", name}});
  }
  metrics_.count("streaky_proxy_possible_doubles_total", {}, 0);
}

/// Rendezvous hashing: every worker finds the same order for a channel, and a proxy that comes or
/// goes moves its own channels alone. Who may have sent this very delivery comes first.
std::vector<std::size_t> ProxyCourier::Impl::order_for(const SealedOutgoing& outgoing) const {
  std::vector<std::size_t> order(remotes_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto channel = static_cast<std::uint64_t>(outgoing.channel_id);
  const auto weight = [this, channel](std::size_t index) {
    return mixed(fnv1a(remotes_[index]->url) ^ mixed(channel));
  };
  std::ranges::sort(order, std::ranges::greater{}, weight);
  const auto doubted = doubtful_.find(outgoing.delivery_id);
  if (doubted != doubtful_.end()) {
    const auto at = std::ranges::find(order, doubted->second);
    std::rotate(order.begin(), at, at + 1);
  }
  return order;
}

Task<Carried> ProxyCourier::Impl::carry(ProxyParcelPtr parcel) {
  const std::vector<std::size_t> order = order_for(parcel->outgoing);
  for (const std::size_t index : order) {
    if (is_away(index) && !hurries(parcel->outgoing)) continue;
    if (has_expired(parcel->outgoing, clock_.now())) co_return expired(parcel->outgoing);
    note_possible_double(parcel->outgoing.delivery_id, index);
    co_await hand_over(parcel, index);
    if (parcel->fate == Fate::lost) {
      doubt(parcel->outgoing.delivery_id, index);
      co_await clock_.sleep_for(random_.jitter(kAskAgainPause));
      co_await hand_over(parcel, index);
    }
    if (parcel->fate == Fate::expired) co_return expired(parcel->outgoing);
    keep_doubt(*parcel);
    if (parcel->fate == Fate::answered) doubtful_.erase(parcel->outgoing.delivery_id);
    if (parcel->fate == Fate::answered || parcel->fate == Fate::busy) {
      co_return std::move(parcel->carried);
    }
  }
  co_return nobody(parcel->outgoing);
}

Task<void> ProxyCourier::Impl::hand_over(ProxyParcelPtr parcel, std::size_t index) {
  Remote& remote = *remotes_[index];
  parcel->fate = Fate::waiting;
  remote.line.push_back(parcel);
  if (!std::exchange(remote.gathering, true)) tasks_.spawn(gather(index));
  while (parcel->fate == Fate::waiting) co_await parcel->done.wait();
}

void ProxyCourier::Impl::note_possible_double(const std::string& delivery_id, std::size_t index) {
  const auto doubted = doubtful_.find(delivery_id);
  if (doubted == doubtful_.end() || doubted->second == index) return;
  metrics_.count("streaky_proxy_possible_doubles_total");
  log_.warn("another proxy is asked after an answer was lost: the message may come twice",
            {{"delivery", delivery_id},
             {"first", remotes_[doubted->second]->name},
             {"then", remotes_[index]->name}});
}

void ProxyCourier::Impl::doubt(const std::string& delivery_id, std::size_t index) {
  if (doubtful_.size() >= kMostDoubtful) doubtful_.erase(doubtful_.begin());
  doubtful_.insert_or_assign(delivery_id, index);
}

/// Whatever this one says: another, or it itself before it was started anew, may have sent the
/// message.
void ProxyCourier::Impl::keep_doubt(ProxyParcel& parcel) const {
  if (!doubtful_.contains(parcel.outgoing.delivery_id)) return;
  if (auto* retry = std::get_if<RetryAt>(&parcel.carried.outcome)) retry->maybe_seen = true;
  if (auto* sent = std::get_if<Sent>(&parcel.carried.outcome)) sent->maybe_seen = true;
}

/// Too late for this day, whatever the proxies would say.
Carried ProxyCourier::Impl::expired(const SealedOutgoing& outgoing) const {
  Carried carried;
  carried.outcome = RetryAt{.at = clock_.now(),
                            .reason = "its day ended before a notification proxy had taken it",
                            .maybe_seen = doubtful_.contains(outgoing.delivery_id),
                            .own_pause = true,
                            .code = "expired"};
  return carried;
}

/// Every proxy is away: our own pause, at the latest until one of them is tried again.
Carried ProxyCourier::Impl::nobody(const SealedOutgoing& outgoing) {
  Millis first = kLongestRest;
  for (const auto& remote : remotes_) {
    first = std::min(first, remote->away_until - clock_.monotonic());
  }
  const Millis pause = std::max(first, backoff(outgoing.attempt, random_));
  Carried carried;
  carried.outcome = RetryAt{.at = clock_.now() + pause,
                            .reason = "no notification proxy can be reached",
                            .maybe_seen = doubtful_.contains(outgoing.delivery_id),
                            .own_pause = true,
                            .code = "proxy_away"};
  return carried;
}

Task<void> ProxyCourier::Impl::gather(std::size_t index) {
  Remote& remote = *remotes_[index];
  co_await clock_.sleep_for(options_.linger);
  while (!remote.line.empty()) {
    while (remote.requests >= kMostRequests) co_await remote.ended.wait();
    const BatchPtr batch = next_batch(remote, clock_);
    if (batch->size() == 0) continue;  // what waited has expired
    ++remote.requests;
    tasks_.spawn(send(index, batch));
  }
  remote.gathering = false;
}

/// Takes at least one from the line: whatever fits in a batch of its own fits in a request.
ProxyCourier::Impl::BatchPtr ProxyCourier::Impl::next_batch(Remote& remote, runtime::Clock& clock) {
  auto batch = std::make_shared<ProxyBatch>(clock);
  while (!remote.line.empty() && batch->add(remote.line.front())) remote.line.pop_front();
  return batch;
}

Task<void> ProxyCourier::Impl::send(std::size_t index, BatchPtr batch) {
  Remote& remote = *remotes_[index];
  try {
    auto asking = ask(remote, batch);
    const auto response = co_await std::move(asking);
    conclude(remote, *batch, response);
  } catch (const std::exception& error) {
    log_.error("a request to a proxy failed unexpectedly", {{"error", error.what()}});
    batch->settle_rest(Fate::lost, {});
  }
  --remote.requests;
  remote.ended.notify();
}

Task<runtime::Result<net::HttpResponse>> ProxyCourier::Impl::ask(const Remote& remote,
                                                                 const BatchPtr& batch) {
  net::HttpRequest request;
  request.url = remote.url + std::string(kDeliveriesPath);
  request.body = batch->take_body();
  const crypto::RequestToSign signed_part{
      .method = request.method, .path = kDeliveriesPath, .body = request.body};
  request.headers.push_back({"Content-Type", "application/json"});
  request.headers.push_back({std::string(crypto::kSignatureHeader),
                             crypto::sign_request(options_.secret, signed_part, clock_.now())});
  request.timeout = options_.request_timeout;
  request.idle_timeout = kLongestSilence;
  request.max_body_bytes = kMaxAnswerBytes;
  request.on_body = [batch](std::string_view piece) { batch->take_piece(piece); };
  return http_.send(std::move(request));
}

void ProxyCourier::Impl::conclude(Remote& remote, ProxyBatch& batch,
                                  const runtime::Result<net::HttpResponse>& response) {
  if (response && response->status == 200) {
    works(remote);
    if (batch.open() > 0) log_.warn("a proxy left deliveries out", {{"proxy", remote.name}});
    batch.settle_rest(Fate::lost, {});
    return;
  }
  if (response) {
    refused(remote, batch, *response);
    return;
  }
  count(remote, response.error().code.c_str());
  const bool seen = net::may_have_been_seen(response.error());
  // An answer that was lost is asked for once more at once, so the proxy is not given up yet.
  if (!seen || batch.open() == batch.size()) rest(remote, response.error().message);
  batch.settle_rest(seen ? Fate::lost : Fate::away, {});
}

void ProxyCourier::Impl::refused(Remote& remote, ProxyBatch& batch,
                                 const net::HttpResponse& response) {
  if (response.status == 503 && !response.header(kNoRoomHeader).empty()) {
    count(remote, "busy");
    const auto named = wait_from_header(response.header("Retry-After"));
    const Millis wait = std::min(named.value_or(kUsualBusy), kLongestBusy);
    Carried carried;
    carried.outcome = RetryAt{.at = clock_.now() + random_.jitter(wait),
                              .reason = "the notification proxy has no room for more",
                              .own_pause = true,  // so that a last try before midnight is allowed
                              .code = "proxy_busy"};
    batch.settle_rest(Fate::busy, carried);
    return;
  }
  count(remote, "refused");
  // 5xx of somebody in between: the proxy behind it may have sent all the same. Not 503: nobody
  // was there to take the request.
  const bool seen = response.status >= 500 && response.status != 503;
  rest(remote, fmt::format("it answered with status {}{}", response.status,
                           response.status == 401
                               ? ": is proxy.secret the same on both sides, are both clocks right?"
                               : ""));
  batch.settle_rest(seen ? Fate::lost : Fate::away, {});
}

void ProxyCourier::Impl::rest(Remote& remote, const std::string& why) {
  const Millis now = clock_.monotonic();
  if (remote.away_until > now) return;  // the batches that failed together count once
  const int doublings = std::min(remote.failures++, 6);
  const Millis grown = kFirstRest * (1LL << doublings);
  const Millis pause = random_.jitter(std::min(grown, kLongestRest));
  remote.away_until = now + pause;
  metrics_.gauge("streaky_proxy_away", 1, {{"proxy", remote.name}});
  if (remote.failures == 1) {
    log_.warn("a notification proxy is away", {{"proxy", remote.name}, {"reason", why}});
  }
}

void ProxyCourier::Impl::works(Remote& remote) {
  count(remote, "ok");
  remote.away_until = Millis{0};
  if (std::exchange(remote.failures, 0) == 0) return;
  metrics_.gauge("streaky_proxy_away", 0, {{"proxy", remote.name}});
  log_.info("a notification proxy is back", {{"proxy", remote.name}});
}

void ProxyCourier::Impl::count(const Remote& remote, const char* result) {
  metrics_.count("streaky_proxy_requests_total", {{"proxy", remote.name}, {"result", result}});
}

ProxyCourier::ProxyCourier(net::HttpClient& http, runtime::Clock& clock, runtime::Random& random,
                           runtime::Log& log, runtime::Metrics& metrics, runtime::Executor executor,
                           ProxyOptions options)
    : impl_(std::make_unique<Impl>(http, clock, random, log, metrics, std::move(executor),
                                   std::move(options))) {}

ProxyCourier::~ProxyCourier() = default;

Task<Carried> ProxyCourier::carry(SealedOutgoing outgoing) {
  return impl_->carry(impl_->make_parcel(std::move(outgoing)));
}

Task<void> ProxyCourier::wait_idle() { return impl_->wait_idle(); }

}  // namespace streaky::notify

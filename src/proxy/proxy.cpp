#include "proxy/proxy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "notify/proxy_wire.h"
#include "proxy/original.h"
#include "proxy/outcome_stream.h"
#include "runtime/bytes.h"
#include "runtime/process.h"

namespace streaky::proxy {
namespace {

namespace json = boost::json;
using net::ServerRequest;
using net::ServerResponse;
using notify::Carried;
using runtime::Millis;
using runtime::Task;
using StreamPtr = std::shared_ptr<OutcomeStream>;  // shared: see there

constexpr const char* kComeAgainSeconds = "2";
constexpr std::size_t kResealsAtATime = 50;
constexpr Millis kBreath{1};

ServerResponse with_body(int status, std::string body) {
  ServerResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

ServerResponse failure(int status, std::string_view error) {
  json::object body;
  body["error"] = error;
  return with_body(status, json::serialize(body) + "\n");
}

ServerResponse come_again(std::string_view why) {
  ServerResponse response = failure(503, why);
  response.headers.push_back({"Retry-After", kComeAgainSeconds});
  return response;
}

/// The proxy itself works: what it knows of the channels makes it worth coming back to.
ServerResponse no_room() {
  ServerResponse response = come_again("no room for more: come again");
  response.headers.push_back({std::string(notify::kNoRoomHeader), "deliveries"});
  return response;
}

ServerResponse wrong_method(const char* allowed) {
  ServerResponse response = failure(405, "Method not allowed");
  response.headers.push_back({"Allow", allowed});
  return response;
}

/// application/json, also with parameters, and application/…+json.
bool is_json(std::string_view content_type) {
  const std::string type =
      runtime::to_lower_ascii(runtime::trim_ascii(content_type.substr(0, content_type.find(';'))));
  return type == "application/json" ||
         (type.starts_with("application/") && type.ends_with("+json"));
}

/// The list called `name` in a body, 1 to `kMostPerRequest` long; else the refusal.
std::expected<json::array, ServerResponse> read_list(const std::string& body, const char* name) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  if (error) return std::unexpected(failure(400, "the body is not JSON"));
  json::value* list = value.is_object() ? value.get_object().if_contains(name) : nullptr;
  if (list == nullptr || !list->is_array() || list->get_array().empty() ||
      list->get_array().size() > notify::kMostPerRequest) {
    return std::unexpected(
        failure(422, fmt::format("{}: expected a list of 1 to {}", name, notify::kMostPerRequest)));
  }
  return std::move(list->get_array());
}

std::string malformed_line(std::size_t index, const std::optional<std::string>& id,
                           const runtime::Error& error) {
  json::object line;
  if (id) {
    line["id"] = *id;
  } else {
    line["id"] = nullptr;
  }
  line["index"] = index;
  line["outcome"] = "invalid";
  line["code"] = error.code;
  line["reason"] = error.message;
  return json::serialize(line) + "\n";
}

}  // namespace

class Proxy::Impl {
 public:
  Impl(Options options, Parts parts)
      : options_(std::move(options)),
        parts_(std::move(parts)),
        door_(std::move(options_.door),
              {.clock = parts_.clock, .log = parts_.log, .metrics = parts_.metrics}),
        desk_({.courier = parts_.courier,
               .clock = parts_.clock,
               .random = parts_.random,
               .log = parts_.log,
               .metrics = parts_.metrics},
              options_.most_in_hand),
        tasks_(parts_.executor, [this](const std::exception_ptr&) {
          parts_.log.error("a task ended with an exception");
        }) {}

  Task<ServerResponse> answer(ServerRequest request);
  void stop() { stopping_ = true; }
  Task<void> wait_idle() { return tasks_.wait_empty(); }
  [[nodiscard]] std::size_t in_hand() const { return desk_.in_hand(); }

 private:
  using Route = Task<ServerResponse> (Impl::*)(ServerRequest request, Millis age);
  struct Way {
    std::string_view path;
    Route route;
    bool plain_secret_will_do = false;  // where it is allowed at all
  };
  static const std::array<Way, 3> kWays;

  [[nodiscard]] ServerResponse health() const;
  ServerResponse metrics_text();
  Task<ServerResponse> enter(ServerRequest request, Way way);
  /// `age`: how long ago the request was signed.
  Task<ServerResponse> answer_known(ServerRequest request, Way way, Millis age);
  Task<ServerResponse> deliveries(ServerRequest request, Millis age);
  Task<ServerResponse> reseal(ServerRequest request, Millis age);
  Task<ServerResponse> send_notification(ServerRequest request, Millis age);
  Task<void> deliver(StreamPtr stream, notify::SealedOutgoing outgoing);
  json::object resealed(const json::value& value);

  Options options_;
  Parts parts_;
  Doorman door_;
  Desk desk_;
  bool stopping_ = false;
  runtime::TaskGroup tasks_;
};

const std::array<Proxy::Impl::Way, 3> Proxy::Impl::kWays = {
    Way{notify::kDeliveriesPath, &Impl::deliveries},
    Way{notify::kResealPath, &Impl::reseal},
    Way{"/send-notification", &Impl::send_notification, true},
};

Task<ServerResponse> Proxy::Impl::answer(ServerRequest request) {
  const std::string path(request.path());
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (path == "/health" || path == "/metrics") {
    if (!reads) co_return wrong_method("GET, HEAD");
    co_return path == "/health" ? health() : metrics_text();
  }
  const auto way = std::ranges::find(kWays, path, &Way::path);
  if (way == kWays.end()) co_return failure(404, "Not found");
  auto entering = enter(std::move(request), *way);
  co_return co_await std::move(entering);
}

Task<ServerResponse> Proxy::Impl::enter(ServerRequest request, Way way) {
  auto admitted = door_.look(request, way.plain_secret_will_do);
  if (!admitted) {
    const std::string address = request.remote_address;
    request = ServerRequest{};  // it may wait for long: not with its body
    auto holding = door_.hold_back(std::move(admitted.error()), address);
    co_return co_await std::move(holding);
  }
  auto answering = answer_known(std::move(request), way, admitted->age);
  ServerResponse response = co_await std::move(answering);
  response.known = true;
  co_return response;
}

Task<ServerResponse> Proxy::Impl::answer_known(ServerRequest request, Way way, Millis age) {
  if (request.method != "POST") co_return wrong_method("POST");
  if (!is_json(request.header("Content-Type"))) {
    co_return failure(415, "expected Content-Type: application/json");
  }
  if (stopping_) co_return come_again("this proxy is stopping");
  auto answering = (this->*way.route)(std::move(request), age);
  co_return co_await std::move(answering);
}

ServerResponse Proxy::Impl::health() const {
  return with_body(
      200,
      fmt::format(R"({{"status":"healthy","service":"streaky-notification-proxy","version":"{}"}})",
                  options_.version));
}

ServerResponse Proxy::Impl::metrics_text() {
  runtime::Metrics& metrics = parts_.metrics;
  metrics.gauge("streaky_peak_memory_bytes", static_cast<double>(runtime::peak_memory_bytes()));
  metrics.gauge("streaky_cpu_seconds", runtime::cpu_seconds());
  metrics.gauge("streaky_proxy_in_hand", static_cast<double>(desk_.in_hand()));
  metrics.gauge("streaky_proxy_remembered", static_cast<double>(desk_.remembered()));
  ServerResponse response = with_body(200, metrics.text());
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

Task<ServerResponse> Proxy::Impl::deliveries(ServerRequest request, Millis age) {
  auto list = read_list(request.body, "deliveries");
  if (!list) co_return std::move(list.error());
  if (!desk_.enter(list->size())) co_return no_room();
  const auto stream = std::make_shared<OutcomeStream>(parts_.clock, list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    const json::value& value = list->at(i);
    auto outgoing = notify::read_delivery(value, parts_.clock.now() - age);
    if (outgoing) {
      tasks_.spawn(deliver(stream, std::move(*outgoing)));
      continue;
    }
    desk_.leave();
    stream->say(malformed_line(i, notify::delivery_id_of(value), outgoing.error()));
  }
  ServerResponse response;
  response.content_type = "application/x-ndjson";
  response.stream = [stream] { return stream->next(); };
  co_return response;
}

Task<void> Proxy::Impl::deliver(StreamPtr stream, notify::SealedOutgoing outgoing) {
  const std::string id = outgoing.delivery_id;
  auto delivering = desk_.deliver(std::move(outgoing));
  const Carried carried = co_await std::move(delivering);
  desk_.leave();
  stream->say(notify::outcome_line(id, carried, parts_.clock.now()));
}

Task<ServerResponse> Proxy::Impl::reseal(ServerRequest request, Millis /*age*/) {
  const auto list = read_list(request.body, "values");
  if (!list) co_return list.error();
  json::array values;
  for (const json::value& value : *list) {
    values.push_back(resealed(value));
    // Public-key work by the hundred would hold up the messages meanwhile.
    if (values.size() % kResealsAtATime == 0) co_await parts_.clock.sleep_for(kBreath);
  }
  json::object body;
  body["values"] = std::move(values);
  co_return with_body(200, json::serialize(body) + "\n");
}

json::object Proxy::Impl::resealed(const json::value& value) {
  json::object answer;
  const json::object* object = value.if_object();
  const json::value* user = object != nullptr ? object->if_contains("user_id") : nullptr;
  const json::value* channel = object != nullptr ? object->if_contains("channel_id") : nullptr;
  const json::value* sealed = object != nullptr ? object->if_contains("sealed") : nullptr;
  const bool complete = user != nullptr && user->is_int64() && channel != nullptr &&
                        channel->is_int64() && sealed != nullptr && sealed->is_string();
  if (!complete || !notify::looks_sealed(sealed->get_string())) {
    answer["error"] = "malformed";
    return answer;
  }
  const crypto::Binding binding{.purpose = crypto::Purpose::channel,
                                .user_id = user->get_int64(),
                                .channel_id = channel->get_int64()};
  const auto fresh = crypto::reseal(parts_.sealer, sealed->get_string(), binding);
  if (fresh) {
    answer["sealed"] = *fresh;
  } else {
    answer["error"] = fresh.error().code;
  }
  return answer;
}

Task<ServerResponse> Proxy::Impl::send_notification(ServerRequest request, Millis age) {
  const auto original = read_original(request.body);
  if (!original) {
    co_return failure(original.error().code == "bad_json" ? 400 : 422, original.error().message);
  }
  if (options_.compat_key.empty()) {
    co_return with_body(200, original_failure("this proxy has no proxy.compat_key to open it"));
  }
  auto credential = original_credential(*original, options_.compat_key);
  if (!credential) co_return with_body(200, original_failure(credential.error().message));
  if (!desk_.enter(1)) co_return no_room();
  notify::Outgoing outgoing;
  outgoing.delivery_id = parts_.random.uuid();
  outgoing.credential = std::move(*credential);
  outgoing.message = original_message(*original);
  outgoing.expires_at = parts_.clock.now() - age + kOriginalPatience;
  notify::Delivered delivered;
  try {
    auto sending = parts_.notifier.send(std::move(outgoing));
    delivered = co_await std::move(sending);
  } catch (...) {
    desk_.leave();
    throw;
  }
  desk_.leave();
  co_return with_body(200, original_answer(delivered.outcome));
}

Proxy::Proxy(Options options, Parts parts)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(parts))) {}

Proxy::~Proxy() = default;

Task<ServerResponse> Proxy::answer(ServerRequest request) {
  return impl_->answer(std::move(request));
}

void Proxy::stop() { impl_->stop(); }

Task<void> Proxy::wait_idle() { return impl_->wait_idle(); }

std::size_t Proxy::in_hand() const { return impl_->in_hand(); }

}  // namespace streaky::proxy

// What the tests of this room share: a scripted HTTP client, a virtual clock, a log that remembers.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "notify/notifier.h"

namespace streaky::notify {

using Reply = runtime::Result<net::HttpResponse>;

inline net::HttpResponse reply(int status, std::string body,
                               std::vector<net::HttpHeader> headers = {}) {
  net::HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers = std::move(headers);
  return response;
}

/// Answers from the script, in order, and with `usual` when it has run out.
class ScriptedHttp final : public net::HttpClient {
 public:
  struct Seen {
    runtime::Millis at;
    net::HttpRequest request;
  };

  explicit ScriptedHttp(runtime::Clock& clock) : clock_(clock) {}

  runtime::Task<Reply> send(net::HttpRequest request) override {
    seen.push_back({clock_.monotonic(), request});
    if (latency.count() > 0) co_await clock_.sleep_for(latency);
    if (script.empty()) co_return usual(request);
    Reply next = std::move(script.front());
    script.pop_front();
    co_return next;
  }

  [[nodiscard]] std::vector<runtime::Millis> times() const {
    std::vector<runtime::Millis> out;
    out.reserve(seen.size());
    for (const Seen& one : seen) out.push_back(one.at);
    return out;
  }
  [[nodiscard]] boost::json::object body(std::size_t index) const {
    return boost::json::parse(seen.at(index).request.body).as_object();
  }

  std::deque<Reply> script;
  std::function<Reply(const net::HttpRequest&)> usual = [](const net::HttpRequest& request) {
    if (request.url.find("/bot") != std::string::npos) {
      return reply(200, R"({"ok":true,"result":{"message_id":42}})");
    }
    return reply(200, R"({"id":"1234567890","channel_id":"5"})");
  };
  std::vector<Seen> seen;
  runtime::Millis latency{0};

 private:
  runtime::Clock& clock_;
};

class CaptureLog final : public runtime::Log {
 public:
  void write(runtime::LogLevel, std::string_view event, Fields fields) override {
    text += std::string(event);
    for (const runtime::LogField& field : fields) {
      if (const auto* value = std::get_if<std::string>(&field.value)) text += " " + *value;
    }
    text += "\n";
  }
  void set_level(runtime::LogLevel) override {}
  std::string text;
};

inline constexpr const char* kToken = "SeCrEt-webhook_token-0123456789";
inline constexpr const char* kBotToken = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11";

class World {
 public:
  World() { restart(); }

  void restart() {
    NotifierOptions copy;
    copy.discord_api_url = options.discord_api_url;
    copy.telegram_api_url = options.telegram_api_url;
    copy.telegram_bot_token = options.telegram_bot_token.clone();
    copy.discord_per_second = options.discord_per_second;
    copy.request_timeout = options.request_timeout;
    copy.public_url = options.public_url;
    copy.version = options.version;
    notifier = std::make_unique<Notifier>(http, clock, random, log, metrics, std::move(copy));
  }

  static Outgoing discord(const std::string& id = "100000000000000001", int attempt = 1) {
    Outgoing out;
    out.delivery_id = "delivery-" + id;
    out.credential.kind = ChannelKind::discord;
    out.credential.value = runtime::Secret("https://discord.com/api/webhooks/" + id + "/" + kToken);
    out.message = {"1 day left", "GitHub shows no contribution yet today", streak::Urgency::high};
    out.attempt = attempt;
    return out;
  }
  static Outgoing telegram(const std::string& chat = "99", int attempt = 1) {
    Outgoing out = discord("1", attempt);
    out.delivery_id = "delivery-" + chat;
    out.credential.kind = ChannelKind::telegram;
    out.credential.value = runtime::Secret(std::string(R"({"token":")") + kBotToken +
                                           R"(","chat_id":")" + chat + R"("})");
    return out;
  }

  template <typename Done>
  void drive(Done done) {
    for (;;) {
      io.restart();
      io.poll();
      if (done()) return;
      if (!clock.advance_to_next()) throw std::logic_error("nothing left to wait for");
    }
  }

  Delivered send(Outgoing outgoing) {
    std::optional<Delivered> result;
    boost::asio::co_spawn(io, notifier->send(std::move(outgoing)),
                          [&result](std::exception_ptr error, Delivered delivered) {
                            if (error) std::rethrow_exception(error);
                            result = std::move(delivered);
                          });
    drive([&result] { return result.has_value(); });
    return std::move(*result);
  }

  /// Sends all at once and, as the worker does, each again when its time has come.
  void send_until_done(std::vector<Outgoing> all) {
    for (Outgoing& one : all) spawn(std::move(one));
    drive([this] { return open == 0; });
  }
  void spawn(Outgoing outgoing) {
    ++open;
    boost::asio::co_spawn(io, insist(std::move(outgoing)), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
  }

  [[nodiscard]] double seconds() const {
    return static_cast<double>(clock.monotonic().count()) / 1000.0;
  }

  boost::asio::io_context io;
  runtime::VirtualClock clock{runtime::from_unix_ms(1'754'470'000'000)};
  runtime::SeededRandom random{1};
  CaptureLog log;
  runtime::Metrics metrics;
  NotifierOptions options;
  ScriptedHttp http{clock};
  std::unique_ptr<Notifier> notifier;
  std::size_t open = 0;
  int most_attempts = 0;
  std::vector<runtime::TimePoint> promised;

 private:
  runtime::Task<void> insist(Outgoing outgoing) {
    for (;;) {
      Outgoing copy;
      copy.delivery_id = outgoing.delivery_id;
      copy.credential.kind = outgoing.credential.kind;
      copy.credential.value = outgoing.credential.value.clone();
      copy.message = outgoing.message;
      copy.attempt = outgoing.attempt;
      most_attempts = std::max(most_attempts, outgoing.attempt);
      const Delivered delivered = co_await notifier->send(std::move(copy));
      const auto* later = std::get_if<RetryAt>(&delivered.outcome);
      if (later == nullptr) break;
      promised.push_back(later->at);
      co_await clock.sleep_until(later->at);
      ++outgoing.attempt;
    }
    --open;
  }
};

/// The largest number of instants in any stretch of that length.
inline std::size_t most_within(std::vector<runtime::Millis> times, runtime::Millis window) {
  std::ranges::sort(times);
  std::size_t most = 0;
  std::size_t first = 0;
  for (std::size_t last = 0; last < times.size(); ++last) {
    while (times[last] - times[first] >= window) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

inline const RetryAt& retry_of(const Delivered& delivered) {
  return std::get<RetryAt>(delivered.outcome);
}
inline const Dead& dead_of(const Delivered& delivered) { return std::get<Dead>(delivered.outcome); }

}  // namespace streaky::notify

// A site without its sockets, on a virtual clock, in front of the simulated world; and browsers
// that visit it: with cookies, forms and the way to GitHub and back.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "github/token_budget.h"
#include "notify/direct_courier.h"
#include "sim/world.h"
#include "sim/world_client.h"
#include "store/database.h"
#include "web/fields.h"
#include "web/site.h"

namespace streaky::web::test {

using net::ServerResponse;

inline const runtime::TimePoint kNoon = runtime::parse_rfc3339("2026-08-06T12:00:00Z").value();
inline constexpr const char* kOrigin = "http://127.0.0.1:8420";

inline std::string header_of(const ServerResponse& response, std::string_view name) {
  for (const net::HttpHeader& header : response.headers) {
    if (header.name == name) return header.value;
  }
  return {};
}

/// How the site is configured.
struct TestSettings {
  bool github_app = true;
  std::vector<std::string> operators{};
  std::vector<std::string> trusted_proxies{};
  std::string metrics_token{};
  std::string public_url = kOrigin;
};

/// The site and everything behind it.
class TestSite {
 public:
  using Settings = TestSettings;

  explicit TestSite(Settings settings = {})
      : clock(kNoon),
        world(sim::WorldOptions{}),
        http(world, clock),
        budget(clock),
        github(http, budget, clock, random_, *log_, metrics, io.get_executor(), {}),
        notifier_(http, clock, random_, *log_, metrics, {}),
        courier_(*sealer, notifier_, clock, random_, *log_),
        database(io.get_executor(),
                 {.url = "sqlite::memory:", .mode = store::Database::Mode::inline_calls}, metrics),
        site(options(settings), {.database = database,
                                 .http = http,
                                 .github = github,
                                 .courier = courier_,
                                 .sealer = *sealer,
                                 .clock = clock,
                                 .random = random_,
                                 .log = *log_,
                                 .metrics = metrics,
                                 .executor = io.get_executor(),
                                 .healthy = [this] { return healthy; },
                                 .refresh_metrics = [] {},
                                 .hurry = [] {}}) {
    budget.add_service_token(runtime::Secret("ghp_sim0"));
  }

  TestSite(const TestSite&) = delete;
  TestSite& operator=(const TestSite&) = delete;
  /// What is under way borrows from what is about to go.
  ~TestSite() {
    wait(site.wait_idle());
    wait(github.wait_idle());
  }

  template <typename T>
  T wait(runtime::Task<T> task) {
    auto future = boost::asio::co_spawn(io, std::move(task), boost::asio::use_future);
    while (future.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
      settle();
      if (future.wait_for(std::chrono::seconds{0}) == std::future_status::ready) break;
      if (!clock.advance_to_next()) throw std::logic_error("nothing is left to wait for");
    }
    return future.get();
  }
  /// Runs what is ready; time stands still.
  void settle() {
    io.restart();
    while (io.poll() > 0) {
    }
  }
  /// Lets looks at GitHub come to their end.
  void finish_looks() { wait(site.wait_idle()); }
  void pass(runtime::Millis time) {
    clock.advance_to(clock.now() + time);
    settle();
  }

  ServerResponse ask(net::ServerRequest request) { return wait(site.answer(std::move(request))); }

  /// Somebody with a living streak of that many days and nothing today, in UTC.
  std::string settle_person(const std::string& login, int streak_days = 41) {
    sim::Person person;
    person.login = login;
    person.zone = sim::Zones::find("UTC").value();
    person.base = sim::Zones().local(person.zone, clock.now()).day;
    person.created = person.base - 5 * 365;
    person.has_streak = streak_days > 0;
    person.began = person.base - streak_days;
    person.discord = sim::DiscordState::living;
    person.diligence = 0;
    const auto index = world.people().add(person);
    return sim::People::webhook_url(world.people().at(index));
  }

  boost::asio::io_context io{1};
  runtime::VirtualClock clock;
  sim::World world;
  sim::WorldClient http;
  runtime::Metrics metrics;
  bool healthy = true;

 private:
  static SiteOptions options(const Settings& settings) {
    SiteOptions site;
    site.public_url = settings.public_url;
    site.version = "1.2.3";
    site.operators = settings.operators;
    site.metrics_token = runtime::Secret(settings.metrics_token);
    for (const std::string& text : settings.trusted_proxies) {
      site.trusted_proxies.push_back(net::Network::parse(text).value());
    }
    if (settings.github_app) {
      site.github.client_id = "sim-client-id";
      site.github.client_secret = runtime::Secret("sim-client-secret");
    }
    return site;
  }

  runtime::SeededRandom random_{1};
  std::unique_ptr<runtime::Log> log_ = runtime::make_null_log();

 public:
  std::unique_ptr<crypto::Sealer> sealer = crypto::make_ephemeral_sealer();
  github::TokenBudget budget;
  github::Contributions github;

 private:
  notify::Notifier notifier_;
  notify::DirectCourier courier_;

 public:
  store::Database database;
  Site site;
};

/// A browser: keeps cookies, fills in forms, follows redirects when told to.
class Browser {
 public:
  explicit Browser(TestSite& site, std::string address = "203.0.113.7")
      : site_(site), address_(std::move(address)) {}

  ServerResponse get(const std::string& target) { return send("GET", target, {}, {}); }
  /// With the proof that the page at `from` carries.
  ServerResponse submit(const std::string& from, const std::string& action, Fields fields) {
    fields.emplace_back("csrf", csrf_of(get(from).body));
    return post(action, fields);
  }
  ServerResponse post(const std::string& target, const Fields& fields,
                      std::vector<net::HttpHeader> headers = {}) {
    headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    return send("POST", target, to_query(fields), std::move(headers));
  }
  ServerResponse send(const std::string& method, const std::string& target, std::string body,
                      std::vector<net::HttpHeader> headers) {
    net::ServerRequest request;
    request.method = method;
    request.target = target;
    request.body = std::move(body);
    request.remote_address = address_;
    request.headers = std::move(headers);
    request.headers.push_back({"Host", "127.0.0.1:8420"});
    request.headers.push_back({"Accept", "text/html"});
    request.headers.push_back({"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"});
    std::string cookies;
    for (const auto& [name, value] : cookies_) cookies += name + "=" + value + "; ";
    if (!cookies.empty()) request.headers.push_back({"Cookie", cookies});
    ServerResponse response = site_.ask(std::move(request));
    keep_cookies(response);
    return response;
  }

  /// Goes to GitHub as this person and comes back; gives the answer of our callback.
  ServerResponse sign_in(const std::string& login, const std::string& next = "") {
    return get(come_back(submit("/sign-in", "/sign-in/github", {{"next", next}}), login));
  }
  /// What GitHub's page answers to the redirect of ours: the target at our site.
  std::string come_back(const ServerResponse& to_github, const std::string& login,
                        const std::string& more = "&approve=1") {
    const std::string url = header_of(to_github, "Location");
    net::HttpRequest request;
    request.method = "GET";
    request.url = url + "&login=" + login + more;
    const auto answer = site_.wait(site_.http.send(std::move(request)));
    const std::string back(answer->header("Location"));
    EXPECT_TRUE(back.starts_with(kOrigin)) << back;
    return back.substr(std::string(kOrigin).size());
  }

  static std::string csrf_of(const std::string& html) {
    const std::string mark = "name=\"csrf\" value=\"";
    const std::size_t begin = html.find(mark);
    if (begin == std::string::npos) return {};
    const std::size_t end = html.find('"', begin + mark.size());
    return html.substr(begin + mark.size(), end - begin - mark.size());
  }

  std::map<std::string, std::string>& cookies() { return cookies_; }

 private:
  void keep_cookies(const ServerResponse& response) {
    for (const net::HttpHeader& header : response.headers) {
      if (header.name != "Set-Cookie") continue;
      const std::size_t equals = header.value.find('=');
      const std::size_t end = header.value.find(';');
      const std::string name = header.value.substr(0, equals);
      if (header.value.contains("Max-Age=0")) {
        cookies_.erase(name);
      } else {
        cookies_[name] = header.value.substr(equals + 1, end - equals - 1);
      }
    }
  }

  TestSite& site_;
  std::string address_;
  std::map<std::string, std::string> cookies_;
};

}  // namespace streaky::web::test

// For this room's tests: GitHub behind the HTTP seam, on a virtual clock, and a look at everything
// that was asked. The stricter simulated world is in sim/.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "github/contributions.h"
#include "github/token_budget.h"

namespace streaky::github {

using Days = std::function<int(streak::Label)>;

struct FakeUser {
  std::string node_id;
  std::string login;
  std::int64_t database_id = 1;
  std::string created_at = "2015-03-04T05:06:07Z";
  Days days = [](streak::Label) { return 0; };
};

/// A request as GitHub sees it.
struct SeenRequest {
  net::HttpRequest http;
  std::string token;
  bool by_id = true;
  std::vector<std::string> whom;  // ids or logins
  streak::LabelRange window;
  runtime::TimePoint at;
};

inline net::HttpResponse reply(int status, std::string body,
                               std::vector<net::HttpHeader> headers = {}) {
  net::HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers = std::move(headers);
  return response;
}

inline streak::Label label(const char* text) { return *streak::parse_label(text); }

class FakeGithub final : public net::HttpClient {
 public:
  using Script =
      std::function<std::optional<runtime::Result<net::HttpResponse>>(const SeenRequest&)>;

  explicit FakeGithub(runtime::Clock& clock) : clock_(clock) {}

  std::vector<FakeUser> users;
  std::map<std::string, Days> days_by_token;  // what one token sees instead, of everybody
  std::optional<streak::Label> last_day;      // calendars end here, whatever was asked
  Script script;                              // nothing: an honest answer
  runtime::Millis latency{200};
  std::vector<SeenRequest> seen;
  std::map<std::string, int> in_flight;
  std::map<std::string, int> most_in_flight;

  runtime::Task<runtime::Result<net::HttpResponse>> send(net::HttpRequest request) override {
    const SeenRequest what = read(std::move(request));
    seen.push_back(what);
    int& flying = in_flight[what.token];
    most_in_flight[what.token] = std::max(most_in_flight[what.token], ++flying);
    const runtime::Millis timeout = what.http.timeout;
    const bool late = latency > timeout;
    co_await clock_.sleep_for(std::min(latency, timeout));
    --in_flight[what.token];
    if (late) co_return runtime::fail("timeout", "no answer in time");
    if (script) {
      auto scripted = script(what);
      if (scripted) co_return std::move(*scripted);
    }
    co_return reply(200, boost::json::serialize(answer(what)));
  }

  boost::json::object answer(const SeenRequest& what) const {
    boost::json::object data;
    boost::json::array nodes;
    boost::json::array errors;
    for (std::size_t i = 0; i < what.whom.size(); ++i) {
      const std::string alias = "u" + std::to_string(i);
      const FakeUser* user = find(what.whom[i]);
      boost::json::value node;
      if (user != nullptr) node = node_of(*user, what);
      if (user == nullptr) {
        boost::json::array path{alias};
        if (what.by_id) path = {"nodes", i};
        errors.push_back({{"type", "NOT_FOUND"}, {"path", path}, {"message", "Could not resolve"}});
      }
      if (what.by_id) {
        nodes.push_back(std::move(node));
      } else {
        data[alias] = std::move(node);
      }
    }
    if (what.by_id) data["nodes"] = std::move(nodes);
    data["rateLimit"] = {{"limit", 5000},
                         {"cost", 1},
                         {"remaining", 4999},
                         {"used", 1},
                         {"resetAt", "2026-08-06T13:00:00Z"}};
    boost::json::object body{{"data", std::move(data)}};
    if (!errors.empty()) body["errors"] = std::move(errors);
    return body;
  }

  [[nodiscard]] std::size_t requests_of(const std::string& token) const {
    return static_cast<std::size_t>(std::ranges::count(seen, token, &SeenRequest::token));
  }

 private:
  SeenRequest read(net::HttpRequest request) const {
    SeenRequest what;
    EXPECT_TRUE(request.url.ends_with("/graphql"));
    std::map<std::string, std::string> headers;
    for (const auto& header : request.headers) headers[header.name] = header.value;
    EXPECT_TRUE(headers["User-Agent"].starts_with("streaky/"));
    EXPECT_EQ(headers["X-Github-Next-Global-ID"], "1");
    EXPECT_EQ(headers["Content-Type"], "application/json");
    EXPECT_TRUE(headers["Authorization"].starts_with("Bearer "));
    what.token = headers["Authorization"].substr(7);
    const boost::json::object body = boost::json::parse(request.body).as_object();
    const boost::json::object& variables = body.at("variables").as_object();
    what.by_id = variables.contains("ids");
    if (what.by_id) {
      for (const auto& id : variables.at("ids").as_array()) what.whom.emplace_back(id.as_string());
    }
    for (std::size_t i = 0; variables.contains("l" + std::to_string(i)); ++i) {
      what.whom.emplace_back(variables.at("l" + std::to_string(i)).as_string());
    }
    EXPECT_LE(what.whom.size(), 100U);
    const std::string from(variables.at("from").as_string());
    const std::string to(variables.at("to").as_string());
    what.window = {*streak::parse_label(from.substr(0, 10)),
                   *streak::parse_label(to.substr(0, 10))};
    EXPECT_LE((what.window.to - what.window.from).count(), 365);
    EXPECT_GE(what.window.to, what.window.from);
    what.at = clock_.now();
    what.http = std::move(request);
    return what;
  }

  const FakeUser* find(const std::string& name) const {
    // `U_7` and `user-7` are the seventh: large tests would search for long.
    const auto mark = name.find_first_of("_-");
    const std::size_t number = mark == std::string::npos ? 0 : std::stoul(name.substr(mark + 1));
    if (number > 0 && number <= users.size() &&
        users[number - 1].node_id == "U_" + std::to_string(number)) {
      return &users[number - 1];
    }
    for (const FakeUser& user : users) {
      if (user.node_id == name || user.login == name) return &user;
    }
    return nullptr;
  }

  boost::json::value node_of(const FakeUser& user, const SeenRequest& what) const {
    boost::json::array days;
    const auto own = days_by_token.find(what.token);
    const Days& count = own == days_by_token.end() ? user.days : own->second;
    const streak::Label last = std::min(what.window.to, last_day.value_or(what.window.to));
    for (auto day = what.window.from; day <= last; day += std::chrono::days{1}) {
      days.push_back({{"date", streak::to_text(day)}, {"contributionCount", count(day)}});
    }
    boost::json::object collection{
        {"startedAt", streak::to_text(what.window.from) + "T00:00:00Z"},
        {"endedAt", streak::to_text(what.window.to) + "T23:59:59Z"},
        {"contributionCalendar", {{"weeks", {{{"contributionDays", std::move(days)}}}}}}};
    boost::json::object node{{"id", user.node_id},
                             {"login", user.login},
                             {"databaseId", user.database_id},
                             {"createdAt", user.created_at},
                             {"contributionsCollection", std::move(collection)}};
    if (what.by_id) node["__typename"] = "User";
    return node;
  }

  runtime::Clock& clock_;
};

using SeeResult = std::expected<Sight, Unseen>;

/// GitHub, the budget and the client under test, at noon UTC on 6 August 2026.
class GithubTest : public ::testing::Test {
 protected:
  static constexpr const char* kToday = "2026-08-06";

  void start(int service_tokens, ContributionsOptions options = {}) {
    for (int i = 0; i < service_tokens; ++i) {
      budget.add_service_token(runtime::Secret("service" + std::to_string(i)));
    }
    contributions = std::make_unique<Contributions>(http, budget, clock, random, *log, metrics,
                                                    io.get_executor(), options);
  }

  FakeUser& add_user(int number, Days days) {
    FakeUser user;
    user.node_id = "U_" + std::to_string(number);
    user.login = "user-" + std::to_string(number);
    user.database_id = number;
    user.days = std::move(days);
    http.users.push_back(std::move(user));
    return http.users.back();
  }

  static Subject subject(int number) {
    Subject out;
    out.user_id = number;
    out.login = "user-" + std::to_string(number);
    out.node_id = "U_" + std::to_string(number);
    out.today = label(kToday);
    return out;
  }

  /// A subject whose history is known up to where every check begins to read.
  static Subject warm_subject(int number, int length) {
    Subject out = subject(number);
    const streak::Label through = label("2026-08-02");
    out.anchor = streak::Anchor{.through = through, .length = length, .began = std::nullopt};
    if (length > 0) out.anchor->began = through - std::chrono::days{length - 1};
    return out;
  }

  runtime::TimePoint in(runtime::Millis time) const { return clock.now() + time; }

  void begin(Subject who, runtime::TimePoint deadline, std::optional<SeeResult>& result) {
    boost::asio::co_spawn(io, keep(std::move(who), deadline, &result), boost::asio::detached);
  }

  /// Lets time pass until nothing is left to happen.
  void run() {
    for (;;) {
      io.restart();
      io.poll();
      if (!clock.advance_to_next()) break;
    }
  }

  SeeResult see(Subject who, runtime::Millis time = runtime::Millis{30'000}) {
    std::optional<SeeResult> result;
    const runtime::TimePoint deadline = in(time);
    begin(std::move(who), deadline, result);
    while (!result) {
      io.restart();
      io.poll();
      if (result || !clock.advance_to_next()) break;
    }
    EXPECT_TRUE(result.has_value()) << "see never ended";
    EXPECT_LE(clock.now(), deadline);
    if (!result) return std::unexpected(Unseen{});
    return std::move(*result);
  }

  runtime::VirtualClock clock{*runtime::parse_rfc3339("2026-08-06T12:00:00Z")};
  runtime::SeededRandom random{1};
  std::unique_ptr<runtime::Log> log = runtime::make_null_log();
  runtime::Metrics metrics;
  TokenBudget budget{clock};
  FakeGithub http{clock};
  std::unique_ptr<Contributions> contributions;
  boost::asio::io_context io;  // last: its tasks go before what they borrow

 private:
  runtime::Task<void> keep(Subject who, runtime::TimePoint deadline,
                           std::optional<SeeResult>* result) {
    const SeenPtr seen = co_await contributions->see(std::move(who), deadline);
    *result = std::move(*seen);
  }
};

/// Contributions from `first` on until `last`, none elsewhere.
inline Days streak_between(const char* first, const char* last) {
  return [from = label(first), to = label(last)](streak::Label day) {
    return day >= from && day <= to ? 3 : 0;
  };
}

}  // namespace streaky::github

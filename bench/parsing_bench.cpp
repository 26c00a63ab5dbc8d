// From the bytes of an answer to a verdict per user: the part of a check that is pure computing.
// The answers are the simulated world's, of people with streaks of any length.
#include <benchmark/benchmark.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "github/answer.h"
#include "github/query.h"
#include "sim/world.h"
#include "streak/streak.h"

namespace streaky::bench {
namespace {

using std::chrono::days;

struct Answered {
  std::string body;
  std::vector<github::Who> whom;
  streak::LabelRange window;
  streak::Label utc_today;
};

Answered ask_world(int users, int days_back) {
  const auto now = runtime::parse_rfc3339("2026-08-06T12:00:00Z").value();
  sim::World world(sim::WorldOptions{});
  sim::SeedOptions people;
  people.users = static_cast<std::size_t>(users);
  people.crowd = sim::Crowd::plain;
  people.longest_streak = sim::People::kLongestStreak;
  world.seed(people, now);
  Answered answered;
  answered.utc_today = std::chrono::floor<days>(now);
  answered.window = {answered.utc_today - days{days_back}, answered.utc_today + days{1}};
  for (const sim::Person& person : world.people()) {
    answered.whom.push_back({sim::People::node_id(person), person.login, std::nullopt});
  }
  sim::Request request;
  request.method = "POST";
  request.target = "/graphql";
  request.headers = {{"Authorization", "Bearer ghp_sim0"}, {"User-Agent", "streaky"}};
  request.body = github::query_body(github::AskBy::node_id, answered.whom, answered.window);
  answered.body = world.handle(sim::Service::github, request, now).response.body;
  return answered;
}

int verdicts(const Answered& answered) {
  const github::Answer answer = github::read_answer(
      answered.body, {github::AskBy::node_id, answered.whom, answered.window, answered.utc_today});
  if (answer.whole) throw std::logic_error(answer.whole->detail);
  const streak::DayRules rules;
  const streak::Label through = answered.window.from - days{1};
  int at_risk = 0;
  for (const auto& user : answer.users) {
    if (!user) throw std::logic_error(user.error().detail);
    const streak::Judgement judgement = streak::judge(
        {.calendar = user->days,
         .rules = rules,
         .today = answered.utc_today,
         .utc_today = answered.utc_today,
         .anchor = streak::Anchor{.through = through, .length = 30, .began = through - days{29}},
         .earliest = user->created_on});
    at_risk += judgement.verdict == streak::Verdict::at_risk ? 1 : 0;
  }
  return at_risk;
}

void parse(benchmark::State& state, int users, int days_back) {
  const Answered answered = ask_world(users, days_back);
  for (auto _ : state) benchmark::DoNotOptimize(verdicts(answered));
  const double user_days = static_cast<double>(users) * (days_back + 2);
  state.counters["user_days"] =
      benchmark::Counter(user_days, benchmark::Counter::kIsIterationInvariantRate);
}

/// What a daily round asks for: the week since the state of the day before.
void parse_25_users(benchmark::State& state) { parse(state, 25, 7); }
BENCHMARK(parse_25_users);

void parse_one_year(benchmark::State& state) { parse(state, 1, 364); }
BENCHMARK(parse_one_year);

}  // namespace
}  // namespace streaky::bench

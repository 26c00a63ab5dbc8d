// GitHub's GraphQL endpoint: who may ask, what it costs, and everything that it refuses.
// docs/remote-apis.md §1. Threading: one thread; borrows people, activity and rules.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/random.h"
#include "sim/exchange.h"
#include "sim/faults.h"
#include "sim/github_limits.h"
#include "sim/graphql_execute.h"

namespace streaky::sim {

/// What an access token that sign-in handed out allows.
struct Grant {
  std::uint32_t person = 0;
  std::string scopes;
};

class Github {
 public:
  using FindGrant = std::function<std::optional<Grant>(std::string_view token)>;

  static constexpr std::size_t kMostBodyBytes = 1U << 20U;
  static constexpr int kMostServiceTokens = 1'000;

  Github(const People& people, const Activity& activity, const GithubRules& rules,
         runtime::Random& random);

  /// Service tokens are `ghp_sim0` to `ghp_sim<count − 1>`, each an account of its own.
  void set_service_tokens(int count);
  void set_grants(FindGrant find) { find_grant_ = std::move(find); }

  /// `latency` is the whole answer's, unless the query itself takes longer.
  Answer handle(const Request& request, runtime::TimePoint now, std::optional<Fault> fault,
                runtime::Millis latency);

  [[nodiscard]] std::uint64_t users_asked() const { return users_asked_; }
  void forget();

 private:
  std::optional<Answer> refuse(const Request& request, runtime::TimePoint now,
                               std::optional<Fault> fault, graphql::Caller& caller);
  std::optional<Answer> before_acting(Fault fault, runtime::TimePoint now);
  std::optional<graphql::Caller> identify(std::string_view token) const;
  Answer query(const Request& request, runtime::TimePoint now, std::optional<Fault> fault,
               const graphql::Caller& caller, runtime::Millis latency);
  Answer run(const std::string& source, const std::string& operation_name,
             const boost::json::object& variables, runtime::TimePoint now,
             std::optional<Fault> fault, const graphql::Caller& caller, double& cpu_ms);
  Answer secondary(runtime::Millis retry_after);
  Answer bad_gateway(int status, bool html);
  std::string request_id();
  void add_limits(Answer& answer, const RateSnapshot& rate) const;

  const People& people_;
  const Activity& activity_;
  const GithubRules& rules_;
  runtime::Random& random_;
  GithubLimits limits_;
  std::vector<Person> bots_;
  FindGrant find_grant_;
  std::uint64_t users_asked_ = 0;
};

}  // namespace streaky::sim

// One request to GitHub, from the leased token to the answer per user.
//
// Threading: the executor's thread. Borrows everything it is constructed with.
#pragma once

#include <string>
#include <vector>

#include "github/answer.h"
#include "github/token_budget.h"
#include "net/http_client.h"
#include "runtime/metrics.h"
#include "runtime/task.h"

namespace streaky::github {

struct Request {
  AskBy by = AskBy::node_id;
  std::vector<Who> whom;
  streak::LabelRange window;
  streak::Label utc_today;
  std::string authorization;  // `Bearer …`; wiped once it is sent
  runtime::Millis timeout{0};
};

class Exchange {
 public:
  Exchange(net::HttpClient& http, runtime::Metrics& metrics, const std::string& api_url);

  /// Sends, reads, and tells the lease what was learnt about its token. The lease is given back
  /// as soon as the answer is there.
  runtime::Task<Answer> send(Request request, TokenBudget::Lease lease);

 private:
  net::HttpRequest http_request(Request& request) const;
  static Answer read(const runtime::Result<net::HttpResponse>& response, const Request& request);
  static void teach(TokenBudget::Lease& lease, const net::HttpResponse& response,
                    const Answer& answer);
  void count_failures(const Answer& answer);

  net::HttpClient& http_;      // borrowed
  runtime::Metrics& metrics_;  // borrowed
  std::string url_;
};

}  // namespace streaky::github

#include "sim/sim_server.h"

#include <utility>

namespace streaky::sim {
namespace {

/// A hung answer is given up at last, so that connections do not pile up for ever.
constexpr runtime::Millis kLongestHang{120'000};

net::HttpServerOptions server_options(const std::string& listen) {
  net::HttpServerOptions options;
  options.listen = listen;
  return options;
}

/// The listener counts a cut from the answer's first byte. The head is added roughly: an answer of
/// a kilobyte breaks in its middle, one of some bytes may break in its head.
std::ptrdiff_t cut_with_head(const Answer& answer) {
  if (answer.cut_after < 0) {
    return -1;
  }
  std::size_t head = 64;  // status line, Content-Length and the empty line
  for (const net::HttpHeader& header : answer.response.headers) {
    head += header.name.size() + header.value.size() + 4;
  }
  return answer.cut_after + static_cast<std::ptrdiff_t>(head);
}

net::ServerResponse to_response(Answer answer) {
  net::ServerResponse response;
  response.cut_after = cut_with_head(answer);
  if (!answer.reset) {
    response.status = answer.response.status;
  }
  response.body = std::move(answer.response.body);
  response.content_type.clear();
  for (net::HttpHeader& header : answer.response.headers) {
    if (header.name == "Content-Type") {
      response.content_type = std::move(header.value);
    } else {
      response.headers.push_back(std::move(header));
    }
  }
  response.reset = answer.reset;
  return response;
}

}  // namespace

SimServer::SimServer(runtime::Executor executor, const std::string& listen, World& world,
                     runtime::Clock& clock, runtime::Log& log)
    : world_(world),
      clock_(clock),
      control_(world),
      server_(
          std::move(executor), server_options(listen),
          [this](net::ServerRequest request) { return answer(std::move(request)); }, log) {}

runtime::Task<net::ServerResponse> SimServer::answer(net::ServerRequest request) {
  Request asked;
  asked.method = std::move(request.method);
  asked.target = std::move(request.target);
  asked.headers = std::move(request.headers);
  asked.body = std::move(request.body);
  asked.address = std::move(request.remote_address);
  if (asked.path().starts_with("/control/")) {
    co_return to_response(control_.handle(asked, clock_.now()));
  }
  const std::optional<Service> service = World::route(asked.path());
  if (!service) {
    co_return to_response(json_answer(404, R"({"message":"Not Found"})"));
  }
  if (world_.down(*service)) {
    net::ServerResponse refused;
    refused.reset = true;
    co_return refused;
  }
  Answer answer = world_.handle(*service, asked, clock_.now());
  if (answer.hang) {
    answer.reset = true;
    answer.latency = kLongestHang;
  }
  while (answer.held) {
    co_await clock_.sleep_for(Telegram::kLook);
    auto ended = world_.telegram().look_again(*answer.held, world_.at(clock_.now()));
    if (ended) {
      answer = std::move(*ended);
    }
  }
  if (answer.latency > runtime::Millis{0}) {
    co_await clock_.sleep_for(answer.latency);
  }
  co_return to_response(std::move(answer));
}

}  // namespace streaky::sim

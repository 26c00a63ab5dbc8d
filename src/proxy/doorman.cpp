#include "proxy/doorman.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <utility>

namespace streaky::proxy {
namespace {

using net::ServerResponse;
using runtime::Millis;
using runtime::Task;

constexpr std::size_t kNetworkBytes = 8;
/// A signature names the second; the rest of it is not held against the message.
constexpr Millis kSignedWithin{999};

std::vector<runtime::Secret> cloned(const std::vector<runtime::Secret>& secrets) {
  std::vector<runtime::Secret> copies;
  copies.reserve(secrets.size());
  for (const runtime::Secret& secret : secrets) copies.push_back(secret.clone());
  return copies;
}

/// Empty, as the original's is, unless the other side signs: then it is ours, and may know why.
ServerResponse unauthorized(const runtime::Error& error) {
  ServerResponse response;
  response.status = 401;
  response.content_type.clear();
  if (error.code == "signature_missing") return response;
  response.content_type = "application/json";
  response.body =
      fmt::format(R"({{"error":"{}","message":"{}"}})", error.code, error.message) + "\n";
  return response;
}

ServerResponse overload() {
  ServerResponse response;
  response.status = 503;
  response.headers.push_back({"Retry-After", "60"});
  response.body = "{\"error\":\"signature_overload\"}\n";
  return response;
}

}  // namespace

std::string network_of(const std::string& address) {
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(address, error);
  if (error || parsed.is_v4()) return address;
  if (parsed.to_v6().is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, parsed.to_v6()).to_string();
  }
  const auto bytes = parsed.to_v6().to_bytes();
  return std::string(bytes.begin(), bytes.begin() + kNetworkBytes);
}

Doorman::Doorman(Options options, Parts parts)
    : plain_(options.plain_secret ? cloned(options.secrets) : std::vector<runtime::Secret>{}),
      verifier_(std::move(options.secrets)),
      parts_(parts) {}

bool Doorman::has_plain_secret(const net::ServerRequest& request) const {
  const std::string_view given = request.header("X-API-Secret");
  bool found = false;
  // All are tried: which one fitted must not show in the time it takes.
  for (const runtime::Secret& secret : plain_) {
    found |= runtime::constant_time_equal(secret.reveal(), given);
  }
  return found;
}

std::expected<Doorman::Admitted, ServerResponse> Doorman::look(const net::ServerRequest& request,
                                                               bool plain_will_do) {
  if (plain_will_do && has_plain_secret(request)) return Admitted{};
  const crypto::RequestToSign what{
      .method = request.method, .path = request.target, .body = request.body};
  const runtime::TimePoint now = parts_.clock.now();
  const auto verified = verifier_.verify(request.header(crypto::kSignatureHeader), what, now);
  if (verified) return Admitted{.age = std::max(now - *verified - kSignedWithin, Millis{0})};
  const runtime::Error& error = verified.error();
  parts_.metrics.count("streaky_proxy_turned_away_total", {{"code", error.code}});
  if (error.code == "signature_overload") return std::unexpected(overload());
  tell(address_of(network_of(request.remote_address)), error.code);
  return std::unexpected(unauthorized(error));
}

/// Not by name: an address may be a user's. Enough for whoever looks for a wrong secret; how many
/// there were, the metric says.
void Doorman::tell(Address& known, const std::string& code) {
  const Millis now = parts_.clock.monotonic();
  if (known.told && now < *known.told + kToldAgain) return;
  if (now >= telling_since_ + kToldAgain) {
    telling_since_ = now;
    told_ = 0;
  }
  if (told_ >= kMostTold) return;
  ++told_;
  known.told = now;
  parts_.log.warn("a request was turned away", {{"code", code}});
}

Task<ServerResponse> Doorman::hold_back(ServerResponse response, std::string remote_address) {
  if (response.status != 401) co_return response;
  const std::string address = network_of(remote_address);
  Address& known = address_of(address);
  if (known.waiting >= kMostWaiting) {
    response.reset = true;
    co_return response;
  }
  const Millis now = parts_.clock.monotonic();
  if (now > known.next + kForgotten) known.pause = Millis{0};
  known.pause = std::clamp(known.pause * 2, kFirstPause, kLongestPause);
  known.next = std::max(known.next, now) + known.pause;
  ++known.waiting;
  co_await parts_.clock.sleep_for(known.next - now);
  // Waiting ones are never forgotten, so it is still there.
  --addresses_.at(address).waiting;
  co_return response;
}

Doorman::Address& Doorman::address_of(const std::string& key) {
  if (addresses_.size() >= kMostAddresses && !addresses_.contains(key)) {
    const Millis now = parts_.clock.monotonic();
    std::erase_if(addresses_, [now](const auto& entry) {
      return entry.second.waiting == 0 && entry.second.next + kForgotten < now;
    });
    // Too many at once: those that wait for nothing have to go.
    if (addresses_.size() >= kMostAddresses) {
      std::erase_if(addresses_, [](const auto& entry) { return entry.second.waiting == 0; });
    }
  }
  return addresses_[key];
}

}  // namespace streaky::proxy

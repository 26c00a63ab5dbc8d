#include "app/proxy_reseal.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>
#include <vector>

#include "crypto/request_signature.h"

namespace streaky::app {

namespace {

namespace json = boost::json;
using Results = std::vector<runtime::Result<std::string>>;

constexpr const char* kPath = "/v1/reseal";
constexpr runtime::Millis kPatience{60'000};
constexpr std::size_t kLargestAnswer = 16U << 20U;
constexpr int kFine = 200;

net::HttpRequest request_for(const ProxyAccess& proxy, const std::string& url,
                             const std::vector<store::SealedValue>& values) {
  json::array list;
  for (const store::SealedValue& value : values) {
    list.push_back(
        {{"user_id", value.user_id}, {"channel_id", value.channel_id}, {"sealed", value.sealed}});
  }
  net::HttpRequest request;
  request.url = url + kPath;
  request.body = json::serialize(json::object{{"values", std::move(list)}});
  const crypto::RequestToSign to_sign{"POST", kPath, request.body};
  request.headers = {{"Content-Type", "application/json"},
                     {std::string(crypto::kSignatureHeader),
                      crypto::sign_request(proxy.secret, to_sign, proxy.clock.now())}};
  request.timeout = kPatience;
  request.max_body_bytes = kLargestAnswer;
  return request;
}

Results all(std::size_t count, const runtime::Error& error) {
  return Results(count, std::unexpected(error));
}

runtime::Result<std::string> result_of(const json::value& answer, const ProxyAccess& proxy) {
  const json::object* object = answer.if_object();
  const json::value* sealed = object != nullptr ? object->if_contains("sealed") : nullptr;
  const json::value* error = object != nullptr ? object->if_contains("error") : nullptr;
  if (sealed != nullptr && sealed->is_string()) {
    std::string text(sealed->get_string());
    if (text.starts_with(proxy.prefix)) return text;
    return runtime::fail_for_good("proxy_lacks_key",
                                  "the proxy sealed it with another key: give it the newest one");
  }
  const std::string code = error != nullptr && error->is_string()
                               ? std::string(std::string_view(error->get_string()).substr(0, 64))
                               : "no answer";
  return runtime::fail_for_good("proxy_refused", "the proxy says " + code);
}

Results read_answer(const std::string& body, std::size_t count, const ProxyAccess& proxy) {
  boost::system::error_code error;
  const json::value answer = json::parse(body, error);
  const json::value* list = error ? nullptr : answer.find_pointer("/values", error);
  if (list == nullptr || !list->is_array() || list->get_array().size() != count) {
    return all(count, {.code = "proxy_refused", .message = "the proxy's answer makes no sense"});
  }
  Results results;
  for (const json::value& value : list->get_array()) results.push_back(result_of(value, proxy));
  return results;
}

/// At most `kMostPerReseal` values, from the first proxy that is there.
runtime::Task<Results> reseal_some(const ProxyAccess* proxy,
                                   std::vector<store::SealedValue> values) {
  runtime::Error away{.code = "proxy_unreachable", .message = "there is no proxy"};
  for (const std::string& url : proxy->urls) {
    auto request = request_for(*proxy, url, values);
    const auto response = co_await proxy->http.send(std::move(request));
    if (!response) {
      away.message = response.error().message;
      continue;
    }
    if (response->status == kFine) co_return read_answer(response->body, values.size(), *proxy);
    away = {.code = "proxy_refused",
            .message = fmt::format("the proxy answers {}", response->status)};
  }
  co_return all(values.size(), away);
}

}  // namespace

runtime::Task<Results> reseal_at_proxy(const ProxyAccess* proxy,
                                       std::vector<store::SealedValue> values) {
  Results results;
  while (!values.empty()) {
    const auto count = std::min(values.size(), kMostPerReseal);
    const auto end = values.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<store::SealedValue> some(values.begin(), end);
    values.erase(values.begin(), end);
    auto part = co_await reseal_some(proxy, std::move(some));
    for (auto& result : part) results.push_back(std::move(result));
  }
  co_return results;
}

}  // namespace streaky::app

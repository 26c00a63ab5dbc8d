#include "app/proxy_reseal.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crypto/keyring.h"
#include "crypto/request_signature.h"
#include "crypto/sealer.h"

namespace streaky::app {
namespace {

namespace json = boost::json;
using runtime::Secret;
using store::SealedValue;

constexpr runtime::TimePoint kNow{runtime::Millis{1'785'400'000'000}};

std::unique_ptr<crypto::Sealer> sealer_of(const crypto::Keyring& keys) {
  crypto::KeySource source;
  source.text = crypto::to_text(keys);
  source.name = "keys";
  return crypto::load_sealer(std::move(source), false);
}

/// What the proxy does with `/v1/reseal`, at the end of the wire.
class ProxyEnd final : public net::HttpClient {
 public:
  explicit ProxyEnd(const crypto::Keyring& keys) : sealer_(sealer_of(keys)) {}

  runtime::Task<runtime::Result<net::HttpResponse>> send(net::HttpRequest request) override {
    ++requests;
    if (away) co_return runtime::fail("connect", "no connection");
    net::HttpResponse response;
    response.status = answer(request, response.body);
    co_return response;
  }

  int requests = 0;
  bool away = false;
  std::string said;  // instead of an answer

 private:
  int answer(const net::HttpRequest& request, std::string& body) {
    const crypto::RequestToSign to_verify{request.method, "/v1/reseal", request.body};
    if (!verifier_.verify(request.headers.at(1).value, to_verify, kNow)) return 401;
    json::array values;
    const json::value asked = json::parse(request.body);
    for (const json::value& value : asked.at("values").as_array()) {
      const auto fresh = crypto::reseal(*sealer_, value.at("sealed").as_string(),
                                        {.user_id = value.at("user_id").as_int64(),
                                         .channel_id = value.at("channel_id").as_int64()});
      const char* const key = fresh ? "sealed" : "error";
      values.push_back(json::object{{key, fresh ? *fresh : fresh.error().code}});
    }
    body = said.empty() ? json::serialize(json::object{{"values", values}}) : said;
    return 200;
  }

  static std::vector<Secret> secrets() {
    std::vector<Secret> all;
    all.emplace_back(std::string("shared"));
    return all;
  }

  std::unique_ptr<crypto::Sealer> sealer_;
  crypto::RequestVerifier verifier_{secrets()};
};

class ProxyReseal : public testing::Test {
 protected:
  ProxyReseal() {
    keys_.channels.push_back(crypto::new_channel_key("ch1"));
    old_ = sealer_of(keys_);
    keys_.channels.push_back(crypto::new_channel_key("ch2"));
    proxy_.emplace(keys_);
  }

  std::vector<SealedValue> values(int count) {
    std::vector<SealedValue> all;
    for (int i = 1; i <= count; ++i) {
      SealedValue value;
      value.kind = SealedValue::Kind::channel;
      value.user_id = i;
      value.channel_id = 100 + i;
      value.sealed = old_->seal(Secret(std::string("webhook")),
                                {.user_id = value.user_id, .channel_id = value.channel_id});
      all.push_back(value);
    }
    return all;
  }

  std::vector<runtime::Result<std::string>> reseal(std::vector<SealedValue> some,
                                                   const std::string& secret = "shared") {
    runtime::VirtualClock clock(kNow);
    const Secret shared{std::string(secret)};
    const ProxyAccess access{.http = *proxy_,
                             .clock = clock,
                             .urls = {"http://proxy.invalid"},
                             .secret = shared,
                             .prefix = "c1.ch2."};
    boost::asio::io_context io;
    std::vector<runtime::Result<std::string>> results;
    boost::asio::co_spawn(io, reseal_at_proxy(&access, std::move(some)),
                          [&](std::exception_ptr error, auto value) {
                            if (error) std::rethrow_exception(error);
                            results = std::move(value);
                          });
    io.run();
    return results;
  }

  crypto::Keyring keys_;
  std::unique_ptr<crypto::Sealer> old_;
  std::optional<ProxyEnd> proxy_;
};

TEST_F(ProxyReseal, EveryValueComesBackUnderTheNewestKeyInOrder) {
  const auto some = values(450);
  const auto results = reseal(some);
  ASSERT_EQ(results.size(), some.size());
  EXPECT_EQ(proxy_->requests, 3);
  const auto opener = sealer_of(keys_);
  for (std::size_t i = 0; i < some.size(); ++i) {
    ASSERT_TRUE(results[i].has_value()) << results[i].error().message;
    EXPECT_TRUE(results[i]->starts_with("c1.ch2."));
    EXPECT_TRUE(
        opener->open(*results[i], {.user_id = some[i].user_id, .channel_id = some[i].channel_id})
            .has_value());
  }
}

TEST_F(ProxyReseal, OneBadValueIsItsOwnTroubleAlone) {
  auto some = values(3);
  some[1].user_id = 99;
  const auto results = reseal(some);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_TRUE(results[0].has_value());
  EXPECT_EQ(results[1].error().message, "the proxy says sealed_does_not_open");
  EXPECT_TRUE(results[2].has_value());
}

TEST_F(ProxyReseal, AProxyWithoutTheNewestKeyIsFoundOut) {
  keys_.channels.pop_back();
  proxy_.emplace(keys_);
  const auto results = reseal(values(1));
  EXPECT_EQ(results.at(0).error().code, "proxy_lacks_key");
}

TEST_F(ProxyReseal, AProxyThatIsAwayRefusesOrTalksNonsenseLosesNothing) {
  EXPECT_EQ(reseal(values(2), "another secret").at(1).error().message, "the proxy answers 401");
  for (const char* said : {"", "nonsense", "{}", R"({"values":3})", R"({"values":[]})",
                           R"({"values":[{"sealed":7},{}]})", R"({"values":[1,null]})"}) {
    proxy_->said = said;
    proxy_->away = proxy_->said.empty();
    const auto results = reseal(values(2));
    ASSERT_EQ(results.size(), 2U) << said;
    EXPECT_FALSE(results[0].has_value() || results[1].has_value()) << said;
  }
}

}  // namespace
}  // namespace streaky::app

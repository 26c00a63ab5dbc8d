#include "app/doctor_sealed.h"

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "app/key_rotation.h"
#include "app/proxy_reseal.h"
#include "app/stored_keys.h"
#include "crypto/key_file.h"
#include "store/sealed_values.h"

namespace streaky::app {

namespace {

using store::SealedValue;

constexpr int kValuesPerRead = 1'000;

/// One of `proxy.urls`, and what came of asking it.
struct AtProxy {
  ProxyAccess access;
  int opened = 0;
  int refused = 0;
  std::string trouble;  // it was not asked any further
};

/// Goes over all sealed values once.
class Look {
 public:
  Look(Base& base, net::HttpClient& http, const Options& options)
      : base_(base), sealer_(open_keys(options, false)) {
    // An original proxy knows nothing of our keys.
    if (options.proxy_secret.empty() || options.proxy_compat) return;
    for (const std::string& url : options.proxy_urls) {
      const ProxyAccess access{.http = http,
                               .clock = *base.clock,
                               .urls = {url},
                               .secret = options.proxy_secret.front(),
                               .prefix = sealer_->seals_as(crypto::Purpose::channel)};
      proxies_.push_back(AtProxy{.access = access, .trouble = {}});
    }
  }

  std::vector<Finding> run(store::Database& database, const Options& options) {
    for (AtProxy& proxy : proxies_) try_newest_key(proxy);
    store::SealedValues values(database);
    open_all(values, SealedValue::Kind::token);
    open_all(values, SealedValue::Kind::channel);
    for (const AtProxy& proxy : proxies_) findings_.push_back(finding_of(proxy));
    findings_.push_back(finding_of_keys(options));
    findings_.push_back(finding_of_sealing(database, options));
    return std::move(findings_);
  }

 private:
  void open_all(store::SealedValues& values, SealedValue::Kind kind) {
    std::int64_t after = 0;
    for (;;) {
      auto some = base_.run(values.not_of(kind, "", after, kValuesPerRead));
      if (some.empty()) return;
      after = some.back().id();
      open(std::move(some));
    }
  }

  void open(std::vector<SealedValue> some) {
    std::vector<SealedValue> foreign;
    for (SealedValue& value : some) {
      ++values_;
      const auto result = sealer_->open(value.sealed, binding_of(value));
      if (result) continue;
      if (result.error().code == "sealed_no_private_key") {
        foreign.push_back(std::move(value));
      } else {
        name(value, result.error().message);
      }
    }
    foreign_ += static_cast<int>(foreign.size());
    for (AtProxy& proxy : proxies_) open_at(proxy, foreign);
  }

  void open_at(AtProxy& proxy, const std::vector<SealedValue>& foreign) {
    if (foreign.empty() || !proxy.trouble.empty()) return;
    const auto results = base_.run(reseal_at_proxy(&proxy.access, foreign));
    for (std::size_t i = 0; i < foreign.size() && i < results.size(); ++i) {
      if (results[i]) {
        ++proxy.opened;
      } else if (!results[i].error().permanent) {
        proxy.trouble = results[i].error().message;
      } else {
        ++proxy.refused;
        name(foreign[i], proxy.access.urls.front() + ": " + results[i].error().message);
      }
    }
  }

  /// Whatever is stored: what is sealed from now on must open there.
  void try_newest_key(AtProxy& proxy) {
    SealedValue probe;
    probe.kind = SealedValue::Kind::channel;
    probe.sealed = sealer_->seal(runtime::Secret("probe"), binding_of(probe));
    const auto results = base_.run(reseal_at_proxy(&proxy.access, {probe}));
    if (!results.front()) proxy.trouble = results.front().error().message;
    proxy.access.prefix.clear();  // older values may be sealed with older keys
  }

  void name(const SealedValue& value, std::string why) {
    findings_.push_back({"sealed " + value.what + " of " + value.login, false, std::move(why)});
  }

  static Finding finding_of(const AtProxy& proxy) {
    const std::string what = "proxy " + proxy.access.urls.front();
    if (!proxy.trouble.empty()) return {what, false, proxy.trouble};
    return {what, proxy.refused == 0,
            fmt::format("has the newest key and opens {} of {} channel credentials that it alone "
                        "can open",
                        proxy.opened, proxy.opened + proxy.refused)};
  }

  /// Whether what is sealed from now on can be stored.
  Finding finding_of_sealing(store::Database& database, const Options& options) {
    const crypto::KeySource source = key_source(options);
    const std::string name = source.text.empty() ? source.file : source.name;
    store::KnownKeys registry(database);
    const auto known = base_.run(registry.list());
    const auto lines = lines_of(crypto::read_keys(source, false).keys);
    std::string why = why_not_ours(lines, known, name);
    for (const store::KnownKey& key : known) {
      const bool seals = key.prefix == sealer_->seals_as(crypto::Purpose::github_token) ||
                         key.prefix == sealer_->seals_as(crypto::Purpose::channel);
      if (!key.retired || !seals || !why.empty()) continue;
      why = fmt::format("{}: seals with {}, which was retired: put the newest key file there", name,
                        key.prefix);
    }
    return {"keys of this database", why.empty(), why.empty() ? "they are those of " + name : why};
  }

  [[nodiscard]] Finding finding_of_keys(const Options& options) const {
    const crypto::KeySource source = key_source(options);
    std::string detail = fmt::format("{}, {} sealed values looked at",
                                     source.text.empty() ? source.file : source.name, values_);
    if (foreign_ > 0) {
      detail += fmt::format("; {} channel credentials can be opened by the proxy alone{}", foreign_,
                            proxies_.empty() ? " and were not (proxy.urls)" : "");
    }
    return {"keys", foreign_ == 0 || !proxies_.empty(), detail};
  }

  Base& base_;  // borrowed
  std::unique_ptr<crypto::Sealer> sealer_;
  std::vector<AtProxy> proxies_;
  std::vector<Finding> findings_;
  int values_ = 0;
  int foreign_ = 0;
};

}  // namespace

std::vector<Finding> check_sealed(Base& base, net::HttpClient& http, store::Database& database,
                                  const Options& options) {
  Look look(base, http, options);
  return look.run(database, options);
}

}  // namespace streaky::app

#include "app/couriers.h"

#include <stdexcept>

#include "notify/direct_courier.h"
#include "notify/original_courier.h"
#include "notify/proxy_courier.h"

namespace streaky::app {

std::unique_ptr<notify::Courier> make_courier(Base& base, Outside& outside,
                                              const crypto::Sealer& sealer,
                                              const Options& options) {
  if (options.proxy_urls.empty()) {
    return std::make_unique<notify::DirectCourier>(sealer, outside.notifier, *base.clock,
                                                   *base.random, *base.log);
  }
  if (options.proxy_secret.empty()) {
    throw std::runtime_error(
        "proxy.urls is set, but not proxy.secret (STREAKY_PROXY_SECRET), which the proxies want");
  }
  if (!options.proxy_compat) {
    notify::ProxyOptions proxy;
    proxy.urls = options.proxy_urls;
    proxy.secret = options.proxy_secret.front().clone();
    return std::make_unique<notify::ProxyCourier>(outside.http, *base.clock, *base.random,
                                                  *base.log, base.metrics, base.io.get_executor(),
                                                  std::move(proxy));
  }
  if (options.proxy_compat_key.empty()) {
    throw std::runtime_error(
        "proxy.compat is set: proxy.compat_key (ENCRYPTION_KEY) is needed to seal for an original "
        "proxy");
  }
  notify::OriginalOptions original;
  original.urls = options.proxy_urls;
  original.secret = options.proxy_secret.front().clone();
  original.key = options.proxy_compat_key.clone();
  original.telegram_bot_token = options.telegram_bot_token.clone();
  return std::make_unique<notify::OriginalCourier>(outside.http, sealer, *base.clock, *base.random,
                                                   *base.log, base.metrics, std::move(original));
}

}  // namespace streaky::app

#include "runtime/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <utility>

namespace streaky::runtime {

struct Metrics::Store {
  using Key = std::pair<std::string, Labels>;

  prometheus::Registry registry;
  mutable std::mutex mutex;  // guards the maps; the metrics themselves are atomic
  std::map<Key, prometheus::Counter*> counters;
  std::map<Key, prometheus::Gauge*> gauges;
};

Metrics::Metrics() : store_(std::make_unique<Store>()) {}
Metrics::~Metrics() = default;

void Metrics::count(const std::string& name, const Labels& labels, double by) {
  const std::lock_guard lock(store_->mutex);
  auto& counter = store_->counters[{name, labels}];
  if (counter == nullptr) {
    counter = &prometheus::BuildCounter().Name(name).Register(store_->registry).Add(labels);
  }
  counter->Increment(by);
}

void Metrics::gauge(const std::string& name, double value, const Labels& labels) {
  const std::lock_guard lock(store_->mutex);
  auto& gauge = store_->gauges[{name, labels}];
  if (gauge == nullptr) {
    gauge = &prometheus::BuildGauge().Name(name).Register(store_->registry).Add(labels);
  }
  gauge->Set(value);
}

double Metrics::value(const std::string& name, const Labels& labels) const {
  const std::lock_guard lock(store_->mutex);
  const Store::Key key{name, labels};
  if (const auto found = store_->counters.find(key); found != store_->counters.end()) {
    return found->second->Value();
  }
  if (const auto found = store_->gauges.find(key); found != store_->gauges.end()) {
    return found->second->Value();
  }
  return 0;
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(store_->registry.Collect());
}

}  // namespace streaky::runtime

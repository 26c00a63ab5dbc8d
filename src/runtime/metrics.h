// Counters and gauges for `/metrics`, in Prometheus' text format.
//
// A metric is created on first use and lives as long as the registry; keep the reference rather
// than looking it up in a loop. Labels must come from a small fixed set (a code, a channel kind),
// never from users. Threading: any thread.
#pragma once

#include <map>
#include <memory>
#include <string>

namespace prometheus {
// Another library of ours has a Counter too, in its own namespace.
// NOLINTNEXTLINE(bugprone-forward-declaration-namespace)
class Counter;
class Gauge;
class Registry;
}  // namespace prometheus

namespace streaky::runtime {

class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics();

  /// Adds `by` to the counter `name` (without the `_total` suffix being added for you).
  void count(const std::string& name, const Labels& labels = {}, double by = 1);
  void gauge(const std::string& name, double value, const Labels& labels = {});

  /// The value of a counter or gauge, 0 when it does not exist.
  [[nodiscard]] double value(const std::string& name, const Labels& labels = {}) const;
  /// Prometheus text exposition format, version 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct Store;
  std::unique_ptr<Store> store_;
};

}  // namespace streaky::runtime

#include "app/key_rotation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace streaky::app {

namespace {

using store::SealedValue;
using Kind = SealedValue::Kind;

/// One pass over one sort of values.
class Pass {
 public:
  Pass(store::SealedValues& values, const crypto::Sealer& sealer, const ResealElsewhere* elsewhere,
       ResealReport& report)
      : values_(values), sealer_(sealer), elsewhere_(elsewhere), report_(report) {}

  /// False when there was nothing to do.
  runtime::Task<bool> run(Kind kind, const std::function<void(std::int64_t)>* progress) {
    const auto purpose =
        kind == Kind::token ? crypto::Purpose::github_token : crypto::Purpose::channel;
    const std::string prefix = sealer_.seals_as(purpose);
    std::int64_t after = 0;
    bool changed = false;
    for (;;) {
      auto some = co_await values_.not_of(kind, prefix, after, kResealBatch);
      if (some.empty()) co_return changed;
      after = some.back().id();
      const int done = co_await reseal(std::move(some));
      changed = changed || done > 0;
      report_.resealed += done;
      (*progress)(report_.resealed);
    }
  }

 private:
  runtime::Task<int> reseal(std::vector<SealedValue> values) {
    std::vector<store::ResealedValue> resealed;
    std::vector<SealedValue> foreign;
    for (SealedValue& value : values) {
      auto anew = crypto::reseal(sealer_, value.sealed, binding_of(value));
      const bool elsewhere = !anew && anew.error().code == "sealed_no_private_key";
      if (elsewhere && elsewhere_ != nullptr) {
        foreign.push_back(std::move(value));
      } else {
        take(resealed, std::move(value), std::move(anew));
      }
    }
    if (!foreign.empty()) {
      auto results = co_await (*elsewhere_)(foreign);
      for (std::size_t i = 0; i < foreign.size() && i < results.size(); ++i) {
        take(resealed, std::move(foreign[i]), std::move(results[i]));
      }
    }
    co_return co_await values_.replace(std::move(resealed));
  }

  void take(std::vector<store::ResealedValue>& resealed, SealedValue value,
            runtime::Result<std::string> anew) {
    if (anew) {
      resealed.push_back({.before = std::move(value), .anew = std::move(*anew)});
      return;
    }
    if (report_.not_opened.size() == kMostNamed) return;
    report_.not_opened.push_back(
        fmt::format("{} of {}: {}", value.what, value.login, anew.error().message));
  }

  store::SealedValues& values_;       // borrowed
  const crypto::Sealer& sealer_;      // borrowed
  const ResealElsewhere* elsewhere_;  // borrowed
  ResealReport& report_;              // borrowed
};

std::int64_t count_older(const std::map<std::string, std::int64_t>& counts,
                         const std::string& token_prefix, const std::string& channel_prefix) {
  std::int64_t older = 0;
  for (const auto& [prefix, count] : counts) {
    if (prefix != token_prefix && prefix != channel_prefix) older += count;
  }
  return older;
}

}  // namespace

crypto::Binding binding_of(const SealedValue& value) {
  const bool token = value.kind == Kind::token;
  return crypto::Binding{
      .purpose = token ? crypto::Purpose::github_token : crypto::Purpose::channel,
      .user_id = value.user_id,
      .channel_id = value.channel_id};
}

runtime::Task<ResealReport> reseal_all(store::SealedValues* values, const crypto::Sealer* sealer,
                                       const ResealElsewhere* elsewhere,
                                       const std::function<void(std::int64_t)>* progress) {
  ResealReport report;
  for (int i = 0; i < kMostResealPasses; ++i) {
    report.not_opened.clear();
    Pass pass(*values, *sealer, elsewhere, report);
    const bool tokens = co_await pass.run(Kind::token, progress);
    const bool channels = co_await pass.run(Kind::channel, progress);
    if (!tokens && !channels) break;
  }
  const auto counts = co_await values->count_by_key();
  report.left = count_older(counts, sealer->seals_as(crypto::Purpose::github_token),
                            sealer->seals_as(crypto::Purpose::channel));
  co_return report;
}

runtime::Task<crypto::Keyring> retire_unneeded(store::SealedValues* values,
                                               const crypto::Keyring* keys) {
  crypto::Keyring kept = keys->clone();
  const auto* master = keys->sealing_master();
  const auto* channel = keys->sealing_channel();
  for (const crypto::MasterKey& key : keys->masters) {
    if (key.prepared || &key == master) continue;
    const std::string prefix = fmt::format("v1.{}.", key.id);
    const bool retired = co_await values->retire(prefix);
    if (retired) std::erase_if(kept.masters, [&](const auto& k) { return k.id == key.id; });
  }
  for (const crypto::ChannelKey& key : keys->channels) {
    if (key.prepared || &key == channel) continue;
    const std::string prefix = fmt::format("c1.{}.", key.id);
    const bool retired = co_await values->retire(prefix);
    if (retired) std::erase_if(kept.channels, [&](const auto& k) { return k.id == key.id; });
  }
  co_return kept;
}

}  // namespace streaky::app

// Sealing and opening a credential of a webhook's length: once per sign-up, once per message.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "crypto/sealer.h"

namespace streaky::bench {
namespace {

constexpr crypto::Binding kBinding{
    .purpose = crypto::Purpose::channel, .user_id = 42, .channel_id = 43};

runtime::Secret webhook() {
  return runtime::Secret("https://discord.com/api/webhooks/1150000000000000077/" +
                         std::string(68, 'k'));
}

void seal_webhook(benchmark::State& state) {
  const auto sealer = crypto::make_ephemeral_sealer();
  const runtime::Secret value = webhook();
  for (auto _ : state) benchmark::DoNotOptimize(sealer->seal(value, kBinding));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(seal_webhook);

void open_webhook(benchmark::State& state) {
  const auto sealer = crypto::make_ephemeral_sealer();
  const std::string sealed = sealer->seal(webhook(), kBinding);
  for (auto _ : state) {
    const auto opened = sealer->open(sealed, kBinding);
    if (!opened) {
      state.SkipWithError(opened.error().message.c_str());
      return;
    }
    benchmark::DoNotOptimize(opened->reveal().data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(open_webhook);

}  // namespace
}  // namespace streaky::bench

// Whatever a request may carry in the place of its signature: nothing is accepted, nothing crashes,
// nothing is remembered.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/request_signature.h"

namespace {

using namespace streaky;

crypto::RequestVerifier& verifier() {
  static auto made = [] {
    std::vector<runtime::Secret> secrets;
    secrets.emplace_back(std::string("a shared secret"));
    return crypto::RequestVerifier(std::move(secrets));
  }();
  return made;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto cut = std::min(input.find('\n'), input.size());
  const std::string header(input.substr(0, cut));
  const std::string path(input.substr(cut));
  const runtime::TimePoint now{std::chrono::seconds{1'785'400'000}};
  const auto verified = verifier().verify(header, {"POST", path, "body"}, now);
  if (verified || verifier().remembered() != 0) std::abort();
  return 0;
}

// The raw head of a request: what the guard lets through can be understood in one way only.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/egress.h"
#include "net/http_guard.h"
#include "net/origin.h"
#include "runtime/bytes.h"

namespace {

using namespace streaky;

constexpr std::size_t kMaxBody = 1'000'000;

void require(bool holds) {
  if (!holds) std::abort();
}

std::size_t lines_that_begin(const std::string& head, const std::string& field) {
  std::size_t count = 0;
  const std::string begin = "\r\n" + field;
  for (std::size_t at = head.find(begin); at != std::string::npos; at = head.find(begin, at + 1)) {
    ++count;
  }
  return count;
}

void try_head(std::string_view input) {
  const std::size_t end = net::end_of_head(input);
  if (end == std::string_view::npos) return;
  const std::string head(input.substr(0, end));
  net::Framing framing;
  const auto refusal = net::check_head(head, kMaxBody, framing);
  if (refusal) {
    require(refusal->status >= 400 && refusal->status <= 505 && !refusal->reason.empty());
    return;
  }
  const std::string lower = runtime::to_lower_ascii(head);
  require(framing.length <= kMaxBody);
  require(!framing.chunked || framing.length == 0);
  require(lines_that_begin(lower, "transfer-encoding:") == (framing.chunked ? 1U : 0U));
  require(lines_that_begin(lower, "content-length:") + (framing.chunked ? 1U : 0U) <= 1U);
  require(lines_that_begin(lower, "host:") <= 1U);
  require(lines_that_begin(lower, " ") == 0 && lines_that_begin(lower, "\t") == 0);
  require(lower.find('\0') == std::string::npos);
  require(std::ranges::count(lower, '\r') == std::ranges::count(lower, '\n'));
}

void try_url(std::string_view input) {
  const auto origin = net::origin_of_url(input);
  if (!origin) return;
  const auto again = net::parse_origin(*origin);
  require(again && again->text == *origin);
  const net::EgressRules rules = {{.origin = "https://discord.com"}};
  const auto allowed = net::check_egress(rules, input);
  require(!allowed || again->host == "discord.com");
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try_head(input);
  try_url(input);
  return 0;
}

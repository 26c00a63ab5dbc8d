// What a worker and a proxy may send each other, and what an original worker may send: nothing
// crashes, and what is accepted means the same once it is written and read again.
//
// The first byte says which of the three is tried.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "notify/proxy_wire.h"
#include "proxy/original.h"

namespace {

using namespace streaky;

constexpr runtime::TimePoint kNow{std::chrono::seconds{1'785'400'000}};

void require(bool holds) {
  if (!holds) std::abort();
}

void try_delivery(const boost::json::value& value) {
  const auto read = notify::read_delivery(value, kNow);
  require(read || !read.error().message.empty());
  if (!read) return;
  require(notify::delivery_id_of(value) == read->delivery_id);
  boost::system::error_code error;
  const auto written = boost::json::parse(notify::delivery_text(*read, kNow), error);
  require(!error);
  const auto again = notify::read_delivery(written, kNow);
  require(again && again->sealed == read->sealed && again->message.body == read->message.body &&
          again->channel_id == read->channel_id && again->expires_at == read->expires_at);
}

void try_deliveries(std::string_view text) {
  boost::system::error_code error;
  const auto value = boost::json::parse(text, error);
  if (error || !value.is_object()) return;
  const auto* list = value.get_object().if_contains("deliveries");
  if (list == nullptr || !list->is_array()) return;
  for (const auto& one : list->get_array()) try_delivery(one);
}

void try_outcome(std::string_view line) {
  const auto read = notify::read_outcome(line, kNow);
  if (!read) return;
  std::string written = notify::outcome_line(read->delivery_id, read->carried, kNow);
  require(written.ends_with('\n'));
  written.pop_back();
  require(written.find('\n') == std::string::npos);
  const auto again = notify::read_outcome(written, kNow);
  require(again && again->delivery_id == read->delivery_id &&
          again->carried.outcome.index() == read->carried.outcome.index() &&
          again->carried.resealed == read->carried.resealed);
}

void try_original(std::string_view text) {
  const auto read = proxy::read_original(text);
  if (!read) return;
  const runtime::Secret key("0123456789abcdef0123456789abcdef");
  // Nobody who lacks the key seals what it opens.
  require(!proxy::original_credential(*read, key));
  require(!proxy::original_message(*read).subject.empty());
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (*data % 3 == 0) try_deliveries(text);
  if (*data % 3 == 1) try_outcome(text);
  if (*data % 3 == 2) try_original(text);
  return 0;
}

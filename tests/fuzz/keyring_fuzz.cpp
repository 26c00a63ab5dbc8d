// Whatever a key file may hold: it is read or refused with one line, and what is read survives
// being written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "crypto/keyring.h"

namespace {

using namespace streaky;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_write_read(std::string_view text) {
  const crypto::Keyring once = crypto::parse_keyring(text, "keys");
  require(once.masters.size() <= crypto::kMaxKeys && once.channels.size() <= crypto::kMaxKeys);
  const crypto::Keyring again = crypto::parse_keyring(crypto::to_text(once).reveal(), "keys");
  require(again.masters.size() == once.masters.size());
  require(again.channels.size() == once.channels.size());
  for (std::size_t i = 0; i < once.masters.size(); ++i) {
    require(again.masters[i].id == once.masters[i].id);
    require(again.masters[i].bytes.reveal() == once.masters[i].bytes.reveal());
    require(again.masters[i].prepared == once.masters[i].prepared);
  }
  for (std::size_t i = 0; i < once.channels.size(); ++i) {
    require(again.channels[i].id == once.channels[i].id);
    require(again.channels[i].public_half == once.channels[i].public_half);
    require(again.channels[i].private_half.reveal() == once.channels[i].private_half.reveal());
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    read_write_read(text);
  } catch (const std::runtime_error& error) {
    const std::string_view line = error.what();
    require(line.starts_with("keys: ") && line.size() < 300);
    require(line.find('\n') == std::string_view::npos);
  }
  return 0;
}

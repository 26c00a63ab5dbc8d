// Whatever a database row or a request may hold in the place of a sealed value: it does not open,
// it does not crash, and the error is one of those that are written down.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "crypto/original_form.h"
#include "crypto/sealer.h"
#include "runtime/bytes.h"

namespace {

using namespace streaky;

constexpr crypto::Binding kChannel{crypto::Purpose::channel, 7, 9};
constexpr crypto::Binding kToken{crypto::Purpose::github_token, 7, 0};

// Fixed keys and values that were sealed with them once, so that an input means the same in every
// run.
constexpr std::string_view kKeys =
    "k1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
    "channel ch1 IAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n";
constexpr std::array<std::string_view, 2> kSealed = {
    "v1.k1.ZGVmZ2hpamtsbW5veU98-Qx15oqMxhJF5A0QhKZ_ALKU",
    "c1.ch1.j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF944BA5AjMXpyanuL2_qePywzrIjR4"};

const crypto::Sealer& sealer() {
  static const auto made = [] {
    crypto::KeySource source;
    source.text = runtime::Secret(std::string(kKeys));
    source.name = "keys";
    return crypto::load_sealer(std::move(source), false);
  }();
  return *made;
}

bool is_known_error(const std::string& code) {
  return code == "sealed_malformed" || code == "sealed_unknown_key" ||
         code == "sealed_does_not_open";
}

void require(bool holds) {
  if (!holds) std::abort();
}

void try_text(const std::string& text) {
  const bool genuine = text == kSealed[0] || text == kSealed[1];
  for (const crypto::Binding& binding : {kChannel, kToken}) {
    const auto opened = sealer().open(text, binding);
    if (opened) {
      require(genuine && opened->reveal() == "hello");
    } else {
      require(is_known_error(opened.error().code) && opened.error().permanent);
      require(opened.error().message.size() < 300);
    }
  }
  const runtime::Secret key(std::string(32, 'k'));
  const auto original = crypto::open_original(key, text);
  require(!original && is_known_error(original.error().code));
}

/// A genuine value with some of its bytes changed: pairs of position and new byte.
std::string bent(std::string_view changes, std::string text) {
  for (std::size_t i = 0; i + 1 < changes.size(); i += 2) {
    text.at(static_cast<unsigned char>(changes[i]) % text.size()) = changes[i + 1];
  }
  return text;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      try_text(std::string(input));
      break;
    case 1:
      try_text("v1.k1." + runtime::base64url_encode(input));
      break;
    case 2:
      try_text("c1.ch1." + runtime::base64url_encode(input));
      break;
    case 3:
      try_text(bent(input, std::string(kSealed[0])));
      break;
    default:
      try_text(bent(input, std::string(kSealed[1])));
  }
  return 0;
}

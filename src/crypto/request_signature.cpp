#include "crypto/request_signature.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>

#include "crypto/primitives.h"
#include "runtime/bytes.h"

namespace streaky::crypto {
namespace {

constexpr std::size_t kNonceSize = 16;
constexpr std::size_t kLongestHeader = 256;
constexpr std::size_t kMostTimestampDigits = 12;

struct Parsed {
  std::int64_t timestamp = 0;
  std::string_view nonce;
  std::string signature;
};

bool is_one_line(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20U; });
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string signed_text(const RequestToSign& request, std::int64_t timestamp,
                        std::string_view nonce) {
  return fmt::format("streaky-request-v1\n{}\n{}\n{}\n{}\n{}", request.method, request.path,
                     timestamp, nonce, hex(sha256(request.body)));
}

/// Takes `name=value` off the front, up to a comma or the end.
std::optional<std::string_view> take(std::string_view& text, std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  const auto end = std::min(text.find(','), text.size());
  const auto value = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return value;
}

std::optional<Parsed> parse(std::string_view header) {
  if (header.size() > kLongestHeader || header.ends_with(',')) return std::nullopt;
  const auto timestamp = take(header, "t=");
  const auto nonce = timestamp ? take(header, "n=") : std::nullopt;
  const auto signature = nonce ? take(header, "v1=") : std::nullopt;
  if (!signature || !header.empty() || timestamp->size() > kMostTimestampDigits) {
    return std::nullopt;
  }
  Parsed parsed;
  const char* begin = timestamp->data();
  const char* end = begin + timestamp->size();
  const auto [stop, error] = std::from_chars(begin, end, parsed.timestamp);
  if (error != std::errc{} || stop != end || parsed.timestamp < 0) return std::nullopt;
  const auto nonce_bytes = runtime::base64url_decode(*nonce);
  auto mac = runtime::base64url_decode(*signature);
  if (!nonce_bytes || nonce_bytes->size() != kNonceSize) return std::nullopt;
  if (!mac || mac->size() != kMacBytes) return std::nullopt;
  parsed.nonce = *nonce;
  parsed.signature = std::move(*mac);
  return parsed;
}

std::int64_t unix_seconds(runtime::TimePoint at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

}  // namespace

std::string sign_request(const runtime::Secret& secret, const RequestToSign& request,
                         runtime::TimePoint now) {
  if (secret.empty()) throw std::invalid_argument("a request signed with an empty secret");
  if (!is_one_line(request.method) || !is_one_line(request.path)) {
    throw std::invalid_argument("a request to sign whose method or path has control characters");
  }
  const std::string nonce = runtime::base64url_encode(random_bytes(kNonceSize));
  const std::int64_t timestamp = unix_seconds(now);
  const std::string mac = hmac_sha256(secret.reveal(), signed_text(request, timestamp, nonce));
  return fmt::format("t={},n={},v1={}", timestamp, nonce, runtime::base64url_encode(mac));
}

RequestVerifier::RequestVerifier(std::vector<runtime::Secret> secrets, std::size_t most_nonces)
    : secrets_(std::move(secrets)), most_nonces_(most_nonces) {
  const bool usable = !secrets_.empty() && secrets_.size() <= kMaxRequestSecrets &&
                      std::ranges::none_of(secrets_, &runtime::Secret::empty);
  if (!usable) {
    throw std::invalid_argument(fmt::format(
        "a verifier of requests needs 1 to {} secrets, none empty", kMaxRequestSecrets));
  }
}

bool RequestVerifier::is_signed(std::string_view text, std::string_view signature) const {
  bool found = false;
  // All are tried: which one fitted must not show in the time it takes.
  for (const runtime::Secret& secret : secrets_) {
    found |= runtime::constant_time_equal(hmac_sha256(secret.reveal(), text), signature);
  }
  return found;
}

runtime::Result<runtime::TimePoint> RequestVerifier::verify(std::string_view header,
                                                            const RequestToSign& request,
                                                            runtime::TimePoint now) {
  if (header.empty()) {
    return runtime::fail_for_good("signature_missing",
                                  fmt::format("the header {} is missing", kSignatureHeader));
  }
  const auto parsed = parse(header);
  if (!parsed || !is_one_line(request.method) || !is_one_line(request.path)) {
    return runtime::fail_for_good(
        "signature_malformed",
        fmt::format("{} is not t=<Unix seconds>,n=<nonce>,v1=<signature>", kSignatureHeader));
  }
  if (!is_signed(signed_text(request, parsed->timestamp, parsed->nonce), parsed->signature)) {
    return runtime::fail_for_good("signature_wrong",
                                  "the signature is not made with this secret for this request");
  }
  const std::int64_t oldest = unix_seconds(now - kSignatureAge);
  const std::int64_t newest = unix_seconds(now + kSignatureAge);
  if (parsed->timestamp < oldest || parsed->timestamp > newest) {
    return runtime::fail_for_good(
        "signature_stale", fmt::format("the signature's time is {} s off; accepted are 300: are "
                                       "both clocks right?",
                                       parsed->timestamp - unix_seconds(now)));
  }
  while (!seen_.empty() && seen_.begin()->first < oldest) seen_.erase(seen_.begin());
  std::pair<std::int64_t, std::string> mark(parsed->timestamp, parsed->nonce);
  if (seen_.contains(mark)) {
    return runtime::fail_for_good("signature_replayed", "this very request has come before");
  }
  if (seen_.size() >= most_nonces_) {
    return runtime::fail("signature_overload", "too many signed requests within ten minutes");
  }
  seen_.insert(std::move(mark));
  return runtime::TimePoint{std::chrono::seconds{parsed->timestamp}};
}

}  // namespace streaky::crypto

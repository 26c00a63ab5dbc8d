// Signed requests between a worker and the proxy: who sent it, that nothing was changed, that it is
// fresh, and that it comes for the first time.
//
// One header, `X-Streaky-Signature: t=<Unix seconds>,n=<nonce>,v1=<signature>`: the nonce 16 random
// bytes and the signature 32 bytes, both base64url without padding. The signature is HMAC-SHA256
// with the shared secret over six lines joined by line feeds:
//
//     streaky-request-v1, method, path (with its query), timestamp, nonce, hex SHA-256 of the body
//
// Threading: signing from any thread, a verifier by one thread. Time: the wall clock, handed in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/error.h"
#include "runtime/secret.h"
#include "runtime/time.h"

namespace streaky::crypto {

inline constexpr std::string_view kSignatureHeader = "X-Streaky-Signature";
/// How far the timestamp may lie from now, either way.
inline constexpr runtime::Millis kSignatureAge{5 * 60 * 1'000};
/// Signed requests remembered at a time, those of ten minutes: 160 a second.
inline constexpr std::size_t kMaxNonces = 100'000;
inline constexpr std::size_t kMaxRequestSecrets = 8;

/// What is signed; borrowed for the call. `path` as it stands in the request line.
struct RequestToSign {
  std::string_view method;
  std::string_view path;
  std::string_view body;
};

/// The value of `X-Streaky-Signature`, with a new nonce: sign each attempt anew. Throws
/// std::invalid_argument for an empty secret or a method or path with control characters.
std::string sign_request(const runtime::Secret& secret, const RequestToSign& request,
                         runtime::TimePoint now);

class RequestVerifier {
 public:
  /// Any of the secrets counts, so that one can be replaced without a gap. Throws
  /// std::invalid_argument for none, an empty one, or more than `kMaxRequestSecrets`.
  explicit RequestVerifier(std::vector<runtime::Secret> secrets,
                           std::size_t most_nonces = kMaxNonces);

  /// Errors: `signature_missing`, `signature_malformed`, `signature_wrong`, `signature_stale` (says
  /// by how much), `signature_replayed`, all permanent; `signature_overload` when the memory of
  /// nonces is full: refused, since a repetition could no longer be told. Only requests that were
  /// signed rightly take room there.
  /// The value is the second in which it was signed, by the other side's clock.
  runtime::Result<runtime::TimePoint> verify(std::string_view header, const RequestToSign& request,
                                             runtime::TimePoint now);
  [[nodiscard]] std::size_t remembered() const { return seen_.size(); }

 private:
  [[nodiscard]] bool is_signed(std::string_view text, std::string_view signature) const;

  std::vector<runtime::Secret> secrets_;
  std::size_t most_nonces_;
  std::set<std::pair<std::int64_t, std::string>> seen_;  // timestamp and nonce, oldest first
};

}  // namespace streaky::crypto

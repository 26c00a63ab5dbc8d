// Reads the raw head of a request before any parser does, and refuses what two readers could
// understand differently (RFC 9112, sections 2.2, 5 and 6.3): that is how requests are smuggled.
//
// Pure functions; any thread. Sizes are bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace streaky::net {

struct Refusal {
  int status = 400;
  std::string_view reason;     // a literal, safe to send
  std::size_t most_bytes = 0;  // said to who sent more; 0: nothing is said
};

/// How the body is framed, and whether the client waits for "100 Continue" before sending it.
struct Framing {
  bool chunked = false;
  std::uint64_t length = 0;
  bool expects_continue = false;
};

/// Where the head ends, its empty line included; npos while it is incomplete.
std::size_t end_of_head(std::string_view bytes);

/// `head` is a request line and fields up to and including the empty line. Fills `framing` when it
/// refuses nothing.
std::optional<Refusal> check_head(std::string_view head, std::size_t max_body_bytes,
                                  Framing& framing);

}  // namespace streaky::net

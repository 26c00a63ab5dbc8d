// What the server writes: the head of an answer. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "net/http_server.h"

namespace streaky::net {

/// What the answer needs to know of its request.
struct ReplyContext {
  bool http_1_0 = false;
  bool head_request = false;  // the head alone is sent
  bool keep_alive = true;
};

/// False when a status or header could not be sent as it is: a line break in a value would let its
/// author write headers, or a whole answer, of their own.
bool is_sendable(const ServerResponse& response);
/// `Connection: close` among the handler's headers.
bool wants_close(const ServerResponse& response);
/// False for answers that must not have a body (HEAD, 204, 304).
bool has_body(const ServerResponse& response, const ReplyContext& context);

/// Status line and fields up to and including the empty line. Lengths and connection are the
/// server's own: what a handler says of them is left out.
std::string make_head(const ServerResponse& response, const ReplyContext& context);

/// `{"error":"reason"}`; the reason is a literal without quotes.
ServerResponse make_error(int status, std::string_view reason);

}  // namespace streaky::net

#include "net/http_client.h"

#include "net/field_text.h"

namespace streaky::net {

std::string_view HttpResponse::header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

bool may_have_been_seen(const runtime::Error& error) {
  return error.code != "connect" && error.code != "tls" && error.code != "bad_request" &&
         error.code != "egress";
}

}  // namespace streaky::net

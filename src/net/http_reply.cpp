#include "net/http_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "net/field_text.h"

namespace streaky::net {
namespace {

constexpr std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kUsualHead = 1'024;

/// By hand, not by format: every answer has a dozen.
void add_field(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  head += value;
  head += kLineEnd;
}

bool is_servers_own(std::string_view name) {
  return equals_ignoring_case(name, "Content-Length") ||
         equals_ignoring_case(name, "Transfer-Encoding") ||
         equals_ignoring_case(name, "Connection");
}

}  // namespace

bool is_sendable(const ServerResponse& response) {
  const auto good = [](const HttpHeader& header) {
    return is_token(header.name) && is_field_value(header.value);
  };
  return response.status >= 200 && response.status <= 599 &&
         is_field_value(response.content_type) && std::ranges::all_of(response.headers, good);
}

bool wants_close(const ServerResponse& response) {
  return std::ranges::any_of(response.headers, [](const HttpHeader& header) {
    return equals_ignoring_case(header.name, "Connection") &&
           equals_ignoring_case(header.value, "close");
  });
}

bool has_body(const ServerResponse& response, const ReplyContext& context) {
  return !context.head_request && response.status != 204 && response.status != 304;
}

std::string make_head(const ServerResponse& response, const ReplyContext& context) {
  std::string head;
  head.reserve(kUsualHead);
  head += "HTTP/1.1 ";
  head += std::to_string(response.status);
  head += ' ';
  head += reason_of(response.status);
  head += kLineEnd;
  const bool streamed = static_cast<bool>(response.stream);
  // A HEAD handler that made no body does not know its length, so none is claimed.
  const bool counts = context.head_request ? !response.body.empty() : true;
  if (streamed) {
    if (!context.http_1_0) add_field(head, "Transfer-Encoding", "chunked");
  } else if (response.status != 204 && response.status != 304 && counts) {
    add_field(head, "Content-Length", std::to_string(response.body.size()));
  }
  const bool typed = std::ranges::any_of(response.headers, [](const HttpHeader& header) {
    return equals_ignoring_case(header.name, "Content-Type");
  });
  if (!typed && !response.content_type.empty() && (streamed || !response.body.empty())) {
    add_field(head, "Content-Type", response.content_type);
  }
  for (const HttpHeader& header : response.headers) {
    if (!is_servers_own(header.name)) add_field(head, header.name, header.value);
  }
  if (!context.keep_alive) {
    add_field(head, "Connection", "close");
  } else if (context.http_1_0) {
    add_field(head, "Connection", "keep-alive");
  }
  head += kLineEnd;
  return head;
}

ServerResponse make_error(int status, std::string_view reason) {
  ServerResponse response;
  response.status = status;
  response.body = fmt::format(R"({{"error":"{}"}})", reason);
  return response;
}

}  // namespace streaky::net

// What goes in and out of the world: plain requests and answers, no sockets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_client.h"
#include "runtime/time.h"

namespace streaky::sim {

enum class Service : std::uint8_t { github, oauth, discord, telegram };
inline constexpr std::size_t kServices = 4;
const char* to_text(Service service);
std::optional<Service> parse_service(std::string_view text);

struct Request {
  std::string method;
  std::string target;  // path and query
  std::vector<net::HttpHeader> headers;
  std::string body;
  std::string address = "127.0.0.1";  // the sender, for limits per IP address

  [[nodiscard]] std::string_view path() const;
  [[nodiscard]] std::string_view query() const;
  /// Any case; empty when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// A question that waits for news: it is looked at again until `until` (Telegram::look_again).
struct Held {
  std::int64_t bot = 0;
  std::int64_t offset = 0;
  std::int64_t limit = 0;
  runtime::TimePoint until;  // the world's
};

/// An answer and how it travels. At most one of `reset`, `hang` and `cut_after` is set.
struct Answer {
  net::HttpResponse response;  // Content-Type among the headers
  runtime::Millis latency{0};
  bool reset = false;             // the connection breaks instead of the answer
  bool hang = false;              // no answer ever
  std::ptrdiff_t cut_after = -1;  // the connection breaks after this many bytes of the body
  std::optional<Held> held{};     // what follows is not known yet
};

Answer json_answer(int status, std::string body);
Answer text_answer(int status, std::string content_type, std::string body);
void add_header(Answer& answer, std::string name, std::string value);

void append_json_string(std::string& out, std::string_view text);

using Form = std::vector<std::pair<std::string, std::string>>;
/// application/x-www-form-urlencoded; at most 100 pairs are kept.
Form parse_form(std::string_view text);
/// Empty when absent.
std::string_view form_value(const Form& form, std::string_view name);
std::string percent_encode(std::string_view text);

}  // namespace streaky::sim

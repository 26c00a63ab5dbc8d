#include "sim/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <system_error>

#include "runtime/bytes.h"

namespace streaky::sim {
namespace {

constexpr std::size_t kMostPairs = 100;

std::string decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '+') {
      out.push_back(' ');
    } else if (text[i] == '%' && i + 2 < text.size() &&
               std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr ==
                   text.data() + i + 3) {
      out.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace

const char* to_text(Service service) {
  switch (service) {
    case Service::github:
      return "github";
    case Service::oauth:
      return "oauth";
    case Service::discord:
      return "discord";
    case Service::telegram:
      return "telegram";
  }
  return "unknown";
}

std::optional<Service> parse_service(std::string_view text) {
  for (const Service service :
       {Service::github, Service::oauth, Service::discord, Service::telegram}) {
    if (text == to_text(service)) {
      return service;
    }
  }
  return std::nullopt;
}

std::string_view Request::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::query() const {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::string_view Request::header(std::string_view name) const {
  const std::string wanted = runtime::to_lower_ascii(name);
  for (const net::HttpHeader& header : headers) {
    if (header.name.size() == wanted.size() && runtime::to_lower_ascii(header.name) == wanted) {
      return header.value;
    }
  }
  return {};
}

Answer json_answer(int status, std::string body) {
  return text_answer(status, "application/json; charset=utf-8", std::move(body));
}

Answer text_answer(int status, std::string content_type, std::string body) {
  Answer answer;
  answer.response.status = status;
  answer.response.body = std::move(body);
  add_header(answer, "Content-Type", std::move(content_type));
  return answer;
}

void add_header(Answer& answer, std::string name, std::string value) {
  answer.response.headers.push_back(net::HttpHeader{std::move(name), std::move(value)});
}

void append_json_string(std::string& out, std::string_view text) {
  const auto is_escaped = [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20U;
  };
  out.push_back('"');
  while (!text.empty()) {
    const auto* const stop = std::find_if(text.begin(), text.end(), is_escaped);
    const auto plain = static_cast<std::size_t>(stop - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const char c = text.front();
    text.remove_prefix(1);
    if (static_cast<unsigned char>(c) < 0x20U) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out.push_back('\\');
      out.push_back(c);
    }
  }
  out.push_back('"');
}

Form parse_form(std::string_view text) {
  Form form;
  while (!text.empty() && form.size() < kMostPairs) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) {
      continue;
    }
    const std::size_t equals = pair.find('=');
    form.emplace_back(decode(pair.substr(0, equals)), equals == std::string_view::npos
                                                          ? std::string()
                                                          : decode(pair.substr(equals + 1)));
  }
  return form;
}

std::string_view form_value(const Form& form, std::string_view name) {
  for (const auto& [key, value] : form) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace streaky::sim

#include "sim/telegram_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

#include "runtime/bytes.h"

namespace streaky::sim {
namespace {

constexpr std::array kTags = {"b",    "strong",     "i",        "em",        "u",    "ins",
                              "s",    "strike",     "del",      "a",         "code", "pre",
                              "span", "tg-spoiler", "tg-emoji", "blockquote"};
constexpr std::size_t kDeepest = 32;

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80U) {
    out.push_back(static_cast<char>(code));
    return;
  }
  const unsigned extra = code < 0x800U ? 1U : (code < 0x10000U ? 2U : 3U);
  constexpr std::array<std::uint32_t, 4> kLead = {0, 0xC0U, 0xE0U, 0xF0U};
  out.push_back(static_cast<char>(kLead.at(extra) | (code >> (6U * extra))));
  for (unsigned i = extra; i > 0; --i) {
    out.push_back(static_cast<char>(0x80U | ((code >> (6U * (i - 1U))) & 0x3FU)));
  }
}

class HtmlParser {
 public:
  explicit HtmlParser(std::string_view html) : html_(html) {}

  std::expected<std::string, std::string> run() {
    while (position_ < html_.size()) {
      const char c = html_[position_];
      if (c == '&') {
        entity();
      } else if (c == '<') {
        std::string problem = tag();
        if (!problem.empty()) {
          return std::unexpected(std::move(problem));
        }
      } else {
        text_.push_back(c);
        ++position_;
      }
    }
    if (!open_.empty()) {
      return std::unexpected(
          fmt::format("Can't find end tag corresponding to start tag \"{}\"", open_.back()));
    }
    return std::move(text_);
  }

 private:
  /// What is no entity stays as it was written, as the server leaves it.
  void entity() {
    const std::size_t end = html_.find(';', position_);
    if (end != std::string_view::npos && end - position_ <= 10) {
      const std::string_view name = html_.substr(position_ + 1, end - position_ - 1);
      constexpr std::array<std::pair<std::string_view, char>, 4> kNamed = {
          {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}}};
      for (const auto& [known, character] : kNamed) {
        if (name == known) {
          text_.push_back(character);
          position_ = end + 1;
          return;
        }
      }
      if (numeric(name)) {
        position_ = end + 1;
        return;
      }
    }
    text_.push_back('&');
    ++position_;
  }

  bool numeric(std::string_view name) {
    if (!name.starts_with('#')) {
      return false;
    }
    name.remove_prefix(1);
    const bool hex = name.starts_with('x');
    name.remove_prefix(hex ? 1 : 0);
    std::uint32_t code = 0;
    const auto [stop, error] =
        std::from_chars(name.data(), name.data() + name.size(), code, hex ? 16 : 10);
    if (error != std::errc{} || stop != name.data() + name.size() || code == 0 ||
        code > 0x10FFFFU || (code >= 0xD800U && code <= 0xDFFFU)) {
      return false;
    }
    append_utf8(text_, code);
    return true;
  }

  std::string tag() {
    const std::size_t start = position_;
    ++position_;
    const bool closing = position_ < html_.size() && html_[position_] == '/';
    position_ += closing ? 1U : 0U;
    const std::size_t name_start = position_;
    while (position_ < html_.size() && html_[position_] != '>' && html_[position_] != ' ' &&
           html_[position_] != '\n') {
      ++position_;
    }
    const std::string name =
        runtime::to_lower_ascii(html_.substr(name_start, position_ - name_start));
    if (!closing && std::ranges::find(kTags, name) == kTags.end()) {
      return fmt::format("Unsupported start tag \"{}\" at byte offset {}", name, start);
    }
    if (!skip_attributes()) {
      return fmt::format("Unclosed start tag at byte offset {}", start);
    }
    ++position_;
    if (!closing) {
      if (open_.size() >= kDeepest) {
        return fmt::format("Too many nested tags at byte offset {}", start);
      }
      open_.push_back(name);
      return {};
    }
    if (open_.empty()) {
      return fmt::format("Unexpected end tag at byte offset {}", start);
    }
    if (!name.empty() && name != open_.back()) {
      return fmt::format("Unmatched end tag at byte offset {}, expected \"</{}>\", found \"</{}>\"",
                         start, open_.back(), name);
    }
    open_.pop_back();
    return {};
  }

  /// Up to the closing bracket; quoted values may hold one.
  bool skip_attributes() {
    char quote = '\0';
    for (; position_ < html_.size(); ++position_) {
      const char c = html_[position_];
      if (quote != '\0') {
        quote = c == quote ? '\0' : quote;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '>') {
        return true;
      }
    }
    return false;
  }

  std::string_view html_;
  std::size_t position_ = 0;
  std::string text_;
  std::vector<std::string> open_;
};

}  // namespace

std::expected<std::string, std::string> parse_telegram_html(std::string_view html) {
  return HtmlParser(html).run();
}

std::size_t utf16_length(std::string_view utf8) {
  std::size_t length = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) {
      length += byte >= 0xF0U ? 2U : 1U;
    }
  }
  return length;
}

}  // namespace streaky::sim

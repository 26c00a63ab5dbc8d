#include "sim/graphql_lexer.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace streaky::sim::graphql {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80U) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800U) {
    out.push_back(static_cast<char>(0xC0U | (code >> 6U)));
    out.push_back(static_cast<char>(0x80U | (code & 0x3FU)));
  } else {
    out.push_back(static_cast<char>(0xE0U | (code >> 12U)));
    out.push_back(static_cast<char>(0x80U | ((code >> 6U) & 0x3FU)));
    out.push_back(static_cast<char>(0x80U | (code & 0x3FU)));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::expected<std::vector<Token>, Problem> run() {
    std::vector<Token> tokens;
    for (;;) {
      skip_ignored();
      Token token;
      token.at = Location{line_, static_cast<int>(position_ - line_start_) + 1};
      if (position_ == source_.size()) {
        tokens.push_back(std::move(token));
        return tokens;
      }
      if (tokens.size() >= kMostTokens) {
        return std::unexpected(Problem{"Query has too many tokens", token.at, "", {}, {}});
      }
      if (!read(token)) {
        const std::string bad(1, source_[position_ < source_.size() ? position_ : position_ - 1]);
        return std::unexpected(
            Problem{fmt::format("Parse error on \"{}\" (UNKNOWN_CHAR) at [{}, {}]", bad,
                                token.at.line, token.at.column),
                    token.at,
                    "",
                    {},
                    {}});
      }
      tokens.push_back(std::move(token));
    }
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return position_ + ahead < source_.size() ? source_[position_ + ahead] : '\0';
  }

  void newline() {
    ++line_;
    line_start_ = position_;
  }

  void skip_ignored() {
    while (position_ < source_.size()) {
      const char c = source_[position_];
      if (c == '\n') {
        ++position_;
        newline();
      } else if (c == ' ' || c == '\t' || c == '\r' || c == ',') {
        ++position_;
      } else if (source_.substr(position_).starts_with("\xEF\xBB\xBF")) {
        position_ += 3;
      } else if (c == '#') {
        while (position_ < source_.size() && source_[position_] != '\n') {
          ++position_;
        }
      } else {
        return;
      }
    }
  }

  bool read(Token& token) {
    const char c = peek();
    if (is_letter(c)) {
      const std::size_t start = position_;
      while (is_letter(peek()) || is_digit(peek())) {
        ++position_;
      }
      token.kind = Token::Kind::name;
      token.text = source_.substr(start, position_ - start);
      return true;
    }
    if (is_digit(c) || c == '-') {
      return read_number(token);
    }
    if (c == '"') {
      token.kind = Token::Kind::string;
      return source_.substr(position_).starts_with("\"\"\"") ? read_block(token)
                                                             : read_string(token);
    }
    token.kind = Token::Kind::punctuator;
    if (source_.substr(position_).starts_with("...")) {
      token.text = "...";
      position_ += 3;
      return true;
    }
    if (std::string_view("!$&()[]{}:=@|").find(c) == std::string_view::npos) {
      return false;
    }
    token.text = std::string(1, c);
    ++position_;
    return true;
  }

  bool digits() {
    const std::size_t start = position_;
    while (is_digit(peek())) {
      ++position_;
    }
    return position_ > start;
  }

  bool read_number(Token& token) {
    const std::size_t start = position_;
    position_ += peek() == '-' ? 1U : 0U;
    if (!digits()) {
      return false;
    }
    token.kind = Token::Kind::integer;
    if (peek() == '.') {
      ++position_;
      token.kind = Token::Kind::decimal;
      if (!digits()) {
        return false;
      }
    }
    if (peek() == 'e' || peek() == 'E') {
      ++position_;
      position_ += peek() == '-' || peek() == '+' ? 1U : 0U;
      token.kind = Token::Kind::decimal;
      if (!digits()) {
        return false;
      }
    }
    token.text = source_.substr(start, position_ - start);
    return !is_letter(peek());
  }

  bool read_escape(std::string& out) {
    const char c = peek();
    ++position_;
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    const std::size_t found = kFrom.find(c);
    if (c != '\0' && found != std::string_view::npos) {
      out.push_back(kTo[found]);
      return true;
    }
    if (c != 'u' || position_ + 4 > source_.size()) {
      return false;
    }
    std::uint32_t code = 0;
    const char* from = source_.data() + position_;
    const auto [stop, error] = std::from_chars(from, from + 4, code, 16);
    if (error != std::errc{} || stop != from + 4) {
      return false;
    }
    position_ += 4;
    append_utf8(out, code);
    return true;
  }

  bool read_string(Token& token) {
    ++position_;
    while (position_ < source_.size()) {
      const char c = source_[position_];
      if (c == '\n') {
        return false;
      }
      ++position_;
      if (c == '"') {
        return true;
      }
      if (c == '\\') {
        if (!read_escape(token.text)) {
          return false;
        }
      } else {
        token.text.push_back(c);
      }
    }
    return false;
  }

  bool read_block(Token& token) {
    position_ += 3;
    const std::size_t end = source_.find("\"\"\"", position_);
    if (end == std::string_view::npos) {
      return false;
    }
    token.text = source_.substr(position_, end - position_);
    for (; position_ < end; ++position_) {
      if (source_[position_] == '\n') {
        ++line_;
        line_start_ = position_ + 1;
      }
    }
    position_ += 3;
    return true;
  }

  std::string_view source_;
  std::size_t position_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
};

}  // namespace

std::expected<std::vector<Token>, Problem> tokenize(std::string_view source) {
  return Lexer(source).run();
}

}  // namespace streaky::sim::graphql

#include "sim/graphql_parser.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/graphql_lexer.h"

namespace streaky::sim::graphql {
namespace {

/// Recursive descent. After the first problem every function returns false up to `run`.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  std::expected<Document, Problem> run() {
    Document document;
    do {
      if (!definition(document)) {
        return std::unexpected(problem_);
      }
    } while (peek().kind != Token::Kind::end);
    return document;
  }

 private:
  [[nodiscard]] const Token& peek() const { return tokens_[position_]; }
  [[nodiscard]] bool sees(std::string_view punctuator) const {
    return peek().kind == Token::Kind::punctuator && peek().text == punctuator;
  }
  [[nodiscard]] bool sees_name(std::string_view name) const {
    return peek().kind == Token::Kind::name && peek().text == name;
  }

  bool complain() {
    const Token& token = peek();
    if (token.kind == Token::Kind::end) {
      problem_.message = "Unexpected end of document";
    } else {
      problem_.message = fmt::format("Parse error on \"{}\" ({}) at [{}, {}]", token.text,
                                     kind_name(token), token.at.line, token.at.column);
    }
    problem_.at = token.at;
    return false;
  }

  static std::string kind_name(const Token& token) {
    switch (token.kind) {
      case Token::Kind::name:
        return "IDENTIFIER";
      case Token::Kind::integer:
        return "INT";
      case Token::Kind::decimal:
        return "FLOAT";
      case Token::Kind::string:
        return "STRING";
      default:
        break;
    }
    constexpr std::pair<std::string_view, std::string_view> kNames[] = {
        {"{", "LCURLY"},   {"}", "RCURLY"},     {"(", "LPAREN"}, {")", "RPAREN"},
        {"[", "LBRACKET"}, {"]", "RBRACKET"},   {":", "COLON"},  {"$", "VAR_SIGN"},
        {"@", "DIR_SIGN"}, {"...", "ELLIPSIS"}, {"=", "EQUALS"}, {"!", "BANG"},
        {"|", "PIPE"},     {"&", "AMP"}};
    for (const auto& [text, name] : kNames) {
      if (token.text == text) {
        return std::string(name);
      }
    }
    return "UNKNOWN_CHAR";
  }

  bool expect(std::string_view punctuator) {
    if (!sees(punctuator)) {
      return complain();
    }
    ++position_;
    return true;
  }

  bool name(std::string& out) {
    if (peek().kind != Token::Kind::name) {
      return complain();
    }
    out = peek().text;
    ++position_;
    return true;
  }

  bool definition(Document& document) {
    const Location at = peek().at;
    if (sees_name("fragment")) {
      Fragment fragment;
      fragment.at = at;
      ++position_;
      if (sees_name("on") || !name(fragment.name)) {
        return complain();
      }
      if (!sees_name("on")) {
        return complain();
      }
      ++position_;
      if (!name(fragment.condition) || !directives(fragment.directives) ||
          !selection_set(fragment.selections, 0)) {
        return false;
      }
      document.fragments.push_back(std::move(fragment));
      return true;
    }
    Operation operation;
    operation.at = at;
    if (!sees("{")) {
      if (!sees_name("query") && !sees_name("mutation") && !sees_name("subscription")) {
        return complain();
      }
      operation.kind = peek().text;
      ++position_;
      if (peek().kind == Token::Kind::name && !name(operation.name)) {
        return false;
      }
      if (sees("(") && !variables(operation.variables)) {
        return false;
      }
      if (!directives(operation.directives)) {
        return false;
      }
    }
    if (!selection_set(operation.selections, 0)) {
      return false;
    }
    document.operations.push_back(std::move(operation));
    return true;
  }

  bool variables(std::vector<VariableDefinition>& out) {
    ++position_;
    do {
      VariableDefinition variable;
      variable.at = peek().at;
      if (!expect("$") || !name(variable.name) || !expect(":") || !type(variable.type, 0)) {
        return false;
      }
      if (sees("=")) {
        ++position_;
        variable.has_default = true;
        if (!value(variable.default_value, 0)) {
          return false;
        }
      }
      out.push_back(std::move(variable));
    } while (!sees(")"));
    return expect(")");
  }

  bool type(std::string& out, int depth) {
    if (depth > kDeepestNesting) {
      return complain();
    }
    if (sees("[")) {
      ++position_;
      std::string inner;
      if (!type(inner, depth + 1) || !expect("]")) {
        return false;
      }
      out = "[" + inner + "]";
    } else if (!name(out)) {
      return false;
    }
    if (sees("!")) {
      ++position_;
      out += "!";
    }
    return true;
  }

  bool directives(std::vector<Directive>& out) {
    while (sees("@")) {
      Directive directive;
      directive.at = peek().at;
      ++position_;
      if (!name(directive.name) || (sees("(") && !arguments(directive.arguments))) {
        return false;
      }
      out.push_back(std::move(directive));
    }
    return true;
  }

  bool arguments(std::vector<Argument>& out) {
    ++position_;
    do {
      Argument argument;
      argument.at = peek().at;
      if (!name(argument.name) || !expect(":") || !value(argument.value, 0)) {
        return false;
      }
      out.push_back(std::move(argument));
    } while (!sees(")"));
    return expect(")");
  }

  bool value(Value& out, int depth) {
    if (depth > kDeepestNesting) {
      return complain();
    }
    out.at = peek().at;
    out.text = peek().text;
    switch (peek().kind) {
      case Token::Kind::integer:
        out.kind = Value::Kind::integer;
        break;
      case Token::Kind::decimal:
        out.kind = Value::Kind::decimal;
        break;
      case Token::Kind::string:
        out.kind = Value::Kind::string;
        break;
      case Token::Kind::name:
        out.kind = Value::Kind::name;
        if (out.text == "true" || out.text == "false") {
          out.kind = Value::Kind::boolean;
        } else if (out.text == "null") {
          out.kind = Value::Kind::null;
        }
        break;
      default:
        return compound_value(out, depth);
    }
    ++position_;
    return true;
  }

  bool compound_value(Value& out, int depth) {
    if (sees("$")) {
      ++position_;
      out.kind = Value::Kind::variable;
      return name(out.text);
    }
    if (sees("[")) {
      ++position_;
      out.kind = Value::Kind::list;
      while (!sees("]")) {
        out.items.emplace_back();
        if (!value(out.items.back(), depth + 1)) {
          return false;
        }
      }
      return expect("]");
    }
    if (!sees("{")) {
      return complain();
    }
    ++position_;
    out.kind = Value::Kind::object;
    while (!sees("}")) {
      out.fields.emplace_back();
      out.items.emplace_back();
      if (!name(out.fields.back()) || !expect(":") || !value(out.items.back(), depth + 1)) {
        return false;
      }
    }
    return expect("}");
  }

  bool selection_set(std::vector<Selection>& out, int depth) {
    if (depth > kDeepestNesting) {
      problem_.message = fmt::format("Query is nested deeper than {} levels", kDeepestNesting);
      problem_.at = peek().at;
      return false;
    }
    if (!expect("{")) {
      return false;
    }
    do {
      out.emplace_back();
      if (!selection(out.back(), depth)) {
        return false;
      }
    } while (!sees("}"));
    return expect("}");
  }

  bool selection(Selection& out, int depth) {
    out.at = peek().at;
    if (sees("...")) {
      ++position_;
      if (peek().kind == Token::Kind::name && !sees_name("on")) {
        out.kind = Selection::Kind::spread;
        return name(out.name) && directives(out.directives);
      }
      out.kind = Selection::Kind::inline_fragment;
      if (sees_name("on")) {
        ++position_;
        if (!name(out.condition)) {
          return false;
        }
      }
      out.has_selections = true;
      return directives(out.directives) && selection_set(out.selections, depth + 1);
    }
    if (!name(out.name)) {
      return false;
    }
    if (sees(":")) {
      ++position_;
      out.alias = std::exchange(out.name, {});
      if (!name(out.name)) {
        return false;
      }
    }
    if ((sees("(") && !arguments(out.arguments)) || !directives(out.directives)) {
      return false;
    }
    if (sees("{")) {
      out.has_selections = true;
      return selection_set(out.selections, depth + 1);
    }
    return true;
  }

  std::vector<Token> tokens_;
  std::size_t position_ = 0;
  Problem problem_;
};

}  // namespace

std::expected<Document, Problem> parse(std::string_view source) {
  auto tokens = tokenize(source);
  if (!tokens) {
    return std::unexpected(tokens.error());
  }
  return Parser(std::move(*tokens)).run();
}

}  // namespace streaky::sim::graphql

// A parsed GraphQL document (October 2021 specification, section 2), executable definitions only.
// Plain values; a Document owns everything it holds.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace streaky::sim::graphql {

struct Location {
  int line = 1;
  int column = 1;
};

/// What is wrong with a request, in the shape that GitHub's server reports
/// (docs/remote-apis.md §1.8).
struct Problem {
  std::string message;
  Location at;
  std::string code;               // extensions.code; empty for parse errors
  std::vector<std::string> path;  // "query", then the response keys
  std::vector<std::pair<std::string, std::string>> extensions;
};

struct Value {
  enum class Kind { variable, integer, decimal, string, boolean, null, name, list, object };
  Kind kind = Kind::null;
  std::string text;                 // of scalars, decoded; the name of a variable or enum value
  std::vector<Value> items;         // of a list; the values of an object's fields
  std::vector<std::string> fields;  // the names of an object's fields, in the order of `items`
  Location at;
};

struct Argument {
  std::string name;
  Value value;
  Location at;
};

struct Directive {
  std::string name;
  std::vector<Argument> arguments;
  Location at;
};

struct Selection {
  enum class Kind { field, spread, inline_fragment };
  Kind kind = Kind::field;
  std::string alias;      // of a field; empty when there is none
  std::string name;       // of the field or the fragment
  std::string condition;  // type condition of an inline fragment; may be empty
  std::vector<Argument> arguments;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  bool has_selections = false;
  Location at;

  [[nodiscard]] const std::string& key() const { return alias.empty() ? name : alias; }
};

struct VariableDefinition {
  std::string name;
  std::string type;  // as written, without spaces: `[ID!]!`
  bool has_default = false;
  Value default_value;
  Location at;
};

struct Operation {
  std::string kind = "query";
  std::string name;
  std::vector<VariableDefinition> variables;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Location at;
};

struct Fragment {
  std::string name;
  std::string condition;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Location at;
};

struct Document {
  std::vector<Operation> operations;
  std::vector<Fragment> fragments;
};

/// The first of that name, or nothing.
inline const Fragment* find_fragment(const Document& document, const std::string& name) {
  for (const Fragment& fragment : document.fragments) {
    if (fragment.name == name) {
      return &fragment;
    }
  }
  return nullptr;
}

}  // namespace streaky::sim::graphql

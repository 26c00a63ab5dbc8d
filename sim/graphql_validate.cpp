#include "sim/graphql_validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "sim/graphql_schema.h"

namespace streaky::sim::graphql {
namespace {

using Extensions = std::vector<std::pair<std::string, std::string>>;

/// May a variable of type `have` stand where `want` is expected? (specification, section 5.8.5)
bool usable(std::string_view have, bool has_default, std::string_view want) {
  if (want.ends_with('!')) {
    if (!have.ends_with('!') && !has_default) {
      return false;
    }
    want.remove_suffix(1);
  }
  if (have.ends_with('!')) {
    have.remove_suffix(1);
  }
  if (want.starts_with('[')) {
    return have.starts_with('[') &&
           usable(have.substr(1, have.size() - 2), false, want.substr(1, want.size() - 2));
  }
  return have == want;
}

class Validator {
 public:
  explicit Validator(const Document& document) : document_(document) {}

  std::vector<Problem> run() {
    std::set<std::string> names;
    for (const Operation& operation : document_.operations) {
      if (operation.kind != "query") {
        complain("Schema is not configured for " + operation.kind + "s", operation.at,
                 "missing" + operation.kind + "Configuration", {});
        continue;
      }
      if (!names.insert(operation.name).second) {
        complain(fmt::format("Operation name \"{}\" must be unique", operation.name), operation.at,
                 "uniquelyNamedOperations", {{"operationName", operation.name}});
      }
      check_operation(operation);
    }
    for (const Fragment& fragment : document_.fragments) {
      if (!used_fragments_.contains(fragment.name)) {
        complain(fmt::format("Fragment {} was defined, but not used", fragment.name), fragment.at,
                 "useAndDefineFragment", {{"fragmentName", fragment.name}});
      }
    }
    return std::move(problems_);
  }

 private:
  void complain(std::string message, Location at, std::string code, Extensions extensions) {
    if (problems_.size() < kMostProblems) {
      problems_.push_back(
          Problem{std::move(message), at, std::move(code), path_, std::move(extensions)});
    }
  }

  void check_operation(const Operation& operation) {
    operation_ = &operation;
    who_ = operation.name.empty() ? "anonymous query" : operation.name;
    path_ = {operation.name.empty() ? "query" : "query " + operation.name};
    used_variables_.clear();
    seen_.clear();
    for (const VariableDefinition& variable : operation.variables) {
      const TypeDef* type = find_type(named_type(variable.type));
      if (type == nullptr || type->composite()) {
        complain(fmt::format("{} isn't a defined input type (on ${})", named_type(variable.type),
                             variable.name),
                 variable.at, "variableRequiresValidType",
                 {{"typeName", std::string(named_type(variable.type))},
                  {"variableName", variable.name}});
      } else if (variable.has_default && !literal_fits(variable.default_value, variable.type)) {
        complain(fmt::format("Default value for ${} doesn't match type {}", variable.name,
                             variable.type),
                 variable.at, "defaultValueInvalidType",
                 {{"variableName", variable.name}, {"typeName", variable.type}});
      }
    }
    check_directives(operation.directives);
    check_selections(operation.selections, *find_type("Query"));
    for (const VariableDefinition& variable : operation.variables) {
      if (!used_variables_.contains(variable.name)) {
        complain(fmt::format("Variable ${} is declared by {} but not used", variable.name, who_),
                 variable.at, "variableNotUsed", {{"variableName", variable.name}});
      }
    }
  }

  void check_selections(const std::vector<Selection>& selections, const TypeDef& type) {
    for (const Selection& selection : selections) {
      check_directives(selection.directives);
      switch (selection.kind) {
        case Selection::Kind::field:
          check_field(selection, type);
          break;
        case Selection::Kind::spread:
          check_spread(selection, type);
          break;
        case Selection::Kind::inline_fragment: {
          path_.push_back("... on " + selection.condition);
          const TypeDef* target =
              selection.condition.empty() ? &type : condition(selection.condition, selection.at);
          if (target != nullptr) {
            check_overlap(type, *target, "Fragment", selection.at);
            check_selections(selection.selections, *target);
          }
          path_.pop_back();
          break;
        }
      }
    }
  }

  const TypeDef* condition(const std::string& name, Location at) {
    const TypeDef* type = find_type(name);
    if (type == nullptr) {
      complain(fmt::format("No such type {}, so it can't be a fragment condition", name), at,
               "undefinedType", {{"typeName", name}});
      return nullptr;
    }
    if (!type->composite()) {
      complain(
          fmt::format("Invalid fragment on type {} (must be Union, Interface or Object)", name), at,
          "fragmentOnNonCompositeType", {{"typeName", name}});
      return nullptr;
    }
    return type;
  }

  void check_overlap(const TypeDef& outer, const TypeDef& inner, const std::string& what,
                     Location at) {
    if (!overlaps(outer, inner)) {
      complain(fmt::format("{} on {} can't be spread inside {}", what, inner.name, outer.name), at,
               "cannotSpreadFragment",
               {{"typeName", std::string(inner.name)}, {"parentName", std::string(outer.name)}});
    }
  }

  void check_spread(const Selection& spread, const TypeDef& type) {
    const Fragment* fragment = find_fragment(document_, spread.name);
    if (fragment == nullptr) {
      complain(fmt::format("Fragment {} was used, but not defined", spread.name), spread.at,
               "useAndDefineFragment", {{"fragmentName", spread.name}});
      return;
    }
    used_fragments_.insert(spread.name);
    if (std::ranges::find(open_, spread.name) != open_.end()) {
      complain(fmt::format("Fragment {} contains an infinite loop", spread.name), fragment->at,
               "infiniteLoop", {{"fragmentName", spread.name}});
      return;
    }
    const TypeDef* target = find_type(fragment->condition);
    if (target != nullptr && target->composite()) {
      check_overlap(type, *target, "Fragment " + spread.name, spread.at);
    }
    // What a fragment says does not depend on where it stands: once per operation is enough.
    if (!seen_.insert(spread.name).second) {
      return;
    }
    std::vector<std::string> outer = std::exchange(path_, {"fragment " + spread.name});
    open_.push_back(spread.name);
    check_directives(fragment->directives);
    target = condition(fragment->condition, fragment->at);
    if (target != nullptr) {
      check_selections(fragment->selections, *target);
    }
    open_.pop_back();
    path_ = std::move(outer);
  }

  void check_field(const Selection& field, const TypeDef& type) {
    path_.push_back(field.key());
    const FieldDef* def = find_field(type, field.name);
    if (def == nullptr) {
      complain(fmt::format("Field '{}' doesn't exist on type '{}'", field.name, type.name),
               field.at, "undefinedField",
               {{"typeName", std::string(type.name)}, {"fieldName", field.name}});
      path_.pop_back();
      return;
    }
    check_arguments(field, *def);
    const TypeDef& result = *find_type(named_type(def->type));
    if (result.composite() && !field.has_selections) {
      complain(
          fmt::format("Field must have selections (field '{}' returns {} but has no "
                      "selections. Did you mean '{} {{ ... }}'?)",
                      field.name, result.name, field.name),
          field.at, "selectionMismatch",
          {{"nodeName", "field '" + field.name + "'"}, {"typeName", std::string(result.name)}});
    } else if (!result.composite() && field.has_selections) {
      complain(
          fmt::format("Selections can't be made on {}s (field '{}' returns {} but has "
                      "selections)",
                      result.kind == TypeDef::Kind::scalar ? "scalar" : "enum", field.name,
                      result.name),
          field.at, "selectionMismatch",
          {{"nodeName", "field '" + field.name + "'"}, {"typeName", std::string(result.name)}});
    } else if (result.composite()) {
      check_selections(field.selections, result);
    }
    path_.pop_back();
  }

  void check_arguments(const Selection& field, const FieldDef& def) {
    std::string missing;
    for (const ArgumentDef& wanted : def.arguments) {
      const auto given = std::ranges::find(field.arguments, wanted.name, &Argument::name);
      if (given == field.arguments.end() && wanted.type.ends_with('!') && !wanted.has_default) {
        missing += fmt::format("{}{}", missing.empty() ? "" : ", ", wanted.name);
      }
    }
    if (!missing.empty()) {
      complain(fmt::format("Field '{}' is missing required arguments: {}", field.name, missing),
               field.at, "missingRequiredArguments",
               {{"className", "Field"}, {"name", field.name}, {"arguments", missing}});
    }
    std::set<std::string> names;
    for (const Argument& argument : field.arguments) {
      const auto wanted = std::ranges::find(def.arguments, argument.name, &ArgumentDef::name);
      if (wanted == def.arguments.end()) {
        complain(fmt::format("Field '{}' doesn't accept argument '{}'", field.name, argument.name),
                 argument.at, "argumentNotAccepted",
                 {{"name", field.name}, {"typeName", "Field"}, {"argumentName", argument.name}});
        continue;
      }
      if (!names.insert(argument.name).second) {
        complain(fmt::format("There can be only one argument named \"{}\"", argument.name),
                 argument.at, "argumentNotUnique", {{"name", argument.name}});
      }
      check_value("Field '" + field.name + "'", argument, wanted->type, wanted->has_default);
    }
  }

  void check_value(const std::string& owner, const Argument& argument, std::string_view type,
                   bool has_default) {
    if (!literal_fits(argument.value, type)) {
      complain(fmt::format("Argument '{}' on {} has an invalid value ({}). Expected type '{}'.",
                           argument.name, owner, argument.value.text, type),
               argument.at, "argumentLiteralsIncompatible",
               {{"typeName", "Field"}, {"argumentName", argument.name}});
    }
    check_usage(argument.value, argument.name, type, has_default);
  }

  void check_usage(const Value& value, const std::string& argument, std::string_view type,
                   bool has_default) {
    if (value.kind == Value::Kind::list) {
      std::string_view inner = type;
      if (inner.ends_with('!')) {
        inner.remove_suffix(1);
      }
      if (inner.starts_with('[')) {
        inner = inner.substr(1, inner.size() - 2);
      }
      for (const Value& item : value.items) {
        check_usage(item, argument, inner, false);
      }
      return;
    }
    if (value.kind != Value::Kind::variable) {
      return;
    }
    used_variables_.insert(value.text);
    const auto found =
        std::ranges::find(operation_->variables, value.text, &VariableDefinition::name);
    if (found == operation_->variables.end()) {
      complain(fmt::format("Variable ${} is used by {} but not declared", value.text, who_),
               value.at, "variableNotDefined", {{"variableName", value.text}});
    } else if (!usable(found->type, found->has_default || has_default, type)) {
      complain(fmt::format("Type mismatch on variable ${} and argument {} ({} / {})", value.text,
                           argument, found->type, type),
               value.at, "variableMismatch",
               {{"variableName", value.text},
                {"typeName", found->type},
                {"argumentName", argument},
                {"errorMessage", "Type mismatch"}});
    }
  }

  void check_directives(const std::vector<Directive>& directives) {
    for (const Directive& directive : directives) {
      if (directive.name != "include" && directive.name != "skip") {
        complain(fmt::format("Directive @{} is not defined", directive.name), directive.at,
                 "undefinedDirective", {{"directiveName", directive.name}});
        continue;
      }
      if (directive.arguments.size() != 1 || directive.arguments[0].name != "if") {
        complain(fmt::format("Directive '{}' is missing required arguments: if", directive.name),
                 directive.at, "missingRequiredArguments",
                 {{"className", "Directive"}, {"name", directive.name}, {"arguments", "if"}});
        continue;
      }
      check_value("Directive '" + directive.name + "'", directive.arguments[0], "Boolean!", false);
    }
  }

  const Document& document_;
  const Operation* operation_ = nullptr;
  std::string who_;
  std::vector<std::string> path_;
  std::vector<Problem> problems_;
  std::set<std::string> used_variables_;
  std::set<std::string> used_fragments_;
  std::set<std::string> seen_;
  std::vector<std::string> open_;
};

}  // namespace

std::vector<Problem> validate(const Document& document) { return Validator(document).run(); }

}  // namespace streaky::sim::graphql

#include "sim/graphql_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <unordered_map>

namespace streaky::sim::graphql {
namespace {

void append_items(const boost::json::value& value, std::vector<std::string>& out) {
  if (value.is_array()) {
    for (const auto& item : value.get_array()) {
      append_items(item, out);
    }
  } else if (value.is_string()) {
    out.emplace_back(std::string_view(value.get_string()));
  } else if (!value.is_null()) {
    out.push_back(boost::json::serialize(value));
  }
}

/// The text by which two uses of a field are compared.
std::string text_of(const Value& value) {
  std::string text = fmt::format("{}:{}", static_cast<int>(value.kind), value.text);
  for (const Value& item : value.items) {
    text += "[" + text_of(item) + "]";
  }
  for (const std::string& name : value.fields) {
    text += "{" + name + "}";
  }
  return text;
}

std::string text_of(const std::vector<Argument>& arguments) {
  std::vector<std::string> parts;
  parts.reserve(arguments.size());
  for (const Argument& argument : arguments) {
    parts.push_back(argument.name + "=" + text_of(argument.value));
  }
  std::ranges::sort(parts);
  return fmt::format("{}", fmt::join(parts, ";"));
}

struct Group {
  const FieldDef* def = nullptr;
  std::vector<const Selection*> uses;
};

class Planner {
 public:
  Planner(const Document& document, const Operation& operation, const boost::json::object& values)
      : document_(document), operation_(operation), values_(values) {}

  std::expected<std::vector<PlanField>, Problem> run() {
    std::vector<PlanField> root;
    if (!build({&operation_.selections}, *find_type("Query"), root)) {
      return std::unexpected(problem_);
    }
    return root;
  }

 private:
  using Sets = std::vector<const std::vector<Selection>*>;

  bool fail(std::string message, Location at, std::string code) {
    problem_ = Problem{std::move(message), at, std::move(code), {"query"}, {}};
    return false;
  }

  bool build(const Sets& sets, const TypeDef& declared, std::vector<PlanField>& out) {
    const TypeDef& type = concrete(declared);
    std::vector<Group> groups;
    std::unordered_map<std::string_view, std::size_t> by_key;
    for (const std::vector<Selection>* set : sets) {
      if (!collect(*set, type, groups, by_key)) {
        return false;
      }
    }
    out.reserve(groups.size());
    for (const Group& group : groups) {
      out.emplace_back();
      if (!fill(group, type, out.back())) {
        return false;
      }
    }
    return true;
  }

  bool fill(const Group& group, const TypeDef& type, PlanField& field) {
    const Selection& first = *group.uses.front();
    field.key = first.key();
    field.id = group.def->id;
    field.parent = type.name;
    field.nullable = !group.def->type.ends_with('!');
    field.at = first.at;
    for (const ArgumentDef& wanted : group.def->arguments) {
      const auto given = std::ranges::find(first.arguments, wanted.name, &Argument::name);
      if (given != first.arguments.end()) {
        PlanArgument argument{wanted.name, {}};
        resolve(given->value, argument.items);
        field.arguments.push_back(std::move(argument));
      }
    }
    const TypeDef& result = *find_type(named_type(group.def->type));
    if (!result.composite()) {
      return true;
    }
    Sets sets;
    for (const Selection* use : group.uses) {
      sets.push_back(&use->selections);
    }
    return build(sets, result, field.children);
  }

  bool collect(const std::vector<Selection>& set, const TypeDef& type, std::vector<Group>& groups,
               std::unordered_map<std::string_view, std::size_t>& by_key) {
    for (const Selection& selection : set) {
      if (++steps_ > kMostPlanSteps) {
        return fail("Query has too many fields once its fragments are spread", selection.at, "");
      }
      if (!wanted(selection.directives)) {
        continue;
      }
      if (selection.kind == Selection::Kind::field) {
        if (!collect_field(selection, type, groups, by_key)) {
          return false;
        }
        continue;
      }
      const std::vector<Selection>* inner = &selection.selections;
      std::string_view condition = selection.condition;
      if (selection.kind == Selection::Kind::spread) {
        const Fragment* fragment = find_fragment(document_, selection.name);
        inner = &fragment->selections;
        condition = fragment->condition;
      }
      const bool applies = condition.empty() || concrete(*find_type(condition)).name == type.name ||
                           overlaps(*find_type(condition), type);
      if (applies && !collect(*inner, type, groups, by_key)) {
        return false;
      }
    }
    return true;
  }

  bool collect_field(const Selection& selection, const TypeDef& type, std::vector<Group>& groups,
                     std::unordered_map<std::string_view, std::size_t>& by_key) {
    const auto [found, fresh] = by_key.try_emplace(selection.key(), groups.size());
    if (fresh) {
      groups.push_back(Group{find_field(type, selection.name), {&selection}});
      return true;
    }
    Group& group = groups[found->second];
    const Selection& first = *group.uses.front();
    if (first.name != selection.name) {
      return fail(fmt::format("Field '{}' has a field conflict: {} or {}?", selection.key(),
                              first.name, selection.name),
                  selection.at, "fieldConflict");
    }
    if (text_of(first.arguments) != text_of(selection.arguments)) {
      return fail(fmt::format("Field '{}' has an argument conflict", selection.key()), selection.at,
                  "fieldConflict");
    }
    group.uses.push_back(&selection);
    return true;
  }

  bool wanted(const std::vector<Directive>& directives) {
    return std::ranges::all_of(directives, [this](const Directive& directive) {
      std::vector<std::string> items;
      resolve(directive.arguments.front().value, items);
      const bool on = !items.empty() && items.front() == "true";
      return directive.name == "include" ? on : !on;
    });
  }

  void resolve(const Value& value, std::vector<std::string>& out) {
    switch (value.kind) {
      case Value::Kind::null:
      case Value::Kind::object:
        break;
      case Value::Kind::list:
        for (const Value& item : value.items) {
          resolve(item, out);
        }
        break;
      case Value::Kind::variable: {
        const boost::json::value* given = values_.if_contains(value.text);
        if (given != nullptr) {
          append_items(*given, out);
          break;
        }
        const auto found =
            std::ranges::find(operation_.variables, value.text, &VariableDefinition::name);
        if (found != operation_.variables.end() && found->has_default) {
          resolve(found->default_value, out);
        }
        break;
      }
      default:
        out.push_back(value.text);
    }
  }

  const Document& document_;
  const Operation& operation_;
  const boost::json::object& values_;
  std::size_t steps_ = 0;
  Problem problem_;
};

}  // namespace

std::optional<std::string_view> PlanField::argument(std::string_view name) const {
  for (const PlanArgument& given : arguments) {
    if (given.name == name && !given.items.empty()) {
      return given.items.front();
    }
  }
  return std::nullopt;
}

std::expected<std::vector<PlanField>, Problem> plan(const Document& document,
                                                    const Operation& operation,
                                                    const boost::json::object& variables) {
  return Planner(document, operation, variables).run();
}

}  // namespace streaky::sim::graphql

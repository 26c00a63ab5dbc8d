#include "sim/graphql_execute.h"

#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "sim/exchange.h"
#include "sim/graphql_calendar.h"

namespace streaky::sim::graphql {
namespace {

constexpr std::size_t kMostIds = 100;

class Executor {
 public:
  explicit Executor(const Context& context) : context_(context), out_(result_.body) {}

  Executed run(const std::vector<PlanField>& plan) {
    out_.reserve(1'024);
    out_ += "{\"data\":";
    bool whole = false;
    if (std::cmp_greater(plan.size(), context_.most_root_fields)) {
      error("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.", Location{});
    } else {
      whole = object(plan, &Executor::query_field);
    }
    if (!whole) {
      out_.resize(8);
      out_ += "null";
    }
    if (!errors_.empty()) {
      out_ += ",\"errors\":[" + errors_ + "]";
    }
    out_ += "}";
    return std::move(result_);
  }

 private:
  using FieldWriter = bool (Executor::*)(const PlanField&);
  struct Step {
    std::string_view key;
    int index = -1;
  };

  /// Writes an object; false when a null must climb past it.
  bool object(const std::vector<PlanField>& fields, FieldWriter write) {
    const std::size_t start = out_.size();
    out_.push_back('{');
    for (const PlanField& field : fields) {
      if (out_.back() != '{') {
        out_.push_back(',');
      }
      append_json_string(out_, field.key);
      out_.push_back(':');
      path_.push_back(Step{field.key});
      const std::size_t value = out_.size();
      const bool ok = (this->*write)(field);
      path_.pop_back();
      if (!ok) {
        if (!field.nullable) {
          out_.resize(start);
          return false;
        }
        out_.resize(value);
        out_ += "null";
      }
    }
    out_.push_back('}');
    return true;
  }

  void error(std::string_view type, std::string_view message, Location at) {
    if (!errors_.empty()) {
      errors_.push_back(',');
    }
    errors_ += "{\"type\":";
    append_json_string(errors_, type);
    if (!path_.empty()) {
      errors_ += ",\"path\":[";
      for (const Step& step : path_) {
        if (errors_.back() != '[') {
          errors_.push_back(',');
        }
        if (step.index >= 0) {
          errors_ += std::to_string(step.index);
        } else {
          append_json_string(errors_, step.key);
        }
      }
      errors_ += "]";
    }
    fmt::format_to(std::back_inserter(errors_),
                   ",\"locations\":[{{\"line\":{},\"column\":{}}}],\"message\":", at.line,
                   at.column);
    append_json_string(errors_, message);
    errors_ += "}";
  }

  bool query_field(const PlanField& field) {
    switch (field.id) {
      case FieldId::type_name:
        out_ += "\"Query\"";
        return true;
      case FieldId::id:
        out_ += "\"MDU6UXVlcnk=\"";
        return true;
      case FieldId::rate_limit:
        return object(field.children, &Executor::rate_field);
      case FieldId::viewer:
        return user(field, context_.caller.person);
      case FieldId::user: {
        const std::string login(field.argument("login").value_or(""));
        const Person* person = context_.people.by_login(login);
        if (person == nullptr) {
          error("NOT_FOUND",
                fmt::format("Could not resolve to a User with the login of '{}'.", login),
                field.at);
          return false;
        }
        return user(field, person);
      }
      case FieldId::node:
        return node(field, field.argument("id").value_or(""));
      case FieldId::nodes:
        return nodes(field);
      default:
        return false;
    }
  }

  bool node(const PlanField& field, std::string_view id) {
    const Person* person = context_.people.by_node_id(id);
    if (person == nullptr) {
      error("NOT_FOUND", fmt::format("Could not resolve to a node with the global id of '{}'.", id),
            field.at);
      return false;
    }
    return user(field, person);
  }

  bool nodes(const PlanField& field) {
    if (field.arguments.empty()) {
      out_ += "[]";
      return true;
    }
    const std::vector<std::string>& ids = field.arguments.front().items;
    if (ids.size() > kMostIds) {
      error("ARGUMENT_LIMIT",
            fmt::format("You may not provide more than {} node ids; you provided {}.", kMostIds,
                        ids.size()),
            field.at);
      return false;
    }
    out_.push_back('[');
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (i > 0) {
        out_.push_back(',');
      }
      const std::size_t start = out_.size();
      path_.push_back(Step{{}, static_cast<int>(i)});
      if (!node(field, ids[i])) {
        out_.resize(start);
        out_ += "null";
      }
      path_.pop_back();
    }
    out_.push_back(']');
    return true;
  }

  bool rate_field(const PlanField& field) {
    switch (field.id) {
      case FieldId::type_name:
        out_ += "\"RateLimit\"";
        break;
      case FieldId::cost:
        out_ += std::to_string(context_.cost);
        break;
      case FieldId::limit:
        out_ += std::to_string(context_.rate.limit);
        break;
      case FieldId::node_count:
        out_ += "0";
        break;
      case FieldId::remaining:
        out_ += std::to_string(context_.rate.remaining);
        break;
      case FieldId::reset_at:
        append_time(out_, context_.rate.reset_at);
        break;
      case FieldId::used:
        out_ += std::to_string(context_.rate.used);
        break;
      default:
        return false;
    }
    return true;
  }

  bool user(const PlanField& field, const Person* person) {
    // The same writer serves nested users (a collection's `user`), so the outer one is put back.
    const Person* outer = std::exchange(person_, person);
    ++result_.users;
    const bool ok = object(field.children, &Executor::user_field);
    person_ = outer;
    return ok;
  }

  bool user_field(const PlanField& field) {
    switch (field.id) {
      case FieldId::type_name:
        out_ += "\"User\"";
        break;
      case FieldId::id:
        append_json_string(out_, People::node_id(*person_));
        break;
      case FieldId::login:
        append_json_string(out_, person_->login);
        break;
      case FieldId::name:
        out_ += "null";
        break;
      case FieldId::database_id:
        out_ += std::to_string(People::database_id(*person_));
        break;
      case FieldId::is_viewer:
        out_ += person_ == context_.caller.person ? "true" : "false";
        break;
      case FieldId::url:
        append_json_string(out_, "https://github.com/" + person_->login);
        break;
      case FieldId::created_at:
        out_.push_back('"');
        append_day(out_, person_->created);
        out_ += "T08:15:30Z\"";
        break;
      case FieldId::contributions_collection:
        return collection(field);
      default:
        return false;
    }
    return true;
  }

  bool collection(const PlanField& field) {
    const auto window = make_window(field.argument("from"), field.argument("to"), context_.now);
    if (!window) {
      error("VALIDATION", window.error(), field.at);
      return false;
    }
    ++result_.windows;
    result_.user_days += window->last - window->first + 1;
    if (result_.user_days > context_.most_user_days) {
      path_.push_back(Step{"contributionCalendar"});
      error("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.", field.at);
      path_.pop_back();
      return false;
    }
    View view = View::stranger;
    if (person_ == context_.caller.person) {
      view = context_.caller.repo ? View::owner_repo : View::owner_plain;
    }
    const Moment moment = context_.activity.moment(*person_, context_.now);
    const CollectionView shown{*person_,
                               context_.activity,
                               moment,
                               view,
                               collect(*person_, context_.activity, *window, moment, view),
                               context_.half};
    const CollectionView* outer = std::exchange(shown_, &shown);
    const bool ok = object(field.children, &Executor::collection_field);
    shown_ = outer;
    return ok;
  }

  bool collection_field(const PlanField& field) {
    if (field.id == FieldId::user) {
      return user(field, &shown_->person);
    }
    return append_collection_field(out_, field, *shown_);
  }

  const Context& context_;
  Executed result_;
  std::string& out_;
  std::string errors_;
  std::vector<Step> path_;
  const Person* person_ = nullptr;
  const CollectionView* shown_ = nullptr;
};

}  // namespace

Executed execute(const std::vector<PlanField>& plan, const Context& context) {
  return Executor(context).run(plan);
}

}  // namespace streaky::sim::graphql

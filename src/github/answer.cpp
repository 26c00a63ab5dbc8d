#include "github/answer.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/string.hpp>
#include <utility>

#include "github/read_user.h"

namespace streaky::github {

namespace {

namespace json = boost::json;

constexpr std::size_t kMostBody = 4U << 20U;  // bytes
constexpr std::size_t kDeepest = 24;          // the deepest honest answer has ten levels
constexpr std::size_t kMostErrors = 1'000;

Failure bad(const char* what) { return {Trouble::bad_answer, what}; }

Answer failed(Failure failure) {
  Answer answer;
  answer.whole = std::move(failure);
  return answer;
}

std::string_view text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return {};
  return {text->data(), text->size()};
}

ErrorItem item_of(const json::object& error) {
  ErrorItem item;
  item.type = text_at(error, "type");
  item.code = text_at(error, "code");
  item.message = text_at(error, "message");
  const json::value* extensions = error.if_contains("extensions");
  if (extensions != nullptr && extensions->is_object()) {
    item.extensions_code = text_at(extensions->get_object(), "code");
  }
  return item;
}

/// Whom an error's path names.
struct Target {
  bool nobody = false;               // it is about `rateLimit`
  std::optional<std::size_t> index;  // nothing: everybody
};

std::optional<std::size_t> index_of_alias(std::string_view alias, std::size_t users) {
  for (std::size_t i = 0; i < users; ++i) {
    if (alias == alias_of(i)) return i;
  }
  return std::nullopt;
}

Target target_of(const json::object& error, const Asked& asked) {
  const json::value* path = error.if_contains("path");
  const json::array* steps = path == nullptr ? nullptr : path->if_array();
  if (steps == nullptr || steps->empty() || !steps->front().is_string()) return {};
  const json::string& first = steps->front().get_string();
  const std::string_view head(first.data(), first.size());
  if (head == "rateLimit") return {.nobody = true, .index = std::nullopt};
  if (asked.by == AskBy::login) {
    return {.nobody = false, .index = index_of_alias(head, asked.whom.size())};
  }
  if (head != "nodes" || steps->size() < 2 || !(*steps)[1].is_int64()) return {};
  const std::int64_t index = (*steps)[1].get_int64();
  if (index < 0 || static_cast<std::size_t>(index) >= asked.whom.size()) return {};
  return {.nobody = false, .index = static_cast<std::size_t>(index)};
}

/// Some failures are the token's or the query's, wherever GitHub hangs them.
bool concerns_all(Trouble trouble) {
  const Remedy remedy = remedy_of(trouble);
  return remedy == Remedy::drop_token || remedy == Remedy::change_token ||
         remedy == Remedy::give_up;
}

struct Errors {
  std::optional<Failure> whole;
  std::vector<std::optional<Failure>> by_user;

  /// True when several users were asked for and none may be seen: that is the token's trouble.
  [[nodiscard]] bool all_forbidden() const {
    return by_user.size() > 1 && std::ranges::all_of(by_user, [](const auto& failure) {
             return failure && failure->trouble == Trouble::forbidden;
           });
  }
};

Errors read_errors(const json::value* value, const Asked& asked) {
  Errors errors;
  errors.by_user.resize(asked.whom.size());
  if (value == nullptr || value->is_null()) return errors;
  const json::array* list = value->if_array();
  if (list == nullptr || list->size() > kMostErrors) {
    errors.whole = bad("`errors` is not a list of sane length");
    return errors;
  }
  for (const json::value& entry : *list) {
    const json::object* error = entry.if_object();
    if (error == nullptr) {
      errors.whole = bad("an error is not an object");
      return errors;
    }
    Target target = target_of(*error, asked);
    Failure failure = classify_item(item_of(*error));
    // Who was asked for alone is meant, even where the path breaks off before the name.
    const bool unknown = failure.trouble == Trouble::not_found;
    if (unknown && asked.whom.size() == 1 && !target.nobody) target.index = 0;
    if (target.nobody && !concerns_all(failure.trouble)) continue;
    if (!target.index || concerns_all(failure.trouble)) {
      // Without a user's name NOT_FOUND says nothing about anybody in particular.
      if (failure.trouble == Trouble::not_found) failure = bad("NOT_FOUND for nobody");
      if (!errors.whole || concerns_all(failure.trouble)) errors.whole = std::move(failure);
    } else if (!errors.by_user[*target.index]) {
      errors.by_user[*target.index] = std::move(failure);
    }
  }
  if (!errors.whole && errors.all_forbidden()) errors.whole = errors.by_user.front();
  return errors;
}

std::optional<Points> read_points(const json::object& data) {
  const json::value* value = data.if_contains("rateLimit");
  const json::object* limit = value == nullptr ? nullptr : value->if_object();
  const json::value* remaining = limit == nullptr ? nullptr : limit->if_contains("remaining");
  if (remaining == nullptr || !remaining->is_int64() || remaining->get_int64() < 0) return {};
  const auto reset_at = runtime::parse_rfc3339(text_at(*limit, "resetAt"));
  if (!reset_at) return {};
  return Points{remaining->get_int64(), *reset_at};
}

/// An answer without data may still say what became of some users; of the others it says nothing.
Answer read_errors_alone(const Errors& errors) {
  const char* what = "the answer has no data";
  const auto named = [](const std::optional<Failure>& failure) { return failure.has_value(); };
  if (std::ranges::none_of(errors.by_user, named)) return failed(bad(what));
  Answer answer;
  for (const std::optional<Failure>& failure : errors.by_user) {
    answer.users.emplace_back(std::unexpected(failure.value_or(bad(what))));
  }
  return answer;
}

/// The place of the `index`-th user; nothing when the answer has no such place.
const json::value* place_of(const json::object& data, const Asked& asked, std::size_t index) {
  if (asked.by == AskBy::login) return data.if_contains(alias_of(index));
  return &data.at("nodes").get_array()[index];
}

Answer read_users(const json::object& data, const Asked& asked, const Errors& errors) {
  if (asked.by == AskBy::node_id) {
    const json::value* nodes = data.if_contains("nodes");
    if (nodes == nullptr || !nodes->is_array() || nodes->get_array().size() != asked.whom.size()) {
      return failed(bad("`nodes` is not a list with one place for each user"));
    }
  }
  Answer answer;
  answer.points = read_points(data);
  answer.users.reserve(asked.whom.size());
  for (std::size_t i = 0; i < asked.whom.size(); ++i) {
    const json::value* place = place_of(data, asked, i);
    const bool there = place != nullptr && !place->is_null();
    const std::optional<Failure>& failure = errors.by_user[i];
    if (failure && failure->trouble == Trouble::not_found && there) {
      answer.users.emplace_back(std::unexpected(bad("NOT_FOUND for a user who is there")));
    } else if (failure) {
      answer.users.emplace_back(std::unexpected(*failure));
    } else if (!there) {
      answer.users.emplace_back(std::unexpected(bad("a user is missing without a reason")));
    } else {
      answer.users.push_back(read_user(*place, asked, i));
    }
  }
  return answer;
}

}  // namespace

Answer read_answer(std::string_view body, const Asked& asked) {
  if (body.size() > kMostBody) return failed(bad("the answer is too large"));
  json::monotonic_resource memory;
  json::parse_options options;
  options.max_depth = kDeepest;
  boost::system::error_code error;
  const json::value root = json::parse(body, error, &memory, options);
  if (error) return failed(bad("the answer is not JSON"));
  const json::object* object = root.if_object();
  if (object == nullptr) return failed(bad("the answer is not an object"));

  Errors errors = read_errors(object->if_contains("errors"), asked);
  if (errors.whole) return failed(std::move(*errors.whole));
  const json::value* data = object->if_contains("data");
  // Also the text "null", which was seen once, is not an answer (docs/remote-apis.md §1.8).
  if (data == nullptr || !data->is_object()) return read_errors_alone(errors);
  return read_users(data->get_object(), asked, errors);
}

}  // namespace streaky::github

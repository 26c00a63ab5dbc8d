#include "sim/discord_message.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdint>
#include <limits>

#include "runtime/time.h"

namespace streaky::sim {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostEmbedText = 6'000;
constexpr std::size_t kMostEmbeds = 10;
constexpr std::size_t kMostFields = 25;
constexpr std::int64_t kMostColor = 16'777'215;
constexpr std::int64_t kNoNotification = 4'096;  // of `flags`

/// Code points of well-formed UTF-8.
std::size_t length_of(std::string_view text) {
  std::size_t length = 0;
  for (const char c : text) {
    length += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
  }
  return length;
}

class Checker {
 public:
  std::vector<FieldError> run(const json::object& body) {
    text(body, "content", "", 0, 2'000, false);
    text(body, "username", "", 1, 80, false);
    text(body, "avatar_url", "", 0, 2'048, false);
    flag(body, "tts", "");
    integer(body, "flags", "", 0, std::numeric_limits<std::int32_t>::max());
    embeds(body);
    mentions(body);
    return std::move(errors_);
  }

 private:
  void complain(const std::string& path, const char* code, std::string message) {
    errors_.push_back(FieldError{path, code, std::move(message)});
  }

  static std::string join(const std::string& at, const char* name) {
    return at.empty() ? std::string(name) : at + "." + name;
  }

  /// The field when it is there and not null.
  static const json::value* given(const json::object& object, const char* name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && !value->is_null() ? value : nullptr;
  }

  std::size_t text(const json::object& object, const char* name, const std::string& at,
                   std::size_t least, std::size_t most, bool required) {
    const std::string path = join(at, name);
    const json::value* value = given(object, name);
    if (value == nullptr) {
      if (required) {
        complain(path, "BASE_TYPE_REQUIRED", "This field is required");
      }
      return 0;
    }
    if (!value->is_string()) {
      complain(path, "STRING_TYPE_CONVERT", "Could not interpret value as string.");
      return 0;
    }
    const std::size_t length = length_of(std::string_view(value->get_string()));
    if (length > most) {
      complain(path, "BASE_TYPE_MAX_LENGTH", fmt::format("Must be {} or fewer in length.", most));
    } else if (length < least || (required && length == 0)) {
      if (required) {
        complain(path, "BASE_TYPE_REQUIRED", "This field is required");
      } else {
        complain(path, "BASE_TYPE_BAD_LENGTH",
                 fmt::format("Must be between {} and {} in length.", least, most));
      }
    }
    return length;
  }

  void flag(const json::object& object, const char* name, const std::string& at) {
    const json::value* value = given(object, name);
    if (value != nullptr && !value->is_bool()) {
      complain(join(at, name), "BOOLEAN_TYPE_CONVERT", "Must be either true or false.");
    }
  }

  void integer(const json::object& object, const char* name, const std::string& at,
               std::int64_t least, std::int64_t most) {
    const json::value* value = given(object, name);
    if (value == nullptr) {
      return;
    }
    boost::system::error_code failed;
    const auto number = value->is_number() && !value->is_double()
                            ? value->to_number<std::int64_t>(failed)
                            : std::int64_t{-1};
    if (!value->is_number() || value->is_double() || failed) {
      complain(join(at, name), "NUMBER_TYPE_COERCE",
               fmt::format("Value {} is not int.", json::serialize(*value)));
    } else if (number > most) {
      complain(join(at, name), "NUMBER_TYPE_MAX",
               fmt::format("int value should be less than or equal to {}.", most));
    } else if (number < least) {
      complain(join(at, name), "NUMBER_TYPE_MIN",
               fmt::format("int value should be greater than or equal to {}.", least));
    }
  }

  /// The object when it is one; complains about anything else that is not null.
  const json::object* object(const json::object& parent, const char* name, const std::string& at) {
    const json::value* value = given(parent, name);
    if (value != nullptr && !value->is_object()) {
      complain(join(at, name), "MODEL_TYPE_CONVERT",
               "Only dictionaries may be used in a model type");
    }
    return value != nullptr ? value->if_object() : nullptr;
  }

  const json::array* array(const json::object& parent, const char* name, const std::string& at,
                           std::size_t most) {
    const json::value* value = given(parent, name);
    if (value == nullptr) {
      return nullptr;
    }
    const json::array* items = value->if_array();
    if (items == nullptr) {
      complain(join(at, name), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
    } else if (items->size() > most) {
      complain(join(at, name), "BASE_TYPE_MAX_LENGTH",
               fmt::format("Must be {} or fewer in length.", most));
    }
    return items;
  }

  void embeds(const json::object& body) {
    const json::array* items = array(body, "embeds", "", kMostEmbeds);
    if (items == nullptr) {
      return;
    }
    std::size_t total = 0;
    for (std::size_t i = 0; i < items->size() && i < kMostEmbeds; ++i) {
      const std::string at = fmt::format("embeds.{}", i);
      const json::object* embed = (*items)[i].if_object();
      if (embed == nullptr) {
        complain(at, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a model type");
        continue;
      }
      total += check_embed(*embed, at);
    }
    if (total > kMostEmbedText) {
      complain("embeds", "MAX_EMBED_SIZE_EXCEEDED",
               fmt::format("Embed size exceeds maximum size of {}", kMostEmbedText));
    }
  }

  std::size_t check_embed(const json::object& embed, const std::string& at) {
    std::size_t total = text(embed, "title", at, 0, 256, false);
    total += text(embed, "description", at, 0, 4'096, false);
    integer(embed, "color", at, 0, kMostColor);
    const json::value* url = given(embed, "url");
    if (url != nullptr && url->is_string() && !url->get_string().starts_with("http://") &&
        !url->get_string().starts_with("https://")) {
      complain(join(at, "url"), "URL_TYPE_INVALID_SCHEME",
               "Scheme must be one of ('http', 'https').");
    }
    text(embed, "url", at, 0, 2'048, false);
    const json::value* time = given(embed, "timestamp");
    if (time != nullptr &&
        (!time->is_string() || !runtime::parse_rfc3339(std::string_view(time->get_string())))) {
      complain(join(at, "timestamp"), "DATE_TIME_TYPE_PARSE",
               "Could not parse the value. Should be ISO8601.");
    }
    if (const json::object* footer = object(embed, "footer", at)) {
      total += text(*footer, "text", at + ".footer", 1, 2'048, true);
    }
    if (const json::object* author = object(embed, "author", at)) {
      total += text(*author, "name", at + ".author", 1, 256, true);
    }
    const json::array* fields = array(embed, "fields", at, kMostFields);
    for (std::size_t i = 0; fields != nullptr && i < fields->size() && i < kMostFields; ++i) {
      const std::string place = fmt::format("{}.fields.{}", at, i);
      const json::object* field = (*fields)[i].if_object();
      if (field == nullptr) {
        complain(place, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a model type");
        continue;
      }
      total += text(*field, "name", place, 1, 256, true);
      total += text(*field, "value", place, 1, 1'024, true);
      flag(*field, "inline", place);
    }
    return total;
  }

  void mentions(const json::object& body) {
    const json::object* allowed = object(body, "allowed_mentions", "");
    if (allowed == nullptr) {
      return;
    }
    const json::array* kinds = array(*allowed, "parse", "allowed_mentions", 3);
    for (std::size_t i = 0; kinds != nullptr && i < kinds->size(); ++i) {
      const json::string* kind = (*kinds)[i].if_string();
      if (kind == nullptr || (*kind != "roles" && *kind != "users" && *kind != "everyone")) {
        complain(fmt::format("allowed_mentions.parse.{}", i), "BASE_TYPE_CHOICES",
                 "Value must be one of ('users', 'roles', 'everyone').");
      }
    }
  }

  std::vector<FieldError> errors_;
};

std::string_view text_at(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

void append_line(std::string& out, std::string_view line) {
  if (!line.empty()) {
    out += out.empty() ? "" : "\n";
    out += line;
  }
}

}  // namespace

std::vector<FieldError> check_message(const json::object& body) { return Checker().run(body); }

bool is_empty_message(const json::object& body) { return readable_text(body).empty(); }

bool is_silent(const json::object& body) {
  const json::value* flags = body.if_contains("flags");
  return flags != nullptr && flags->is_int64() && (flags->get_int64() & kNoNotification) != 0;
}

std::string readable_text(const json::object& body) {
  std::string out;
  append_line(out, text_at(body, "content"));
  const json::value* embeds = body.if_contains("embeds");
  if (embeds == nullptr || !embeds->is_array()) {
    return out;
  }
  for (const json::value& item : embeds->get_array()) {
    const json::object* embed = item.if_object();
    if (embed == nullptr) {
      continue;
    }
    append_line(out, text_at(*embed, "title"));
    append_line(out, text_at(*embed, "description"));
    const json::value* fields = embed->if_contains("fields");
    if (fields != nullptr && fields->is_array()) {
      for (const json::value& field : fields->get_array()) {
        if (field.is_object()) {
          append_line(out, text_at(field.get_object(), "name"));
          append_line(out, text_at(field.get_object(), "value"));
        }
      }
    }
    const json::value* footer = embed->if_contains("footer");
    if (footer != nullptr && footer->is_object()) {
      append_line(out, text_at(footer->get_object(), "text"));
    }
  }
  return out;
}

std::string form_errors(const std::vector<FieldError>& errors, int version) {
  json::object tree;
  if (version < 8) {
    for (const FieldError& error : errors) {
      const std::string top = error.path.substr(0, error.path.find('.'));
      if (!tree.contains(top)) {
        tree[top] = json::array();
      }
      tree[top].as_array().emplace_back(error.message);
    }
    return json::serialize(tree);
  }
  for (const FieldError& error : errors) {
    json::object* place = &tree;
    for (std::string_view rest = error.path; !rest.empty();) {
      const std::size_t dot = rest.find('.');
      json::value& next = (*place)[rest.substr(0, dot)];
      if (!next.is_object()) {
        next.emplace_object();
      }
      place = &next.get_object();
      rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
    }
    json::value& list = (*place)["_errors"];
    if (!list.is_array()) {
      list.emplace_array();
    }
    json::object entry;
    entry["code"] = error.code;
    entry["message"] = error.message;
    list.get_array().push_back(std::move(entry));
  }
  json::object body;
  body["message"] = "Invalid Form Body";
  body["code"] = 50035;
  body["errors"] = std::move(tree);
  return json::serialize(body);
}

std::vector<EntryLink> take_links(std::string& text) {
  std::vector<EntryLink> links;
  std::size_t from = 0;
  while (links.size() < Ledger::kMostLinks) {
    const std::size_t middle = text.find("](http", from);
    if (middle == std::string::npos) break;
    from = middle + 1;
    const std::size_t begin = text.rfind('[', middle);
    const std::size_t end = text.find(')', middle);
    if (begin == std::string::npos || end == std::string::npos) continue;
    links.push_back(
        {text.substr(begin + 1, middle - begin - 1), text.substr(middle + 2, end - middle - 2)});
    text.replace(begin, end - begin + 1, links.back().label);
    from = begin;
  }
  return links;
}

}  // namespace streaky::sim

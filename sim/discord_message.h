// What Discord accepts as a message: the limits of every field (docs/remote-apis.md §3). Pure.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sim/ledger.h"

namespace streaky::sim {

/// One entry of a 50035 answer: where, and why.
struct FieldError {
  std::string path;  // dotted: `embeds.0.title`
  std::string code;
  std::string message;
};

/// Empty when every field is well. An empty message is another matter (`is_empty_message`).
std::vector<FieldError> check_message(const boost::json::object& body);
bool is_empty_message(const boost::json::object& body);
/// What a reader sees: content, then each embed's title, description, fields and footer.
std::string readable_text(const boost::json::object& body);
/// Takes masked links, `[label](https://…)`, out of a text: a reader sees their labels.
std::vector<EntryLink> take_links(std::string& text);
/// Discord shows it without a notification.
bool is_silent(const boost::json::object& body);
/// The body of a 50035 answer; version 6 and 7 have the older, flat form.
std::string form_errors(const std::vector<FieldError>& errors, int version);

}  // namespace streaky::sim

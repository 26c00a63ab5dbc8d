// One line of JSON → a draft. See user_import.h.
#include <boost/json.hpp>

#include "account/json_draft.h"
#include "app/user_import.h"

namespace streaky::app {

namespace {

namespace json = boost::json;

constexpr std::size_t kDeepest = 4;

}  // namespace

runtime::Result<account::UserDraft> parse_json_line(std::string_view text,
                                                    const runtime::Secret& bot_token) {
  json::parse_options options;
  options.max_depth = kDeepest;
  boost::system::error_code error;
  const json::value value = json::parse(text, error, {}, options);
  const json::object* object = error ? nullptr : value.if_object();
  if (object == nullptr) {
    return runtime::fail_for_good(
        "bad_field", error ? "not valid JSON: " + error.message() : "expected a JSON object");
  }
  account::UserDraft draft;
  for (const auto& [name, member] : *object) {
    account::Reason reason = account::set_json_field(draft, name, member, bot_token);
    if (!reason.empty()) return runtime::fail_for_good("bad_field", std::move(reason));
  }
  if (draft.login.empty()) return runtime::fail_for_good("bad_field", "the login is missing");
  return draft;
}

}  // namespace streaky::app

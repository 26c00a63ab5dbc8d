#include "sim/telegram_buttons.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace streaky::sim {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostButtons = 100;

std::unexpected<std::string> wrong(std::string words) { return std::unexpected(std::move(words)); }

bool is_web_address(std::string_view text) {
  const auto url = boost::urls::parse_uri(text);
  if (!url || (url->scheme() != "http" && url->scheme() != "https")) return false;
  return url->host().find('.') != std::string::npos;
}

std::string text_of(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(std::string_view(value->get_string()));
}

std::expected<EntryLink, std::string> parse_button(const json::value& value) {
  if (!value.is_object()) return wrong("InlineKeyboardButton must be an Object");
  EntryLink button{text_of(value.get_object(), "text"), text_of(value.get_object(), "url")};
  if (button.label.empty()) return wrong("field \"text\" must be non-empty");
  if (button.url.empty()) return wrong("text buttons are unallowed in the inline keyboard");
  if (!is_web_address(button.url)) {
    return wrong(
        fmt::format("inline keyboard button URL '{}' is invalid: Wrong HTTP URL", button.url));
  }
  return button;
}

}  // namespace

std::expected<std::vector<EntryLink>, std::string> parse_buttons(std::string_view reply_markup) {
  std::vector<EntryLink> buttons;
  if (reply_markup.empty()) return buttons;
  boost::system::error_code failed;
  const json::value markup = json::parse(reply_markup, failed);
  if (failed || !markup.is_object()) return wrong("can't parse reply keyboard markup JSON object");
  const json::value* rows = markup.get_object().if_contains("inline_keyboard");
  if (rows == nullptr || !rows->is_array()) return wrong("object expected as reply markup");
  for (const json::value& row : rows->get_array()) {
    if (!row.is_array()) return wrong("field \"inline_keyboard\" must be an Array of Arrays");
    for (const json::value& value : row.get_array()) {
      auto button = parse_button(value);
      if (!button) return wrong(button.error());
      buttons.push_back(std::move(*button));
    }
  }
  if (buttons.size() > kMostButtons) return wrong("reply markup is too long");
  return buttons;
}

}  // namespace streaky::sim

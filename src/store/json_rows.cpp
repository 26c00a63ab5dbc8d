#include "store/json_rows.h"

#include <algorithm>

namespace streaky::store {

namespace json = boost::json;

json::value json_text(std::string_view text) {
  json::string result(text);
  if (text.find('\0') != std::string_view::npos) {
    const auto kept = std::ranges::remove(result, '\0').begin();
    result.resize(static_cast<std::size_t>(kept - result.begin()));
  }
  return result;
}

json::value json_text_or_null(std::string_view text) {
  if (text.empty()) return nullptr;
  return json_text(text);
}

json::value json_at(runtime::TimePoint at) { return runtime::to_unix_ms(at); }

json::value json_at(std::optional<runtime::TimePoint> at) {
  if (!at) return nullptr;
  return runtime::to_unix_ms(*at);
}

json::value json_label(std::optional<streak::Label> label) {
  if (!label) return nullptr;
  return json_text(streak::to_text(*label));
}

json::value json_number(std::optional<std::int64_t> number) {
  if (!number) return nullptr;
  return *number;
}

std::string to_json(const std::vector<std::int64_t>& ids) {
  return json::serialize(json::array(ids.begin(), ids.end()));
}

std::string to_json(const std::vector<std::string>& texts) {
  json::array rows;
  rows.reserve(texts.size());
  for (const std::string& text : texts) rows.push_back(json_text(text));
  return json::serialize(rows);
}

std::string to_json(const json::array& rows) { return json::serialize(rows); }

}  // namespace streaky::store

// Rows that travel to the database as one JSON array. Private to store/. Pure functions.
//
// Statements that read several fields of a row take it through `rows AS MATERIALIZED`: json_each()
// writes out an object anew for each mention of its value, which took half of their time.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/time.h"
#include "streak/calendar.h"

namespace streaky::store {

/// Rows that one statement of the reaper, the cleaner or a retry changes at most.
inline constexpr int kBite = 1'000;

/// NUL characters are dropped: no database keeps them in text.
boost::json::value json_text(std::string_view text);
/// Empty text becomes null, for columns where absence matters.
boost::json::value json_text_or_null(std::string_view text);
boost::json::value json_at(runtime::TimePoint at);
boost::json::value json_at(std::optional<runtime::TimePoint> at);
boost::json::value json_label(std::optional<streak::Label> label);
boost::json::value json_number(std::optional<std::int64_t> number);

std::string to_json(const std::vector<std::int64_t>& ids);
std::string to_json(const std::vector<std::string>& texts);
std::string to_json(const boost::json::array& rows);

}  // namespace streaky::store

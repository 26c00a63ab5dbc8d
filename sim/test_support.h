// Short ways to ask the world, for the tests of this room. Not part of the library.
#pragma once

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "sim/world.h"

namespace streaky::sim::testing {

inline runtime::TimePoint instant(std::string_view text) {
  return runtime::parse_rfc3339(text).value();
}

inline Day day(std::string_view label) {
  return utc_day(instant(std::string(label) + "T00:00:00Z"));
}

/// Thursday; noon in UTC.
inline const runtime::TimePoint kNow = instant("2026-08-06T12:00:00Z");

inline Person person(std::string login, std::string_view zone = "UTC") {
  Person person;
  person.login = std::move(login);
  person.zone = Zones::find(zone).value();
  person.base = day("2026-08-06");
  person.created = day("2020-01-01");
  return person;
}

/// A streak of `days` that reaches yesterday.
inline Person with_streak(std::string login, int days, std::string_view zone = "UTC") {
  Person result = person(std::move(login), zone);
  result.has_streak = days > 0;
  result.began = result.base - days;
  return result;
}

inline std::string header(const Answer& answer, std::string_view name) {
  for (const net::HttpHeader& header : answer.response.headers) {
    if (header.name == name) {
      return header.value;
    }
  }
  return {};
}

inline boost::json::value body(const Answer& answer) {
  return boost::json::parse(answer.response.body);
}

/// The value at a JSON pointer, serialized; "" when there is none.
inline std::string at(const boost::json::value& value, std::string_view pointer) {
  boost::system::error_code error;
  const boost::json::value* found = value.find_pointer(pointer, error);
  return found == nullptr ? std::string() : boost::json::serialize(*found);
}

inline std::string at(const Answer& answer, std::string_view pointer) {
  return at(body(answer), pointer);
}

inline Request post(std::string target, std::string body, std::string type = "application/json") {
  Request request;
  request.method = "POST";
  request.target = std::move(target);
  request.headers = {{"User-Agent", "test"}, {"Content-Type", std::move(type)}};
  request.body = std::move(body);
  return request;
}

inline Request query(std::string_view source, boost::json::object variables = {},
                     std::string_view token = "ghp_sim0") {
  boost::json::object fields;
  fields["query"] = source;
  fields["variables"] = std::move(variables);
  Request request = post("/graphql", boost::json::serialize(fields));
  request.headers.push_back({"Authorization", "Bearer " + std::string(token)});
  return request;
}

inline Answer ask(World& world, std::string_view source, boost::json::object variables = {},
                  std::string_view token = "ghp_sim0", runtime::TimePoint now = kNow) {
  return world.handle(Service::github, query(source, std::move(variables), token), now);
}

inline std::string webhook_path(const Person& person, std::string_view version = "/v10") {
  return "/api" + std::string(version) + "/webhooks/" + std::to_string(People::webhook_id(person)) +
         "/" + People::webhook_token(person);
}

inline std::string bot_path(World& world, const Person& person, std::string_view method) {
  return "/bot" + world.people().bot_token(People::bot_id(person)) + "/" + std::string(method);
}

inline std::string shipped_query(const std::string& name) {
  std::ifstream file(std::string(__FILE__).substr(0, std::string(__FILE__).rfind('/')) +
                     "/testdata/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace streaky::sim::testing

#include "github/query.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <string_view>

namespace streaky::github {

namespace {

namespace json = boost::json;

constexpr std::size_t kLongestLogin = 100;
constexpr std::size_t kLongestNodeId = 200;

constexpr std::string_view kFields =
    "id login databaseId createdAt contributionsCollection(from:$from,to:$to){startedAt endedAt "
    "contributionCalendar{totalContributions weeks{contributionDays{date contributionCount}}}}";
constexpr std::string_view kPoints = "rateLimit{limit cost remaining used resetAt}";

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool made_of(std::string_view text, std::string_view extra, std::size_t most) {
  return !text.empty() && text.size() <= most && std::ranges::all_of(text, [extra](char c) {
    return is_alnum(c) || extra.find(c) != std::string_view::npos;
  });
}

std::string by_node_id(const std::vector<Who>& whom, json::object& variables) {
  json::array ids;
  for (const Who& who : whom) ids.emplace_back(who.node_id);
  variables["ids"] = std::move(ids);
  std::string query =
      "query($ids:[ID!]!,$from:DateTime!,$to:DateTime!){nodes(ids:$ids){__typename ... on User{";
  query.append(kFields).append("}} ").append(kPoints).append("}");
  return query;
}

std::string by_login(const std::vector<Who>& whom, json::object& variables) {
  std::string query = "query($from:DateTime!,$to:DateTime!";
  std::string aliases;
  for (std::size_t i = 0; i < whom.size(); ++i) {
    const std::string number = std::to_string(i);
    query.append(",$l").append(number).append(":String!");
    aliases.append(alias_of(i)).append(":user(login:$l").append(number).append("){...F} ");
    variables["l" + number] = whom[i].login;
  }
  query.append("){").append(aliases).append(kPoints).append("} fragment F on User{");
  query.append(kFields).append("}");
  return query;
}

}  // namespace

AskBy ask_by(const Who& who) { return who.node_id.empty() ? AskBy::login : AskBy::node_id; }

bool can_be_asked(const Who& who) {
  if (ask_by(who) == AskBy::node_id) return made_of(who.node_id, "_-+/=", kLongestNodeId);
  return made_of(who.login, "_-", kLongestLogin);
}

std::string query_body(AskBy by, const std::vector<Who>& whom, streak::LabelRange window) {
  json::object variables;
  variables["from"] = streak::to_text(window.from) + "T00:00:00Z";
  variables["to"] = streak::to_text(window.to) + "T23:59:59Z";
  json::object body;
  body["query"] = by == AskBy::node_id ? by_node_id(whom, variables) : by_login(whom, variables);
  body["variables"] = std::move(variables);
  return json::serialize(body);
}

std::string alias_of(std::size_t index) { return "u" + std::to_string(index); }

}  // namespace streaky::github

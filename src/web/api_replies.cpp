#include "web/api_replies.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <utility>

#include "account/user_draft.h"
#include "runtime/bytes.h"
#include "web/test_message.h"

namespace streaky::web {

namespace {

constexpr int kUsualPage = 20;
constexpr int kLargestPage = 100;
constexpr std::size_t kLongestCursor = 200;
/// After everything that is stored: the end of the year 9999.
constexpr runtime::TimePoint kFarFuture = runtime::from_unix_ms(253'402'300'799'000);

int status_of(const std::string& code) {
  if (code == "gone") return 404;
  const bool conflict = code == "overtaken" || code == "channel_exists";
  return conflict ? 409 : 422;
}

}  // namespace

net::ServerResponse api_reply(int status, const boost::json::value& body) {
  return json_reply(status, boost::json::serialize(body) + "\n");
}

net::ServerResponse no_content() {
  net::ServerResponse response;
  response.status = 204;
  return response;
}

net::ServerResponse refused(Desk* desk, const Visit* visit, const runtime::Error& error) {
  if (error.code == "gone") return problem(desk, visit, not_found());
  auto response = problem(desk, visit,
                          {.status = status_of(error.code),
                           .code = error.code,
                           .title = "That cannot be",
                           .detail = error.message + ". Nothing was changed."});
  return error.permanent ? response : come_again(std::move(response));
}

std::string other_field(const boost::json::object& body,
                        std::initializer_list<std::string_view> known) {
  for (const auto& member : body) {
    if (std::ranges::find(known, std::string_view(member.key())) != known.end()) continue;
    const std::vector<std::string> names(known.begin(), known.end());
    return account::unknown_field(member.key(), names);
  }
  return {};
}

std::optional<PageRequest> read_page(const Visit& visit) {
  PageRequest page;
  page.limit = kUsualPage;
  page.at = kFarFuture;
  if (has_field(visit.query, "limit")) {
    const auto limit = parse_id(field(visit.query, "limit"));
    if (!limit || *limit < 1 || *limit > kLargestPage) return std::nullopt;
    page.limit = static_cast<int>(*limit);
  }
  const std::string_view cursor = field(visit.query, "cursor");
  if (cursor.empty()) return page;
  if (cursor.size() > kLongestCursor) return std::nullopt;
  const auto text = runtime::base64url_decode(cursor);
  if (!text || !text->contains(' ') || !runtime::is_utf8(*text) || text->contains('\0')) {
    return std::nullopt;
  }
  const auto ms = parse_id(std::string_view(*text).substr(0, text->find(' ')));
  if (!ms) return std::nullopt;
  page.at = runtime::from_unix_ms(*ms);
  page.id = text->substr(text->find(' ') + 1);
  return page;
}

net::ServerResponse bad_page(Desk* desk, const Visit* visit) {
  return problem(
      desk, visit,
      {.status = 400,
       .code = "bad_page",
       .title = "There is no such page",
       .detail = fmt::format("Expected limit from 1 to {}, and as cursor the next_cursor of the "
                             "page before.",
                             kLargestPage)});
}

std::string make_cursor(runtime::TimePoint at, std::string_view id) {
  return runtime::base64url_encode(fmt::format("{} {}", runtime::to_unix_ms(at), id));
}

}  // namespace streaky::web

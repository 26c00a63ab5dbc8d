// API tokens: made, shown once, revoked.
#include <algorithm>

#include "crypto/tokens.h"
#include "runtime/bytes.h"
#include "web/handlers.h"
#include "web/replies.h"
#include "web/settings_page.h"
#include "web/test_message.h"
#include "web/words.h"

namespace streaky::web {

namespace {

constexpr std::size_t kLongestName = 60;

/// What people call it, to know it again in the list.
std::optional<std::string> read_name(std::string_view text) {
  const std::string_view name = runtime::trim_ascii(text);
  const bool fine = !name.empty() && name.size() <= kLongestName &&
                    std::ranges::none_of(name, [](char c) { return c == '\n' || c == '\r'; });
  if (!fine) return std::nullopt;
  return std::string(name);
}

}  // namespace

void set_api_token_data(Data& data, const std::vector<store::ApiToken>& tokens,
                        const Visit& visit) {
  const streak::Zone zone = zone_or_utc(visit.user().time_zone);
  Data list{Data::type::list};
  for (const store::ApiToken& token : tokens) {
    Data row;
    row.set("id", std::to_string(token.id));
    row.set("name", token.name);
    row.set("made", local_when(zone, token.created_at, visit.now));
    row.set("used", token.used_at ? ago(*token.used_at, visit.now) : std::string("never"));
    list.push_back(row);
  }
  data.set("api_tokens", list);
  data.set("more_tokens", tokens.size() < static_cast<std::size_t>(store::kMostApiTokens));
}

Answer make_api_token(Desk* desk, Visit* visit) {
  const auto name = read_name(visit->value("name"));
  if (!name) {
    auto showing = settings_page(desk, visit, "API token: expected a name of 1 to 60 characters.");
    co_return co_await std::move(showing);
  }
  const runtime::Secret token = crypto::make_token();
  const auto made =
      co_await desk->api_tokens.make(crypto::hash_token(token.reveal()), visit->user().id,
                                     visit->signed_in->session.made_by, *name, visit->now);
  if (!made) {
    auto showing = settings_page(desk, visit, "API token: there are 20 already; revoke one first.");
    co_return co_await std::move(showing);
  }
  desk->parts.log.info("an API token was made", {{"user", visit->user().id}, {"token", *made}});
  Data data;
  data.set("name", *name);
  data.set("token", std::string(token.reveal()));
  PageFrame frame;
  frame.title = "Your new API token";
  frame.place = "settings";
  co_return page(desk, visit, "token_made", std::move(frame), std::move(data));
}

Answer revoke_api_token(Desk* desk, Visit* visit) {
  const auto id = parse_id(visit->parameters.at(0));
  bool revoked = false;
  if (id) revoked = co_await desk->api_tokens.revoke(visit->user().id, *id);
  if (!revoked) co_return problem(desk, visit, not_found());
  desk->parts.log.info("an API token was revoked", {{"user", visit->user().id}, {"token", *id}});
  co_return see_other("/settings?said=api-token-revoked");
}

}  // namespace streaky::web

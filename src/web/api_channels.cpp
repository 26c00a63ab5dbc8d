// The API's channels: added, replaced, removed and tried out; never shown but by their hints.
#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "account/json_draft.h"
#include "account/user_view.h"
#include "web/api_handlers.h"
#include "web/api_replies.h"
#include "web/edits.h"
#include "web/test_message.h"

namespace streaky::web {

namespace {

namespace json = boost::json;
using runtime::Task;

/// What the body says of a channel of that kind, in the draft. The service's bot speaks to nobody
/// who has not pressed Start in it, so a chat needs a bot of one's own.
account::Reason read_channel(const json::object& body, std::string_view kind,
                             account::UserDraft& draft) {
  account::Reason reason;
  if (kind == "discord") {
    reason = other_field(body, {"kind", "webhook"});
    const json::value* webhook = body.if_contains("webhook");
    if (!reason.empty()) return reason;
    if (webhook == nullptr || !webhook->is_string()) return "webhook: expected text in quotes";
    return account::set_json_field(draft, "discord_webhook", *webhook, runtime::Secret());
  }
  if (kind != "telegram") return "kind: expected discord or telegram";
  reason = other_field(body, {"kind", "chat_id", "token"});
  const json::value* chat_id = body.if_contains("chat_id");
  if (!reason.empty()) return reason;
  if (chat_id == nullptr || chat_id->is_null()) return "chat_id: expected text or whole number";
  json::object telegram;
  telegram["chat_id"] = *chat_id;
  if (const json::value* token = body.if_contains("token")) telegram["token"] = *token;
  return account::set_json_field(draft, "telegram", telegram, runtime::Secret());
}

const store::Channel* channel_of(const store::User& user, std::string_view kind) {
  const auto found = std::ranges::find(user.channels, kind, &store::Channel::kind);
  return found == user.channels.end() ? nullptr : &*found;
}

/// What must be true of the channel for the edit to go on.
enum class Wants { none_of_the_kind, this_one };

/// Applies the draft where the user's channels are as they must be, also by the time it is written.
Task<runtime::Result<store::User>> apply_if(Desk* desk, const Visit* visit,
                                            account::UserDraft draft, Wants wants,
                                            store::Channel channel) {
  // Whoever gives a credential anew wants it tried again.
  draft.revive = true;
  draft.login = visit->user().login;
  const account::UserDraft* said = &draft;
  const store::Channel* meant = &channel;
  const crypto::Sealer* sealer = &desk->parts.sealer;
  const runtime::TimePoint now = visit->now;
  account::Edit edit = [said, meant, wants, sealer,
                        now](const store::Allotted& allotted) -> runtime::Result<store::User> {
    const store::Channel* stored = channel_of(*allotted.existing, meant->kind);
    if (wants == Wants::none_of_the_kind && stored != nullptr) {
      return runtime::fail_for_good("channel_exists",
                                    "there is a channel of this kind already; replace it with PUT");
    }
    if (wants == Wants::this_one && (stored == nullptr || stored->id != meant->id)) {
      return runtime::fail_for_good("gone", "there is no such channel any more");
    }
    return account::edit_user(*said, allotted, *sealer, now);
  };
  auto changing = account::change_user(&desk->users, visit->user().id, std::move(edit), now);
  co_return co_await std::move(changing);
}

net::ServerResponse bad_field(Desk* desk, const Visit* visit, account::Reason reason) {
  return refused(desk, visit,
                 {.code = "bad_field", .message = std::move(reason), .permanent = true});
}

void log_change(Desk* desk, const Visit* visit, const std::string& what) {
  desk->parts.log.info("a credential was changed", {{"user", visit->user().id}, {"what", what}});
}

}  // namespace

Answer api_channels(Desk*, Visit* visit) {
  json::array channels;
  for (const store::Channel& channel : visit->user().channels) {
    channels.push_back(account::channel_json(channel));
  }
  json::object object;
  object["channels"] = std::move(channels);
  co_return api_reply(200, object);
}

Answer api_add_channel(Desk* desk, Visit* visit) {
  store::Channel wanted;
  if (const json::value* kind = visit->body.if_contains("kind"); kind && kind->is_string()) {
    wanted.kind = std::string_view(kind->get_string());
  }
  account::UserDraft draft;
  const auto reason = read_channel(visit->body, wanted.kind, draft);
  if (!reason.empty()) co_return bad_field(desk, visit, reason);
  auto applying = apply_if(desk, visit, std::move(draft), Wants::none_of_the_kind, wanted);
  const auto result = co_await std::move(applying);
  if (!result) co_return refused(desk, visit, result.error());
  log_change(desk, visit, wanted.kind);
  const store::Channel* made = channel_of(*result, wanted.kind);
  if (made == nullptr) co_return problem(desk, visit, not_found());
  net::ServerResponse response = api_reply(201, account::channel_json(*made));
  response.headers.push_back({"Location", "/api/v1/channels/" + std::to_string(made->id)});
  co_return response;
}

Answer api_channel(Desk* desk, Visit* visit) {
  const store::Channel* channel = find_channel(visit->user(), visit->parameters.at(0));
  if (channel == nullptr) co_return problem(desk, visit, not_found());
  co_return api_reply(200, account::channel_json(*channel));
}

Answer api_replace_channel(Desk* desk, Visit* visit) {
  const store::Channel* channel = find_channel(visit->user(), visit->parameters.at(0));
  if (channel == nullptr) co_return problem(desk, visit, not_found());
  account::UserDraft draft;
  auto reason = read_channel(visit->body, channel->kind, draft);
  const json::value* kind = visit->body.if_contains("kind");
  if (kind != nullptr && *kind != json::value(channel->kind)) {
    reason = "kind: a channel keeps its kind; add another one instead";
  }
  if (!reason.empty()) co_return bad_field(desk, visit, reason);
  auto applying = apply_if(desk, visit, std::move(draft), Wants::this_one, *channel);
  const auto result = co_await std::move(applying);
  if (!result) co_return refused(desk, visit, result.error());
  log_change(desk, visit, channel->kind);
  const store::Channel* replaced = channel_of(*result, channel->kind);
  if (replaced == nullptr) co_return problem(desk, visit, not_found());
  co_return api_reply(200, account::channel_json(*replaced));
}

Answer api_change_channel(Desk* desk, Visit* visit) {
  const store::Channel* channel = find_channel(visit->user(), visit->parameters.at(0));
  if (channel == nullptr) co_return problem(desk, visit, not_found());
  const auto reason = other_field(visit->body, {"level"});
  if (!reason.empty()) co_return bad_field(desk, visit, reason);
  std::string_view text;
  const json::value* said = visit->body.if_contains("level");
  if (said != nullptr && said->is_string()) text = said->get_string();
  const auto level = streak::parse_channel_level(text);
  if (!level) co_return bad_field(desk, visit, "level: expected quiet, normal or loud");
  auto changing = change_channel_level(desk, visit, channel->id, *level);
  const auto result = co_await std::move(changing);
  if (!result) co_return refused(desk, visit, result.error());
  const store::Channel* changed = channel_of(*result, channel->kind);
  if (changed == nullptr) co_return problem(desk, visit, not_found());
  co_return api_reply(200, account::channel_json(*changed));
}

Answer api_remove_channel(Desk* desk, Visit* visit) {
  const store::Channel* channel = find_channel(visit->user(), visit->parameters.at(0));
  if (channel == nullptr) co_return problem(desk, visit, not_found());
  account::UserDraft draft;
  clear_channel(draft, channel->kind);
  auto applying = apply_if(desk, visit, std::move(draft), Wants::this_one, *channel);
  const auto result = co_await std::move(applying);
  if (!result) co_return refused(desk, visit, result.error());
  log_change(desk, visit, "removed");
  co_return no_content();
}

Answer api_test_channel(Desk* desk, Visit* visit) {
  const store::Channel* channel = find_channel(visit->user(), visit->parameters.at(0));
  if (channel == nullptr) co_return problem(desk, visit, not_found());
  auto testing = test_channel(desk, &visit->user(), channel);
  const TestResult result = co_await std::move(testing);
  json::object object;
  object["arrived"] = result.arrived;
  object["detail"] = result.words;
  co_return api_reply(200, object);
}

}  // namespace streaky::web

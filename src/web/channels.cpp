// Channels, the GitHub token, and the test message.
#include "web/edits.h"
#include "web/handlers.h"
#include "web/news.h"
#include "web/replies.h"
#include "web/settings_page.h"
#include "web/test_message.h"

namespace streaky::web {

namespace {

using runtime::Task;

constexpr const char* kFromSetup = "setup";

bool from_setup(const Visit& visit) { return visit.value("from") == kFromSetup; }

/// In the set-up, what was wrong is shown there.
Task<net::ServerResponse> refuse(Desk* desk, Visit* visit, std::string problem) {
  if (!from_setup(*visit)) {
    auto showing = settings_page(desk, visit, std::move(problem));
    co_return co_await std::move(showing);
  }
  const std::string bot = co_await listening_bot(desk, visit->now);
  Data data;
  set_channel_data(data, visit->user(), bot);
  PageFrame frame;
  frame.title = "How to reach you";
  frame.place = "setup";
  frame.problem = std::move(problem);
  co_return page(desk, visit, "setup_channels", std::move(frame), std::move(data), 422);
}

Task<net::ServerResponse> save(Desk* desk, Visit* visit, account::UserDraft draft,
                               std::string said) {
  // Whoever types a credential anew wants it tried again.
  draft.revive = true;
  auto applying = apply_draft(desk, visit, std::move(draft));
  const auto result = co_await std::move(applying);
  if (!result) {
    auto refusing = refuse(desk, visit, result.error().message);
    co_return co_await std::move(refusing);
  }
  desk->parts.log.info("a credential was changed", {{"user", visit->user().id}, {"what", said}});
  std::string place = from_setup(*visit) ? "/setup/channels" : "/settings";
  place += "?said=" + said;
  co_return see_other(std::move(place));
}

/// `field: what is wrong` → a sentence for the page.
std::string sentence(const std::string& reason) {
  const std::size_t colon = reason.find(": ");
  std::string text = colon == std::string::npos ? reason : reason.substr(colon + 2);
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text + ".";
}

}  // namespace

Answer save_discord(Desk* desk, Visit* visit) {
  account::UserDraft draft;
  const auto reason = account::set_discord_webhook(draft, visit->value("webhook"));
  if (!reason.empty()) return refuse(desk, visit, "Discord: " + sentence(reason));
  return save(desk, visit, std::move(draft), "discord");
}

Answer save_telegram(Desk* desk, Visit* visit) {
  account::UserDraft draft;
  // The service's bot speaks to nobody who has not pressed Start in it.
  const auto reason = account::set_telegram(draft, visit->value("token"), visit->value("chat_id"),
                                            runtime::Secret());
  if (!reason.empty()) return refuse(desk, visit, "Telegram: " + sentence(reason));
  return save(desk, visit, std::move(draft), "telegram");
}

Answer remove_channel(Desk* desk, Visit* visit) {
  const store::Channel* channel = find_channel(visit->user(), visit->parameters.at(0));
  if (channel == nullptr) co_return problem(desk, visit, not_found());
  account::UserDraft draft;
  clear_channel(draft, channel->kind);
  auto applying = apply_draft(desk, visit, std::move(draft));
  auto result = co_await std::move(applying);
  auto ending = after_edit(desk, visit, std::move(result), "removed");
  co_return co_await std::move(ending);
}

Answer save_channel_level(Desk* desk, Visit* visit) {
  const store::Channel* channel = find_channel(visit->user(), visit->parameters.at(0));
  if (channel == nullptr) co_return problem(desk, visit, not_found());
  const auto level = streak::parse_channel_level(visit->value("level"));
  if (!level) {
    auto showing = settings_page(desk, visit, "Channel: expected quiet, normal or loud.");
    co_return co_await std::move(showing);
  }
  auto changing = change_channel_level(desk, visit, channel->id, *level);
  auto result = co_await std::move(changing);
  auto ending = after_edit(desk, visit, std::move(result), "level");
  co_return co_await std::move(ending);
}

Answer save_token(Desk* desk, Visit* visit) {
  account::UserDraft draft;
  const std::string_view token = visit->value("token");
  if (visit->value("do") == "remove") {
    draft.github_token.clear();
    return save(desk, visit, std::move(draft), "token-removed");
  }
  const auto reason = account::set_github_token(draft, token);
  if (!reason.empty()) return refuse(desk, visit, "GitHub token: " + sentence(reason));
  return save(desk, visit, std::move(draft), "token");
}

Answer send_test(Desk* desk, Visit* visit) {
  const store::Channel* channel = find_channel(visit->user(), visit->value("channel"));
  if (channel == nullptr) co_return problem(desk, visit, not_found());
  auto testing = test_channel(desk, &visit->user(), channel);
  const TestResult result = co_await std::move(testing);
  Data data;
  data.set("arrived", result.arrived);
  data.set("words", result.words);
  data.set("channel", std::to_string(channel->id));
  data.set("from_setup", from_setup(*visit));
  data.set("from", std::string(from_setup(*visit) ? kFromSetup : ""));
  PageFrame frame;
  frame.title = result.arrived ? "The message went out" : "The message did not go out";
  frame.place = from_setup(*visit) ? "setup" : "settings";
  co_return page(desk, visit, "test_result", std::move(frame), std::move(data));
}

}  // namespace streaky::web

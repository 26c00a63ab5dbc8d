// Channels, the GitHub token, and the test message.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <variant>

#include "runtime/printable.h"
#include "streak/message.h"
#include "web/edits.h"
#include "web/handlers.h"
#include "web/replies.h"
#include "web/settings_page.h"
#include "web/words.h"

namespace streaky::web {

namespace {

using runtime::Task;

constexpr const char* kFromSetup = "setup";
/// A test that has to wait longer than this is told to come again.
constexpr runtime::Millis kTestLife{20'000};

bool from_setup(const Visit& visit) { return visit.value("from") == kFromSetup; }

/// In the set-up, what was wrong is shown there.
Task<net::ServerResponse> refuse(Desk* desk, Visit* visit, std::string problem) {
  if (!from_setup(*visit)) {
    auto showing = settings_page(desk, visit, std::move(problem));
    co_return co_await std::move(showing);
  }
  Data data;
  set_channel_data(data, *desk, visit->user());
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

struct TestResult {
  bool arrived = false;
  std::string words;
  std::string dead_reason;  // the channel does not work any more
};

TestResult read_outcome(const notify::Outcome& outcome, const std::string& name) {
  TestResult result;
  if (std::holds_alternative<notify::Sent>(outcome)) {
    result.arrived = true;
    result.words = name + " took the message. Look whether it is there.";
  } else if (const auto* retry = std::get_if<notify::RetryAt>(&outcome)) {
    result.words = fmt::format("{} did not take the message now: {}. Try again in a minute.", name,
                               runtime::printable(retry->reason));
  } else if (const auto* dead = std::get_if<notify::Dead>(&outcome)) {
    result.dead_reason = runtime::printable(dead->reason);
    result.words =
        fmt::format("{} refused for good: {}. Set this channel up anew.", name, result.dead_reason);
  } else if (const auto* refused = std::get_if<notify::Refused>(&outcome)) {
    result.words =
        fmt::format("{} refused the message: {}.", name, runtime::printable(refused->reason));
  }
  return result;
}

notify::SealedOutgoing test_message(Desk* desk, const store::User& user,
                                    const store::Channel& channel, notify::ChannelKind kind) {
  streak::MessageInput input;
  input.kind = streak::MessageKind::test;
  input.login = user.login;
  input.streak = user.streak.length;
  notify::SealedOutgoing outgoing;
  outgoing.delivery_id = desk->parts.random.uuid();
  outgoing.kind = kind;
  outgoing.sealed = channel.sealed;
  outgoing.user_id = user.id;
  outgoing.channel_id = channel.id;
  outgoing.message = streak::compose(input);
  outgoing.expires_at = desk->parts.clock.now() + kTestLife;
  outgoing.login = user.login;
  outgoing.streak = user.streak.length;
  return outgoing;
}

Task<TestResult> test_channel(Desk* desk, const store::User* user, const store::Channel* channel) {
  const std::string name = channel_name(channel->kind);
  const auto kind = notify::parse_channel_kind(channel->kind);
  if (!kind) {
    TestResult unknown;
    unknown.words = name + " is not known here.";
    co_return unknown;
  }
  auto carrying = desk->parts.courier.carry(test_message(desk, *user, *channel, *kind));
  const notify::Carried carried = co_await std::move(carrying);
  TestResult result = read_outcome(carried.outcome, name);
  if (!result.dead_reason.empty()) {
    co_await desk->users.switch_channel_off(channel->id, result.dead_reason,
                                            desk->parts.clock.now());
  }
  co_return result;
}

const store::Channel* find_channel(const store::User& user, std::string_view id) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc{} || end != id.data() + id.size()) return nullptr;
  const auto found = std::ranges::find(user.channels, number, &store::Channel::id);
  return found == user.channels.end() ? nullptr : &*found;
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
  const auto reason = account::set_telegram(draft, visit->value("token"), visit->value("chat_id"),
                                            desk->options.bot_token);
  if (!reason.empty()) return refuse(desk, visit, "Telegram: " + sentence(reason));
  return save(desk, visit, std::move(draft), "telegram");
}

Answer remove_channel(Desk* desk, Visit* visit) {
  const store::Channel* channel = find_channel(visit->user(), visit->parameters.at(0));
  if (channel == nullptr) co_return problem(desk, visit, not_found());
  account::UserDraft draft;
  if (channel->kind == "discord") draft.discord_webhook.clear();
  if (channel->kind == "telegram") draft.telegram.clear();
  auto applying = apply_draft(desk, visit, std::move(draft));
  auto result = co_await std::move(applying);
  auto ending = after_edit(desk, visit, std::move(result), "removed");
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

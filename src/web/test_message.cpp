#include "web/test_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <variant>

#include "runtime/printable.h"
#include "streak/message.h"
#include "web/words.h"

namespace streaky::web {

namespace {

/// A test that has to wait longer than this is told to come again.
constexpr runtime::Millis kTestLife{20'000};

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

}  // namespace

runtime::Task<TestResult> test_channel(Desk* desk, const store::User* user,
                                       const store::Channel* channel) {
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
  const auto number = parse_id(id);
  if (!number) return nullptr;
  const auto found = std::ranges::find(user.channels, *number, &store::Channel::id);
  return found == user.channels.end() ? nullptr : &*found;
}

std::optional<std::int64_t> parse_id(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace streaky::web

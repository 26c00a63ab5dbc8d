#include "sim/people.h"

#include <fmt/format.h>

#include <charconv>
#include <system_error>
#include <utility>

#include "runtime/bytes.h"
#include "sim/mix.h"

namespace streaky::sim {
namespace {

constexpr std::int64_t kFirstDatabaseId = 20'000'001;
constexpr std::uint64_t kFirstWebhook = 1'150'000'000'000'000'077ULL;
constexpr std::uint64_t kWebhookStep = 1ULL << 20U;
constexpr std::int64_t kFirstBot = 5'000'000'000;
constexpr std::int64_t kUsersPerBot = 4;
constexpr std::int64_t kFirstChat = 7'000'000'001;
constexpr std::int64_t kFirstGroup = -4'000'001;
constexpr std::int64_t kFirstSupergroup = -1'001'000'000'001;
constexpr std::string_view kTokenPrefix = "ghp_";

std::optional<std::int64_t> parse_number(std::string_view text, int base = 10) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || stop != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

/// Node ids hold a MessagePack array [0, database id] (`U_kgDOADP9xw` is octocat's form).
std::string packed_id(std::int64_t id) {
  std::string bytes = {'\x92', '\x00', '\xCE'};
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    bytes.push_back(static_cast<char>((static_cast<std::uint64_t>(id) >> (shift - 8)) & 0xFFU));
  }
  return bytes;
}

}  // namespace

std::uint32_t People::add(Person person) {
  person.index = static_cast<std::uint32_t>(people_.size());
  if (person.salt == 0) {
    person.salt = mix(seed_, person.index) | 1U;
  }
  if (person.login.empty()) {
    person.login = fmt::format("sim-{:06}", person.index);
  }
  by_login_[runtime::to_lower_ascii(person.login)] = person.index;
  people_.push_back(std::move(person));
  return people_.back().index;
}

const Person* People::existing(std::int64_t index) const {
  if (index < 0 || std::cmp_greater_equal(index, people_.size())) {
    return nullptr;
  }
  return &people_[static_cast<std::size_t>(index)];
}

const Person* People::by_login(std::string_view login) const {
  const auto found = by_login_.find(runtime::to_lower_ascii(login));
  if (found == by_login_.end()) {
    return nullptr;
  }
  const Person& person = people_[found->second];
  return person.account == Account::unknown ? nullptr : &person;
}

const Person* People::by_node_id(std::string_view id) const {
  std::optional<std::int64_t> number;
  if (id.starts_with("U_")) {
    const auto bytes = runtime::base64url_decode(id.substr(2));
    if (bytes && bytes->size() == 7) {
      std::uint64_t value = 0;
      for (const char byte : std::string_view(*bytes).substr(3)) {
        value = (value << 8U) | static_cast<unsigned char>(byte);
      }
      number = static_cast<std::int64_t>(value);
    }
  } else {
    while (id.ends_with('=')) {
      id.remove_suffix(1);
    }
    const auto bytes = runtime::base64url_decode(id);
    if (bytes && bytes->starts_with("04:User")) {
      number = parse_number(std::string_view(*bytes).substr(7));
    }
  }
  if (!number) {
    return nullptr;
  }
  const Person* person = existing(*number - kFirstDatabaseId);
  if (person == nullptr || person->account == Account::unknown) {
    return nullptr;
  }
  return person;
}

std::int64_t People::database_id(const Person& person) { return kFirstDatabaseId + person.index; }

std::string People::node_id(const Person& person) {
  return "U_" + runtime::base64url_encode(packed_id(database_id(person)));
}

std::string People::legacy_node_id(const Person& person) {
  std::string id = runtime::base64url_encode(fmt::format("04:User{}", database_id(person)));
  id.append((4 - id.size() % 4) % 4, '=');
  return id;
}

std::string People::imported_login(const Person& person) {
  return person.account == Account::renamed ? "was-" + person.login : person.login;
}

std::string People::own_token(const Person& person) {
  return fmt::format("{}{:08x}{}", kTokenPrefix, person.index,
                     letters(mix(person.salt, 0x746F6B656EULL), 28));
}

const Person* People::by_own_token(std::string_view token) const {
  if (token.size() != kTokenPrefix.size() + 36 || !token.starts_with(kTokenPrefix)) {
    return nullptr;
  }
  const auto index = parse_number(token.substr(kTokenPrefix.size(), 8), 16);
  const Person* person = index ? existing(*index) : nullptr;
  if (person == nullptr || person->token == OwnToken::none || own_token(*person) != token) {
    return nullptr;
  }
  return person;
}

std::uint64_t People::webhook_id(const Person& person) {
  return kFirstWebhook + person.index * kWebhookStep + person.webhooks_lost;
}

std::string People::webhook_token(const Person& person) {
  return letters(mix(person.salt, 0x77656268ULL), 66) + "-_";
}

std::string People::webhook_url(const Person& person) {
  // What the user kept after somebody had made the webhook's token anew is the old one.
  const std::string token = person.discord == DiscordState::wrong_token
                                ? letters(mix(person.salt, 0x6F6C64ULL), 66) + "_-"
                                : webhook_token(person);
  return fmt::format("https://discord.com/api/webhooks/{}/{}", webhook_id(person), token);
}

const Person* People::by_webhook_id(std::uint64_t id) const {
  if (id < kFirstWebhook) {
    return nullptr;
  }
  const Person* person = existing(static_cast<std::int64_t>((id - kFirstWebhook) / kWebhookStep));
  const bool has = person != nullptr && person->discord != DiscordState::none;
  return has && webhook_id(*person) == id ? person : nullptr;
}

std::int64_t People::bot_id(const Person& person) {
  return kFirstBot + static_cast<std::int64_t>(person.index) / kUsersPerBot;
}

std::string People::bot_token(std::int64_t bot) const {
  return fmt::format("{}:AA{}", bot, letters(mix(seed_, static_cast<std::uint64_t>(bot)), 33));
}

bool People::knows_bot(std::int64_t bot) const {
  return existing((bot - kFirstBot) * kUsersPerBot) != nullptr;
}

std::int64_t People::imported_chat(const Person& person) {
  const std::int64_t index = person.index;
  switch (person.telegram) {
    case TelegramState::group:
    case TelegramState::kicked:
      return kFirstSupergroup - index;
    case TelegramState::migrated:
      return kFirstGroup - index;
    default:
      return kFirstChat + index;
  }
}

std::int64_t People::present_chat(const Person& person) {
  return person.telegram == TelegramState::migrated ? kFirstSupergroup - person.index
                                                    : imported_chat(person);
}

const Person* People::by_chat(std::int64_t chat) const {
  std::int64_t index = -1;
  if (chat >= kFirstChat) {
    index = chat - kFirstChat;
  } else if (chat <= kFirstSupergroup) {
    index = kFirstSupergroup - chat;
  } else if (chat <= kFirstGroup) {
    index = kFirstGroup - chat;
  }
  const Person* person = existing(index);
  if (person == nullptr || (imported_chat(*person) != chat && present_chat(*person) != chat)) {
    return nullptr;
  }
  return person;
}

}  // namespace streaky::sim

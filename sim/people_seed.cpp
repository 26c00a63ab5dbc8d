// Who lives in the world: the mixture of the seeded users, and their import lines.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "sim/mix.h"
#include "sim/people.h"

namespace streaky::sim {
namespace {

/// Draws facts of one user, one after the other.
class Dice {
 public:
  explicit Dice(std::uint64_t key) : key_(key) {}
  std::uint64_t below(std::uint64_t limit) {
    key_ = mix(key_);
    return key_ % limit;
  }
  bool percent(std::uint64_t chance) { return below(100) < chance; }
  int between(int low, int high) {
    const int choices = high - low + 1;
    return low + static_cast<int>(below(static_cast<std::uint64_t>(choices)));
  }

 private:
  std::uint64_t key_;
};

/// Many short streaks, some over a year, a few of ten years.
int draw_streak(Dice& dice) {
  const std::uint64_t kind = dice.below(100);
  if (kind < 12) {
    return 0;
  }
  if (kind < 62) {
    return dice.between(1, 14);
  }
  if (kind < 84) {
    return dice.between(15, 100);
  }
  if (kind < 94) {
    return dice.between(101, 366);
  }
  return kind < 99 ? dice.between(367, 1'200) : dice.between(1'201, People::kLongestStreak);
}

std::uint8_t draw_rest_days(Dice& dice) {
  const std::uint64_t kind = dice.below(100);
  if (kind < 6) {
    return 0b1000001;  // Saturday and Sunday
  }
  if (kind < 10) {
    return static_cast<std::uint8_t>(1U << dice.below(7));
  }
  return 0;
}

void draw_history(Person& person, Dice& dice, int longest) {
  const int streak = longest > 0 ? dice.between(1, longest) : draw_streak(dice);
  person.has_streak = streak > 0;
  person.began = person.base - std::max(streak, 1);
  person.today = dice.percent(45);
  person.tomorrow = dice.percent(3);
  person.rest_bits = draw_rest_days(dice);
  person.diligence = static_cast<std::uint8_t>(dice.between(60, 100));
  person.created = person.began - dice.between(10, 1'500);
}

void draw_views(Person& person, Dice& dice, bool broken) {
  const std::uint64_t kind = dice.below(100);
  if (kind < 80) {
    person.privacy = Privacy::open;
  } else if (kind < 90) {
    person.privacy = Privacy::shared;
  } else {
    person.privacy = kind < 95 ? Privacy::hidden : Privacy::private_only;
  }
  // Those who hide their private work are the ones who hand over a token to have it seen.
  const bool hides = kind >= 90;
  if (dice.percent(hides ? 70 : 8)) {
    person.token = dice.percent(hides ? 75 : 40) ? OwnToken::repo : OwnToken::plain;
    if (broken && dice.percent(10)) {
      person.token = OwnToken::dead;
    }
  }
}

TelegramState draw_telegram(Dice& dice, bool broken) {
  const std::uint64_t kind = dice.below(100);
  if (!broken || kind < 78) {
    return TelegramState::living;
  }
  if (kind < 88) {
    return TelegramState::group;
  }
  constexpr std::array kRest = {TelegramState::migrated,     TelegramState::migrated,
                                TelegramState::blocked,      TelegramState::deactivated,
                                TelegramState::kicked,       TelegramState::not_found,
                                TelegramState::never_started};
  return kRest.at(dice.below(kRest.size()));
}

void draw_channels(Person& person, Dice& dice, bool broken) {
  const std::uint64_t kind = dice.below(100);
  if (kind < 60 || (kind >= 85 && kind < 95)) {
    person.discord = DiscordState::living;
    if (broken && dice.percent(3)) {
      person.discord = dice.percent(60) ? DiscordState::deleted : DiscordState::wrong_token;
    }
  }
  if (kind >= 60 && kind < 95) {
    person.telegram = draw_telegram(dice, broken);
  }
}

void draw_account(Person& person, Dice& dice, bool broken) {
  const std::uint64_t form = dice.below(100);
  if (form < 40) {
    person.id_form = IdForm::node;
  } else if (form < 50) {
    person.id_form = form < 45 ? IdForm::number : IdForm::legacy;
  }
  const std::uint64_t kind = dice.below(1'000);
  if (broken && kind < 5) {
    person.account = Account::renamed;
    // A number alone cannot be asked for in GraphQL, so whether such a user is found is open.
    if (person.id_form == IdForm::number) {
      person.id_form = IdForm::node;
    }
  } else if (broken && kind < 10) {
    person.account = Account::unknown;
  }
}

/// Whoever is at risk has a streak that lives, and nothing yet today. The share is exact in each
/// hundred, and tens of percents in each ten.
void make_plain(Person& person, std::size_t index, int at_risk_percent) {
  person.privacy = Privacy::open;
  person.discord = DiscordState::living;
  const bool at_risk = std::cmp_less(index % 10 * 10 + index / 10 % 10, at_risk_percent);
  person.today = !at_risk;
  if (!at_risk) {
    return;
  }
  person.has_streak = true;
  person.tomorrow = false;
  person.rest_bits = 0;
}

/// `"sun","sat"`
std::string rest_names(std::uint8_t bits) {
  constexpr std::array kNames = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  std::string text;
  for (unsigned i = 0; i < kNames.size(); ++i) {
    if (((static_cast<unsigned>(bits) >> i) & 1U) != 0) {
      text += fmt::format("{}\"{}\"", text.empty() ? "" : ",", kNames.at(i));
    }
  }
  return text;
}

/// At any time it is so in most zones.
bool is_by_day(int minute) {
  constexpr int kHour = 60;
  return minute >= 2 * kHour && minute < 22 * kHour;
}

}  // namespace

void People::seed(const SeedOptions& options, const Zones& zones, runtime::TimePoint now) {
  if (options.users > kMostUsers) {
    throw std::invalid_argument(
        fmt::format("users: {} is too many, at most {} are accepted", options.users, kMostUsers));
  }
  seed_ = options.seed;
  people_.clear();
  by_login_.clear();
  people_.reserve(options.users);
  by_login_.reserve(options.users);
  for (std::size_t i = 0; i < options.users; ++i) {
    Dice dice(mix(options.seed, i));
    Person person;
    person.salt = mix(options.seed, ~i) | 1U;
    Zones::Local local;
    do {
      person.zone = static_cast<std::uint8_t>(dice.below(Zones::names().size()));
      local = zones.local(person.zone, now);
    } while (options.by_day && !is_by_day(local.minute));
    person.base = local.day;
    person.remind_minute = static_cast<std::uint16_t>(dice.between(12 * 60, 23 * 60 + 30));
    person.daily_summary = dice.percent(4) && options.summaries;
    const bool plain = options.crowd == Crowd::plain;
    draw_history(person, dice, plain ? options.longest_streak : 0);
    if (plain) {
      make_plain(person, i, options.at_risk_percent);
      draw_account(person, dice, false);
    } else {
      draw_views(person, dice, options.broken);
      draw_channels(person, dice, options.broken);
      draw_account(person, dice, options.broken);
    }
    add(std::move(person));
  }
}

std::string import_lines(const People& people) {
  std::string out;
  out.reserve(people.size() * 300);
  const auto back = std::back_inserter(out);
  for (const Person& person : people) {
    fmt::format_to(back, R"({{"login":"{}")", People::imported_login(person));
    switch (person.id_form) {
      case IdForm::none:
        break;
      case IdForm::node:
        fmt::format_to(back, R"(,"github_id":"{}")", People::node_id(person));
        break;
      case IdForm::legacy:
        fmt::format_to(back, R"(,"github_id":"{}")", People::legacy_node_id(person));
        break;
      case IdForm::number:
        fmt::format_to(back, R"(,"github_id":{})", People::database_id(person));
        break;
    }
    fmt::format_to(back, R"(,"time_zone":"{}","remind_at":["{:02}:{:02}"])",
                   Zones::names()[person.zone], person.remind_minute / 60,
                   person.remind_minute % 60);
    if (person.rest_bits != 0) {
      fmt::format_to(back, R"(,"rest_days":[{}])", rest_names(person.rest_bits));
    }
    if (person.daily_summary) {
      out += R"(,"daily_summary":true)";
    }
    if (person.token != OwnToken::none) {
      fmt::format_to(back, R"(,"github_token":"{}")", People::own_token(person));
    }
    if (person.discord != DiscordState::none) {
      fmt::format_to(back, R"(,"discord_webhook":"{}")", People::webhook_url(person));
    }
    if (person.telegram != TelegramState::none) {
      fmt::format_to(back, R"(,"telegram":{{"token":"{}","chat_id":{}}})",
                     people.bot_token(People::bot_id(person)), People::imported_chat(person));
    }
    out += "}\n";
  }
  return out;
}

}  // namespace streaky::sim

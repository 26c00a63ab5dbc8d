// One simulated user: the few numbers from which calendar, credentials and truth follow.
// Pure values. A person takes about 120 bytes, so that 100,000 fit beside everything else.
#pragma once

#include <cstdint>
#include <string>

#include "sim/zones.h"

namespace streaky::sim {

/// Who may see the user's private contributions (docs/remote-apis.md §1.4).
enum class Privacy : std::uint8_t {
  open,          // everything is public
  shared,        // some private, counts shared with everybody
  hidden,        // some private, shared with nobody
  private_only,  // everything private, shared with nobody
};

/// `suspended`: the token is right, but its owner's account is suspended.
enum class OwnToken : std::uint8_t { none, plain, repo, dead, suspended };
enum class Account : std::uint8_t { normal, renamed, unknown };
/// How the import names the user besides the login.
enum class IdForm : std::uint8_t { none, node, number, legacy };
enum class DiscordState : std::uint8_t { none, living, deleted, wrong_token };
enum class TelegramState : std::uint8_t {
  none,
  living,
  group,     // living, a supergroup
  migrated,  // imported as a group that has since become a supergroup
  blocked,
  deactivated,
  kicked,
  not_found,
  never_started,
};

struct Person {
  std::uint32_t index = 0;  // set by People
  std::uint64_t salt = 0;   // set by People when 0
  std::string login;        // the present one
  Account account = Account::normal;
  IdForm id_form = IdForm::none;
  std::uint8_t zone = 0;
  std::uint16_t remind_minute = 20 * 60;
  bool daily_summary = false;

  /// The calendar: on local date `base` things stood as told here; later days follow `diligence`.
  Day base = 0;
  Day created = 0;
  bool has_streak = false;
  Day began = 0;                // first day of the streak that reaches base − 1
  bool today = false;           // contributed on `base`
  bool tomorrow = false;        // a commit with another offset already lies on base + 1
  std::uint8_t rest_bits = 0;   // bit 0 is Sunday
  std::uint8_t diligence = 85;  // percent of the days after `base`
  Privacy privacy = Privacy::open;

  OwnToken token = OwnToken::none;
  DiscordState discord = DiscordState::none;
  std::uint8_t webhooks_lost = 0;  // deleted ones that a new one took the place of
  TelegramState telegram = TelegramState::none;

  [[nodiscard]] bool rests(Day day) const {
    return ((static_cast<unsigned>(rest_bits) >> static_cast<unsigned>(weekday_of(day))) & 1U) != 0;
  }
};

inline bool lives(DiscordState state) { return state == DiscordState::living; }
inline bool lives(TelegramState state) {
  return state == TelegramState::living || state == TelegramState::group ||
         state == TelegramState::migrated;
}

}  // namespace streaky::sim

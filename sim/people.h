// The people of the world, and every name and credential by which they are known.
//
// Names and credentials are derived from the index and the seed, not stored; only logins have an
// index of their own. Threading: one thread. References stay valid until the next `seed` or `add`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/time.h"
#include "sim/person.h"

namespace streaky::sim {

enum class Crowd : std::uint8_t {
  mixed,  // all kinds of accounts, tokens, channels and troubles
  plain,  // alike but for their streaks: public, without a token, told on Discord alone
};

struct SeedOptions {
  std::size_t users = 1'000;
  std::uint64_t seed = 1;
  /// A few users ask for the daily summary. Off by default, since a round that must tell nobody
  /// (a warm-up) would have to tell them.
  bool summaries = false;
  /// Dead tokens, dead channels, renamed and unknown accounts among them.
  bool broken = true;

  /// Everybody lives where the day has begun two hours ago or more and goes on for as long.
  bool by_day = false;

  Crowd crowd = Crowd::mixed;
  /// The rest is for a plain crowd. So many of each hundred are at risk today.
  int at_risk_percent = 40;
  /// Streaks of 1 to so many days, evenly spread; 0 draws them as in the mixed crowd.
  int longest_streak = 0;
};

class People {
 public:
  static constexpr std::size_t kMostUsers = 1'000'000;
  static constexpr int kLongestStreak = 4'000;  // days

  explicit People(std::uint64_t seed) : seed_(seed) {}

  /// Replaces everybody.
  void seed(const SeedOptions& options, const Zones& zones, runtime::TimePoint now);
  /// Adds one person as given; an empty login gets a made-up one. Returns the index.
  std::uint32_t add(Person person);

  [[nodiscard]] std::size_t size() const { return people_.size(); }
  [[nodiscard]] const Person& at(std::size_t index) const { return people_.at(index); }
  [[nodiscard]] Person& at(std::size_t index) { return people_.at(index); }
  [[nodiscard]] auto begin() const { return people_.begin(); }
  [[nodiscard]] auto end() const { return people_.end(); }

  /// GitHub: accounts that exist, by present login (any case), by either form of node id.
  [[nodiscard]] const Person* by_login(std::string_view login) const;
  [[nodiscard]] const Person* by_node_id(std::string_view id) const;
  [[nodiscard]] static std::int64_t database_id(const Person& person);
  [[nodiscard]] static std::string node_id(const Person& person);
  [[nodiscard]] static std::string legacy_node_id(const Person& person);
  /// The login that the import gives: an old one for those who were renamed.
  [[nodiscard]] static std::string imported_login(const Person& person);
  [[nodiscard]] static std::string own_token(const Person& person);
  [[nodiscard]] const Person* by_own_token(std::string_view token) const;

  /// Discord.
  [[nodiscard]] static std::uint64_t webhook_id(const Person& person);
  [[nodiscard]] static std::string webhook_token(const Person& person);
  [[nodiscard]] static std::string webhook_url(const Person& person);
  /// Also for a webhook that has been deleted since: look at `discord`.
  [[nodiscard]] const Person* by_webhook_id(std::uint64_t id) const;

  /// Telegram: a bot serves four neighbours.
  [[nodiscard]] static std::int64_t bot_id(const Person& person);
  [[nodiscard]] std::string bot_token(std::int64_t bot) const;
  [[nodiscard]] bool knows_bot(std::int64_t bot) const;
  /// The chat as imported, and the one that takes messages (another one after a migration).
  [[nodiscard]] static std::int64_t imported_chat(const Person& person);
  [[nodiscard]] static std::int64_t present_chat(const Person& person);
  [[nodiscard]] const Person* by_chat(std::int64_t chat) const;

 private:
  [[nodiscard]] const Person* existing(std::int64_t index) const;

  std::uint64_t seed_;
  std::vector<Person> people_;
  std::unordered_map<std::string, std::uint32_t> by_login_;  // lower case
};

/// One line per person in the form that `streaky user import` reads.
std::string import_lines(const People& people);

}  // namespace streaky::sim

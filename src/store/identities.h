// What GitHub says of accounts: names that changed, ids that are frozen at the first answer, tokens
// that died. Private to store/. The database's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/session.h"

namespace streaky::store {

struct Identity {
  std::string login;
  std::string login_key;  // empty: the name is known to belong to somebody else
  std::string node_id;
  std::optional<std::int64_t> database_id;
  bool token_dead = false;
  friend bool operator==(const Identity&, const Identity&) = default;
};

class Identities {
 public:
  /// `stored` is what the user has; `said` what GitHub answered, empty where it said nothing. The
  /// settings version stays: nothing that the user chose has changed.
  void add(std::int64_t user_id, const Identity& stored, const Identity& said);
  /// One look for who holds what is wanted, one update. An id that another user holds stays with
  /// that user. A name goes over to the account that has it now where the frozen ids prove that
  /// these are two accounts; otherwise both keep the name, the first holder is found under it, and
  /// the next answers sort it out. Nobody is found under a name that the account no longer has.
  void write(Session& session);

 private:
  struct Change {
    Identity stored;
    Identity wanted;
    bool named = false;  // GitHub said the login
  };
  struct Holders;
  [[nodiscard]] Holders read_holders(Session& session) const;
  void settle_ids(Holders& holders);
  /// Gives the ids of users that lose the name under which they are found.
  std::vector<std::int64_t> settle_logins(Holders& holders);
  std::map<std::int64_t, Change> changes_;  // by user, so that ties go the same way every time
};

}  // namespace streaky::store

// The changes of batches' counters that one transaction makes, written with one upsert at its end.
// Private to store/. The database's thread alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "store/session.h"

namespace streaky::store {

class Counts {
 public:
  void add(const std::string& batch_id, const std::string& name, std::int64_t by = 1);
  /// One job or delivery leaves a state for another.
  void move(const std::string& batch_id, const std::string& from, const std::string& to);
  /// What an ended job counts beside its state.
  void add_verdict(const std::string& batch_id, const std::string& verdict, std::int64_t by = 1);
  void move_delivery(const std::string& batch_id, const std::string& from, const std::string& to);
  /// What a sent delivery counts beside its state.
  void add_sent(const std::string& batch_id, const std::string& channel_kind,
                std::string_view delivery_kind, std::int64_t by = 1);

  void write(Session& session);

 private:
  std::map<std::pair<std::string, std::string>, std::int64_t> deltas_;
};

}  // namespace streaky::store

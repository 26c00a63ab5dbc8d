// A look at Streaky's tables from beside, past the failing disk: when work is due next, and
// whether anything is stuck or grows. Reads alone. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/time.h"

struct sqlite3;

namespace streaky::simulation {

class Tables {
 public:
  struct Sending {
    std::int64_t user_id = 0;
    std::string channel_kind;
  };

  /// Opens when first asked. `vfs` names SQLite's layer to use.
  Tables(std::string path, std::string vfs);
  ~Tables();
  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;

  /// When anything is to be done next, by the machine's clock; nothing when nothing waits.
  std::optional<runtime::TimePoint> next_work();
  /// Deliveries that were handed to the notifier and not yet recorded.
  std::vector<Sending> sending();
  /// What should not be there, in words; empty when all is well. Meant for a moment when the
  /// process has been well for a while.
  std::vector<std::string> troubles(runtime::TimePoint wall);
  /// Rows that stay longer than they should.
  std::vector<std::string> leftovers(runtime::TimePoint wall);
  /// Jobs and deliveries that are kept.
  std::int64_t rows();
  std::int64_t pages();

 private:
  class Statement;
  std::int64_t number(const std::string& sql, std::int64_t parameter = 0);
  Statement& prepared(const std::string& sql);

  std::string path_;
  std::string vfs_;
  sqlite3* database_ = nullptr;
  std::vector<std::pair<std::string, std::unique_ptr<Statement>>> statements_;
};

}  // namespace streaky::simulation

// A schema of the test's own in the tests' own PostgreSQL (scripts/scratch-postgres), which runs in
// the folder `postgres` beside the test program: CTest starts and stops it.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "store/soci_headers.h"

namespace streaky::store {

inline std::string scratch_postgres_folder() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "postgres").string();
}

class TestSchema {
 public:
  TestSchema() {
    static int made = 0;
    name_ = "test_" + std::to_string(getpid()) + "_" + std::to_string(++made);
    execute("CREATE SCHEMA " + name_);
  }
  TestSchema(const TestSchema&) = delete;
  TestSchema& operator=(const TestSchema&) = delete;
  ~TestSchema() {
    try {
      execute("DROP SCHEMA " + name_ + " CASCADE");
    } catch (const std::exception&) {
      name_.clear();  // the server goes with what is left in it
    }
  }

  [[nodiscard]] std::string url() const { return server() + "&options=-csearch_path%3D" + name_; }
  [[nodiscard]] const std::string& name() const { return name_; }

  static std::string server() {
    return "postgresql:///postgres?user=streaky&host=" + scratch_postgres_folder();
  }

  /// On a connection of its own, which sees all schemas.
  static void execute(const std::string& statement) {
    try {
      soci::session session(soci::postgresql,
                            server() + "&options=-cclient_min_messages%3Dwarning");
      session << statement;
    } catch (const soci::soci_error& error) {
      throw std::runtime_error(
          std::string(error.what()) +
          "\n(without CTest, start the server first: scripts/scratch-postgres start " +
          scratch_postgres_folder() + ")");
    }
  }

 private:
  std::string name_;
};

}  // namespace streaky::store

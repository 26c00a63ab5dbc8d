#include "app/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace streaky::app {

namespace {

std::string path_of(const std::string& data_dir) { return data_dir + "/serve.lock"; }

}  // namespace

RunLock::RunLock(const std::string& data_dir) {
  std::filesystem::create_directories(data_dir);
  constexpr mode_t kOwnerOnly = 0600;
  file_ = open(path_of(data_dir).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly);
  if (file_ < 0 || flock(file_, LOCK_SH) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot lock " + path_of(data_dir));
  }
}

RunLock::~RunLock() { close(file_); }

bool RunLock::held(const std::string& data_dir) {
  const int file = open(path_of(data_dir).c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  const bool taken = flock(file, LOCK_EX | LOCK_NB) != 0;
  close(file);
  return taken;
}

}  // namespace streaky::app

#include "app/run_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace streaky::app {

namespace {

std::string path_of(const std::string& data_dir) { return data_dir + "/serve.lock"; }

struct flock whole_file(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

RunLock::RunLock(const std::string& data_dir) {
  std::filesystem::create_directories(data_dir);
  constexpr mode_t kOwnerOnly = 0600;
  file_ = open(path_of(data_dir).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly);
  struct flock shared = whole_file(F_RDLCK);
  if (file_ < 0 || fcntl(file_, F_OFD_SETLKW, &shared) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot lock " + path_of(data_dir));
  }
}

RunLock::~RunLock() { close(file_); }

bool RunLock::held(const std::string& data_dir) {
  const int file = open(path_of(data_dir).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  // Asked, not tried: a lock taken for a moment would look like a `serve` to whoever asks then.
  struct flock other = whole_file(F_WRLCK);
  const bool taken = fcntl(file, F_OFD_GETLK, &other) == 0 && other.l_type != F_UNLCK;
  close(file);
  return taken;
}

}  // namespace streaky::app

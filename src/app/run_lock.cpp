#include "app/run_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace streaky::app {

namespace {

std::string path_of(const std::string& data_dir) { return data_dir + "/serve.lock"; }

constexpr off_t kWorkers = 0;
constexpr off_t kAll = 1;

struct flock one_byte(short type, off_t at) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = at;
  lock.l_len = 1;
  return lock;
}

bool share(int file, off_t at) {
  struct flock shared = one_byte(F_RDLCK, at);
  return fcntl(file, F_OFD_SETLKW, &shared) == 0;
}

}  // namespace

RunLock::RunLock(const std::string& data_dir, bool works) {
  std::filesystem::create_directories(data_dir);
  constexpr mode_t kOwnerOnly = 0600;
  file_ = open(path_of(data_dir).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly);
  if (file_ < 0 || !share(file_, kAll) || (works && !share(file_, kWorkers))) {
    throw std::system_error(errno, std::generic_category(), "cannot lock " + path_of(data_dir));
  }
}

RunLock::~RunLock() { close(file_); }

bool RunLock::held(const std::string& data_dir, Of whose) {
  const int file = open(path_of(data_dir).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  // Asked, not tried: a lock taken for a moment would look like a `serve` to whoever asks then.
  struct flock other = one_byte(F_WRLCK, whose == Of::workers ? kWorkers : kAll);
  const bool taken = fcntl(file, F_OFD_GETLK, &other) == 0 && other.l_type != F_UNLCK;
  close(file);
  return taken;
}

}  // namespace streaky::app

#include "crypto/key_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "crypto/primitives.h"
#include "runtime/bytes.h"

namespace streaky::crypto {
namespace {

constexpr mode_t kKeyFileMode = S_IRUSR | S_IWUSR;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

std::string name_of(const std::string& path) { return "key file " + path; }

[[noreturn]] void refuse(const std::string& path, std::string_view why) {
  throw std::runtime_error(fmt::format("{}: {}", name_of(path), why));
}
[[noreturn]] void refuse_errno(const std::string& path, std::string_view what, int error) {
  refuse(path, fmt::format("cannot {}: {}", what, std::system_category().message(error)));
}

void write_all(const File& file, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) refuse_errno(path, "write it", errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

runtime::Secret read_all(const File& file, std::size_t limit, const std::string& path) {
  std::string text(limit + 1, '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse_errno(path, "read it", errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  if (have > limit) refuse(path, fmt::format("is larger than {} bytes", limit));
  text.resize(have);
  return runtime::Secret(std::move(text));
}

FileMark mark_from(const struct stat& facts) {
  return FileMark{.device = facts.st_dev,
                  .inode = facts.st_ino,
                  .changed_ns = std::int64_t{facts.st_ctim.tv_sec} * kNanosecondsPerSecond +
                                facts.st_ctim.tv_nsec};
}

FileMark check_permissions(const File& file, const KeySource& source) {
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) refuse_errno(source.file, "look at it", errno);
  if (!S_ISREG(facts.st_mode)) refuse(source.file, "is not a regular file");
  // The service manager lets the service in by an access list, which shows as the group's right.
  const mode_t allowed = source.from_service_manager ? mode_t{S_IRGRP} : mode_t{0};
  if ((facts.st_mode & kOthers & ~allowed) != 0) {
    refuse(source.file,
           fmt::format("others than its owner may use it (mode {:04o}); run: chmod 600 {}",
                       facts.st_mode & 07777U, source.file));
  }
  return mark_from(facts);
}

std::string folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// So that the new name survives a power cut, too.
void sync_folder(const std::string& path) {
  const File folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) refuse_errno(path, "save its folder", errno);
}

void write_synced(const File& file, const std::string& path, const Keyring& keys) {
  // The umask may have taken rights away from the owner.
  if (::fchmod(file.get(), kKeyFileMode) != 0) refuse_errno(path, "protect it", errno);
  const runtime::Secret text = to_text(keys);
  write_all(file, text.reveal(), path);
  if (::fsync(file.get()) != 0) refuse_errno(path, "save it", errno);
}

void write_synced(const std::string& temporary, const std::string& path, const Keyring& keys) {
  const File file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kKeyFileMode));
  if (file.get() < 0) refuse_errno(path, fmt::format("create it in {}", folder_of(path)), errno);
  write_synced(file, path, keys);
}

/// By way of a file without a name: whoever is killed leaves nothing behind. False where the file
/// system has no such files; else `error` says what became of it, 0 for all went well.
bool create_unnamed(const std::string& path, const Keyring& keys, int& error) {
  const File file(::open(folder_of(path).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, kKeyFileMode));
  if (file.get() < 0) return false;
  write_synced(file, path, keys);
  const std::string name = fmt::format("/proc/self/fd/{}", file.get());
  error =
      ::linkat(AT_FDCWD, name.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
  return error == 0 || error == EEXIST;
}

/// Writes to the temporary name, which is gone afterwards where that failed.
void write_or_unlink(const std::string& temporary, const std::string& path, const Keyring& keys) {
  try {
    write_synced(temporary, path, keys);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

}  // namespace

FileMark mark_of(const std::string& path) {
  struct stat facts{};
  return ::stat(path.c_str(), &facts) == 0 ? mark_from(facts) : FileMark{};
}

// The file appears under its name complete or not at all, and never replaces one that another
// process made in the meantime: link() fails where rename() would overwrite.
bool create_key_file(const std::string& path, const Keyring& keys) {
  int error = 0;
  if (create_unnamed(path, keys, error)) {
    sync_folder(path);
    return error == 0;
  }
  const std::string temporary =
      fmt::format("{}.{}.new", path, runtime::base64url_encode(random_bytes(9)));
  write_or_unlink(temporary, path, keys);
  const int linked = ::link(temporary.c_str(), path.c_str());
  error = errno;
  ::unlink(temporary.c_str());
  if (linked != 0 && error != EEXIST) refuse_errno(path, "create it", error);
  sync_folder(path);
  return linked == 0;
}

KeyFileLock::KeyFileLock(const std::string& path)
    : folder_(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (folder_ < 0) refuse_errno(path, "open its folder", errno);
  if (::flock(folder_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  ::close(folder_);
  if (error == EWOULDBLOCK) refuse(path, "another command is changing it right now");
  refuse_errno(path, "lock its folder", error);
}

KeyFileLock::~KeyFileLock() { ::close(folder_); }

namespace {

// Whoever rotates as root must not take the file away from the service.
void keep_owner(const std::string& temporary, const std::string& target) {
  struct stat before{};
  struct stat after{};
  const bool known = ::stat(target.c_str(), &before) == 0;
  if (!known && errno == ENOENT) return;  // it was removed: there is no owner to keep
  if (!known || ::stat(temporary.c_str(), &after) != 0) refuse_errno(target, "look at it", errno);
  if (before.st_uid == after.st_uid && before.st_gid == after.st_gid) return;
  if (::chown(temporary.c_str(), before.st_uid, before.st_gid) == 0) return;
  const int error = errno;
  ::unlink(temporary.c_str());
  refuse_errno(
      target, fmt::format("keep its owner (user {}); run this as that user", before.st_uid), error);
}

}  // namespace

void replace_key_file(const std::string& path, const Keyring& keys) {
  // Where the name is a link, what it leads to is replaced.
  std::error_code ignored;
  const auto resolved = std::filesystem::canonical(path, ignored);
  const std::string target = ignored ? path : resolved.string();
  // One name for all: what a killed process left is cleared away by the next one.
  const std::string temporary = target + ".next";
  ::unlink(temporary.c_str());
  write_or_unlink(temporary, target, keys);
  keep_owner(temporary, target);
  if (::rename(temporary.c_str(), target.c_str()) != 0) refuse_errno(target, "replace it", errno);
  sync_folder(target);
}

ReadKeys read_keys(const KeySource& source, bool create_if_missing) {
  if (!source.text.empty()) {
    return ReadKeys{.keys = parse_keyring(source.text.reveal(), source.name), .mark = {}};
  }
  const std::string& path = source.file;
  if (create_if_missing && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    create_key_file(path, new_keyring());
  }
  // O_NONBLOCK: a FIFO in the file's place must not hold the start.
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0 && errno == ENOENT) refuse(path, "does not exist");
  if (file.get() < 0) refuse_errno(path, "open it", errno);
  const FileMark mark = check_permissions(file, source);
  const runtime::Secret text = read_all(file, kMaxKeyFileBytes, path);
  return ReadKeys{.keys = parse_keyring(text.reveal(), name_of(path)), .mark = mark};
}

}  // namespace streaky::crypto

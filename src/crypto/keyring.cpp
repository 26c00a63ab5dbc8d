#include "crypto/keyring.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "crypto/primitives.h"
#include "runtime/bytes.h"

namespace streaky::crypto {
namespace {

constexpr std::string_view kFirstKeyId = "k1";
constexpr mode_t kKeyFileMode = S_IRUSR | S_IWUSR;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
constexpr std::string_view kHeading =
    "# The master keys of Streaky. The last one seals, all of them open. Keep a copy in a safe\n"
    "# place, apart from the database: without it, sealed credentials are lost.\n";

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

[[noreturn]] void refuse(const std::string& path, std::string_view why) {
  throw std::runtime_error(fmt::format("key file {}: {}", path, why));
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

void check_permissions(const File& file, const std::string& path) {
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) refuse_errno(path, "look at it", errno);
  if (!S_ISREG(facts.st_mode)) refuse(path, "is not a regular file");
  if ((facts.st_mode & kOthers) != 0) {
    refuse(path, fmt::format("others than its owner may use it (mode {:04o}); run: chmod 600 {}",
                             facts.st_mode & 07777U, path));
  }
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

runtime::Secret new_key_file_text() {
  const MasterKey key = new_master_key(std::string(kFirstKeyId));
  std::string encoded = runtime::base64url_encode(key.bytes.reveal());
  runtime::Secret text(fmt::format("{}{} {}\n", kHeading, key.id, encoded));
  runtime::wipe(encoded);
  return text;
}

void write_synced(const std::string& temporary, const std::string& path) {
  const File file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kKeyFileMode));
  if (file.get() < 0) refuse_errno(path, fmt::format("create it in {}", folder_of(path)), errno);
  // The umask may have taken rights away from the owner.
  if (::fchmod(file.get(), kKeyFileMode) != 0) refuse_errno(path, "protect it", errno);
  const runtime::Secret text = new_key_file_text();
  write_all(file, text.reveal(), path);
  if (::fsync(file.get()) != 0) refuse_errno(path, "save it", errno);
}

// The file appears under its name complete or not at all, and never replaces one that another
// process made in the meantime: link() fails where rename() would overwrite.
void create(const std::string& path) {
  const std::string temporary =
      fmt::format("{}.{}.new", path, runtime::base64url_encode(random_bytes(9)));
  try {
    write_synced(temporary, path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  const int linked = ::link(temporary.c_str(), path.c_str());
  const int error = errno;
  ::unlink(temporary.c_str());
  if (linked != 0 && error != EEXIST) refuse_errno(path, "create it", error);
  sync_folder(path);
}

MasterKey parse_line(std::string_view line) {
  const auto gap = line.find_first_of(" \t");
  const auto id = line.substr(0, gap);
  if (!is_key_id(id)) throw std::runtime_error("the key id is not 1 to 16 of a-z and 0-9");
  const auto text = gap == std::string_view::npos ? "" : runtime::trim_ascii(line.substr(gap));
  auto decoded = runtime::base64url_decode(text);
  if (!decoded || decoded->size() != kKeyBytes) {
    throw std::runtime_error(
        "after the key id must follow 32 bytes in base64url: 43 of A-Z a-z 0-9 - _");
  }
  return MasterKey{std::string(id), runtime::Secret(std::move(*decoded))};
}

}  // namespace

bool is_key_id(std::string_view text) {
  return !text.empty() && text.size() <= kMaxKeyIdBytes && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

MasterKey new_master_key(std::string id) {
  return MasterKey{std::move(id), runtime::Secret(random_bytes(kKeyBytes))};
}

std::vector<MasterKey> parse_keys(std::string_view text, const std::string& name) {
  std::vector<MasterKey> keys;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = runtime::trim_ascii(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    try {
      MasterKey key = parse_line(line);
      if (std::ranges::find(keys, key.id, &MasterKey::id) != keys.end()) {
        throw std::runtime_error(fmt::format("the key id {} is used twice", key.id));
      }
      if (keys.size() == kMaxKeys) {
        throw std::runtime_error(fmt::format("there are more than {} keys", kMaxKeys));
      }
      keys.push_back(std::move(key));
    } catch (const std::runtime_error& error) {
      refuse(name, fmt::format("line {}: {}", number, error.what()));
    }
  }
  if (keys.empty()) refuse(name, "holds no key; accepted are lines `<key id> <base64url>`");
  return keys;
}

std::vector<MasterKey> load_keys(const std::string& path, bool create_if_missing) {
  if (create_if_missing && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT) create(path);
  // O_NONBLOCK: a FIFO in the file's place must not hold the start.
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0 && errno == ENOENT) refuse(path, "does not exist");
  if (file.get() < 0) refuse_errno(path, "open it", errno);
  check_permissions(file, path);
  const runtime::Secret text = read_all(file, kMaxKeyFileBytes, path);
  return parse_keys(text.reveal(), path);
}

}  // namespace streaky::crypto

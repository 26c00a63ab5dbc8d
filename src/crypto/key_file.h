// The file that holds the keys: made once, replaced as a whole, readable by its owner alone.
//
// For crypto/ and the commands that manage keys. Errors throw std::runtime_error with one plain
// line that names the file, never a key. Threading: any thread; between processes every change
// happens under a lock on the file's folder, and a reader sees the old file or the new one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "crypto/keyring.h"
#include "crypto/sealer.h"

namespace streaky::crypto {

/// Tells one state of a file from another.
struct FileMark {
  dev_t device = 0;
  ino_t inode = 0;
  std::int64_t changed_ns = 0;

  bool operator==(const FileMark&) const = default;
};

/// How the file stands now; the empty mark when it cannot be looked at.
FileMark mark_of(const std::string& path);

struct ReadKeys {
  Keyring keys;
  FileMark mark;  // empty where the keys do not come from a file
};

/// What the source holds. A missing file is made first, with one key of each sort, when
/// `create_if_missing`: of several processes that start at once, one makes it and all read it.
ReadKeys read_keys(const KeySource& source, bool create_if_missing);

/// False when a file of that name exists: it stays as it is.
bool create_key_file(const std::string& path, const Keyring& keys);

/// Held while a key file is read, changed and replaced. Refuses to wait: throws when another
/// process holds it.
class KeyFileLock {
 public:
  explicit KeyFileLock(const std::string& path);
  KeyFileLock(const KeyFileLock&) = delete;
  KeyFileLock& operator=(const KeyFileLock&) = delete;
  ~KeyFileLock();

 private:
  int folder_ = -1;
};

/// Puts `keys` in the place of what the file holds; under a KeyFileLock.
void replace_key_file(const std::string& path, const Keyring& keys);

}  // namespace streaky::crypto

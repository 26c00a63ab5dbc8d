#include "simulation/shim_vfs.h"

#include <sqlite3.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace streaky::simulation {

namespace {

constexpr int kWriterLock = 0;  // of the write-ahead log's locks (sqlite.org/walformat.html §2.3.1)

struct Faults {
  bool busy = false;
  bool full = false;
  bool broken = false;
  bool held = false;
  int writes_left = -1;  // before it breaks; negative: never
  sqlite3_vfs* real = nullptr;
};

/// What SQLite holds as an open file: our methods, and behind it the real one.
struct ShimFile {
  sqlite3_file base;
  sqlite3_io_methods methods;
  Faults* faults;

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

ShimFile* shim(sqlite3_file* file) { return reinterpret_cast<ShimFile*>(file); }
sqlite3_file* real(sqlite3_file* file) { return shim(file)->real(); }

int close_file(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }

int read_file(sqlite3_file* file, void* to, int amount, sqlite3_int64 offset) {
  if (shim(file)->faults->broken) return SQLITE_IOERR_READ;
  return real(file)->pMethods->xRead(real(file), to, amount, offset);
}

int write_file(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
  Faults& faults = *shim(file)->faults;
  const bool counts = !faults.held && faults.writes_left >= 0;
  if (counts && faults.writes_left == 0) {
    // What a process had handed over when it was killed is written; the rest never will be.
    faults.broken = true;
    real(file)->pMethods->xWrite(real(file), from, amount / 2, offset);
  }
  if (counts) --faults.writes_left;
  if (faults.broken) return SQLITE_IOERR_WRITE;
  if (faults.full) return SQLITE_FULL;
  return real(file)->pMethods->xWrite(real(file), from, amount, offset);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  if (shim(file)->faults->broken) return SQLITE_IOERR_TRUNCATE;
  return real(file)->pMethods->xTruncate(real(file), size);
}

int sync_file(sqlite3_file* file, int) {
  return shim(file)->faults->broken ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}

int lock_file(sqlite3_file* file, int kind) {
  return real(file)->pMethods->xLock(real(file), kind);
}

int unlock_file(sqlite3_file* file, int kind) {
  return real(file)->pMethods->xUnlock(real(file), kind);
}

int check_reserved(sqlite3_file* file, int* out) {
  return real(file)->pMethods->xCheckReservedLock(real(file), out);
}

int file_control(sqlite3_file* file, int operation, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

int sector_size(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }

int characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  return real(file)->pMethods->xShmMap(real(file), region, size, extend, out);
}

int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  const bool takes = (flags & SQLITE_SHM_LOCK) != 0 && (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  if (shim(file)->faults->busy && takes && offset == kWriterLock) return SQLITE_BUSY;
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

void shm_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }

int shm_unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

Faults* faults_of(sqlite3_vfs* vfs) { return static_cast<Faults*>(vfs->pAppData); }

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  Faults* faults = faults_of(vfs);
  ShimFile* opened = shim(file);
  std::memset(opened, 0, sizeof(ShimFile));
  opened->faults = faults;
  const int result = faults->real->xOpen(faults->real, name, opened->real(), flags, out_flags);
  if (opened->real()->pMethods == nullptr) return result;
  opened->methods = sqlite3_io_methods{
      .iVersion = 2,  // no memory-mapped reading: it would pass by the faults
      .xClose = close_file,
      .xRead = read_file,
      .xWrite = write_file,
      .xTruncate = truncate_file,
      .xSync = sync_file,
      .xFileSize = file_size,
      .xLock = lock_file,
      .xUnlock = unlock_file,
      .xCheckReservedLock = check_reserved,
      .xFileControl = file_control,
      .xSectorSize = sector_size,
      .xDeviceCharacteristics = characteristics,
      .xShmMap = shm_map,
      .xShmLock = shm_lock,
      .xShmBarrier = shm_barrier,
      .xShmUnmap = shm_unmap,
      .xFetch = nullptr,
      .xUnfetch = nullptr,
  };
  opened->base.pMethods = &opened->methods;
  return result;
}

/// Virtual time does not pass inside a call: whoever waits for a lock has waited.
int sleep_none(sqlite3_vfs*, int microseconds) { return microseconds; }

}  // namespace

class ShimVfs::Impl {
 public:
  Impl() {
    usual = sqlite3_vfs_find(nullptr);
    faults.real = sqlite3_vfs_find("unix-excl");  // one process: its locks need no system calls
    if (usual == nullptr || faults.real == nullptr)
      throw std::runtime_error("SQLite has no file system");
    vfs = *faults.real;
    vfs.zName = "streaky-shim";
    vfs.pNext = nullptr;
    vfs.pAppData = &faults;
    vfs.szOsFile = static_cast<int>(sizeof(ShimFile)) + faults.real->szOsFile;
    vfs.xOpen = open_file;
    vfs.xSleep = sleep_none;
    // The other calls ask the real layer's name and data, and so do not mind whose table it is.
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK) {
      throw std::runtime_error("the failing disk cannot be registered");
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    sqlite3_vfs_unregister(&vfs);
    sqlite3_vfs_register(usual, 1);
  }

  sqlite3_vfs* usual = nullptr;
  Faults faults;
  sqlite3_vfs vfs{};
};

ShimVfs::ShimVfs() : impl_(std::make_unique<Impl>()) {}

ShimVfs::~ShimVfs() = default;

void ShimVfs::set_busy(bool on) { impl_->faults.busy = on; }

void ShimVfs::set_full(bool on) { impl_->faults.full = on; }

void ShimVfs::break_after(int writes) { impl_->faults.writes_left = writes; }

bool ShimVfs::broken() const { return impl_->faults.broken; }

void ShimVfs::hold_break(bool on) { impl_->faults.held = on; }

void ShimVfs::mend() {
  impl_->faults.broken = false;
  impl_->faults.writes_left = -1;
}

const char* ShimVfs::real_name() const { return impl_->faults.real->zName; }

}  // namespace streaky::simulation

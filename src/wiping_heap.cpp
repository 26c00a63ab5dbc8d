// The program's heap, cleaned as it is given back: credentials pass through buffers of libcurl,
// OpenSSL, Asio and std::string, and what those free would lie about until somebody else needs the
// room. Linked into `streaky` alone, above jemalloc (docs/decisions/0007-heap-cleaned.md);
// sanitizers bring a heap of their own, which this must not replace.
#include <jemalloc/jemalloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

namespace {

constexpr std::uintptr_t kPage = 4096;
constexpr std::size_t kLargestOverwritten = std::size_t{1} << 20U;

/// A large block may have been used in part: to overwrite it would take memory for the rest. What
/// the system takes back it gives out again zeroed.
void clean(void* memory, std::size_t size) noexcept {
  const auto first = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first_page = (first + kPage - 1) / kPage * kPage;
  const std::uintptr_t end_page = (first + size) / kPage * kPage;
  auto* pages = static_cast<char*>(memory) + (first_page - first);
  if (size <= kLargestOverwritten || madvise(pages, end_page - first_page, MADV_DONTNEED) != 0) {
    explicit_bzero(memory, size);
    return;
  }
  explicit_bzero(memory, first_page - first);
  explicit_bzero(pages + (end_page - first_page), first + size - end_page);
}

void clean_free(void* memory) noexcept {
  if (memory == nullptr) return;
  const int error = errno;
  clean(memory, sallocx(memory, 0));
  dallocx(memory, 0);
  errno = error;
}

}  // namespace

extern "C" {

void free(void* ptr) { clean_free(ptr); }

// What cannot grow in place is moved here: jemalloc would free the old place uncleaned.
void* realloc(void* ptr, std::size_t size) {
  if (ptr == nullptr) return malloc(size);
  const std::size_t held = sallocx(ptr, 0);
  const bool shrinks_little = size <= held && size >= held / 2;
  if (size > 0 && (shrinks_little || (size > held && xallocx(ptr, size, 0, 0) >= size))) {
    return ptr;
  }
  void* moved = size == 0 ? nullptr : malloc(size);
  if (moved == nullptr && size > 0) return nullptr;
  if (moved != nullptr) memcpy(moved, ptr, std::min(held, size));
  clean_free(ptr);
  return moved;
}

}  // extern "C"

void operator delete(void* memory) noexcept { clean_free(memory); }
void operator delete[](void* memory) noexcept { clean_free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { clean_free(memory); }
void operator delete[](void* memory, std::size_t /*size*/) noexcept { clean_free(memory); }
void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept { clean_free(memory); }
void operator delete[](void* memory, std::align_val_t /*alignment*/) noexcept {
  clean_free(memory);
}
void operator delete(void* memory, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
  clean_free(memory);
}
void operator delete[](void* memory, std::size_t /*size*/,
                       std::align_val_t /*alignment*/) noexcept {
  clean_free(memory);
}

// The program's heap, cleaned as it is given back: credentials pass through buffers of libcurl,
// OpenSSL, Asio and std::string, and what those free would lie about until somebody else needs the
// room. Linked into `streaky` alone, above jemalloc (docs/decisions/0006-jemalloc.md); sanitizers
// bring a heap of their own, which this must not replace.
#include <jemalloc/jemalloc.h>
#include <string.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <new>

namespace {

// Larger blocks are not kept by jemalloc: their pages go back to the system at once (main.cpp sets
// that), and what the system gives out again is zeroed.
constexpr std::size_t kLargestKept = std::size_t{32} << 10U;

void clean_free(void* memory) noexcept {
  if (memory == nullptr) return;
  const int error = errno;
  const std::size_t size = sallocx(memory, 0);
  if (size <= kLargestKept) explicit_bzero(memory, size);
  dallocx(memory, 0);
  errno = error;
}

}  // namespace

extern "C" {

void free(void* memory) { clean_free(memory); }

// What cannot grow in place is moved here: jemalloc would free the old place uncleaned.
void* realloc(void* memory, std::size_t size) {
  if (memory == nullptr) return malloc(size);
  const std::size_t held = sallocx(memory, 0);
  const bool shrinks_little = size <= held && size >= held / 2;
  if (size > 0 && (shrinks_little || (size > held && xallocx(memory, size, 0, 0) >= size))) {
    return memory;
  }
  void* moved = size == 0 ? nullptr : malloc(size);
  if (moved == nullptr && size > 0) return nullptr;
  if (moved != nullptr) memcpy(moved, memory, std::min(held, size));
  clean_free(memory);
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

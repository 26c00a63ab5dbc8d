// The program's heap, cleaned as it is given back: credentials pass through buffers of libcurl,
// OpenSSL, Asio and std::string, and what those free would lie about until somebody else needs the
// room. Linked into `streaky` alone; glibc's own functions do the work (malloc(3), "replacing
// malloc"). Sanitizers bring a heap of their own, which this must not replace.
#include <malloc.h>
#include <string.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): glibc's own names
void* __libc_malloc(std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void __libc_free(void* memory);
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

void free(void* memory) {
  if (memory == nullptr) return;
  const int error = errno;
  explicit_bzero(memory, malloc_usable_size(memory));
  __libc_free(memory);
  errno = error;
}

// Moving is not left to glibc, which would free the old place uncleaned; but for blocks so large
// that copying costs more than it protects: no buffer of a credential grows to that.
void* realloc(void* memory, std::size_t size) {
  constexpr std::size_t kLeftToGlibc = std::size_t{128} << 10U;
  if (memory == nullptr) return __libc_malloc(size);
  const std::size_t held = malloc_usable_size(memory);
  if (held >= kLeftToGlibc && size >= kLeftToGlibc) return __libc_realloc(memory, size);
  if (size > 0 && size <= held && size >= held / 2) return memory;
  void* moved = size == 0 ? nullptr : __libc_malloc(size);
  if (moved == nullptr && size > 0) return nullptr;
  if (moved != nullptr) memcpy(moved, memory, std::min(held, size));
  free(memory);
  return moved;
}

}  // extern "C"

#include "tests/backend/observer.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define OBSERVER_WORKS 0
#else
#define OBSERVER_WORKS 1
#endif

namespace observer {
namespace {

std::atomic<bool> counting{false};
std::atomic<long> of_onednn{0}, of_others{0};
std::atomic<size_t> largest_of_onednn{0};
std::atomic<uintptr_t> onednn_start{0}, onednn_end{0};

constexpr size_t most_mutexes = 4096;
struct Side {
  std::atomic<size_t> count{0};
  std::atomic<const void*> mutexes[most_mutexes];
};
Side sides[2];
thread_local int own_side = -1;

/// Where oneDNN's code lies.
int find_onednn(dl_phdr_info* library, size_t, void*) {
  if (std::strstr(library->dlpi_name, "libdnnl") == nullptr) return 0;
  uintptr_t start = UINTPTR_MAX, end = 0;
  for (int i = 0; i < library->dlpi_phnum; ++i) {
    const auto& part = library->dlpi_phdr[i];
    if (part.p_type != PT_LOAD) continue;
    start = std::min<uintptr_t>(start, library->dlpi_addr + part.p_vaddr);
    end = std::max<uintptr_t>(end, library->dlpi_addr + part.p_vaddr + part.p_memsz);
  }
  onednn_start = start;
  onednn_end = end;
  return 1;
}

}  // namespace

#if OBSERVER_WORKS
void note(void* caller, size_t bytes) {
  if (!counting.load(std::memory_order_relaxed)) return;
  const auto address = reinterpret_cast<uintptr_t>(caller);
  const bool is_onednn = address >= onednn_start && address < onednn_end;
  ++(is_onednn ? of_onednn : of_others);
  size_t largest = largest_of_onednn;
  while (is_onednn && bytes > largest && !largest_of_onednn.compare_exchange_weak(largest, bytes)) {
  }
}

void note_mutex(const void* mutex) {
  if (own_side < 0) return;
  Side& side = sides[own_side];
  const size_t place = side.count.fetch_add(1);
  if (place < most_mutexes) side.mutexes[place] = mutex;
}
#endif

bool works() { return OBSERVER_WORKS != 0; }

void start_counting() {
  dl_iterate_phdr(find_onednn, nullptr);
  of_onednn = of_others = 0;
  largest_of_onednn = 0;
  counting = true;
}

Allocations stop_counting() {
  counting = false;
  return {of_onednn, of_others, largest_of_onednn};
}

void watch_mutexes_as(int side) { own_side = side; }

std::vector<const void*> mutexes_of(int side) {
  std::vector<const void*> found;
  for (size_t i = 0; i < std::min(sides[side].count.load(), most_mutexes); ++i) {
    const void* mutex = sides[side].mutexes[i];
    if (std::find(found.begin(), found.end(), mutex) == found.end()) found.push_back(mutex);
  }
  return found;
}

void forget_mutexes() {
  for (Side& side : sides) side.count = 0;
}

}  // namespace observer

#if OBSERVER_WORKS
// Libraries find these before the C library's.
#pragma GCC visibility push(default)
extern "C" {
// The C library's own, under the names it keeps for such purposes.
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t bytes) {
  observer::note(__builtin_return_address(0), bytes);
  return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
  observer::note(__builtin_return_address(0), count * bytes);
  return __libc_calloc(count, bytes);
}
void* realloc(void* memory, size_t bytes) {
  observer::note(__builtin_return_address(0), bytes);
  return __libc_realloc(memory, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  observer::note(__builtin_return_address(0), bytes);
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, size_t alignment, size_t bytes) {
  observer::note(__builtin_return_address(0), bytes);
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  using Lock = int (*)(pthread_mutex_t*);
  static std::atomic<Lock> real{nullptr};
  Lock lock = real.load(std::memory_order_relaxed);
  if (lock == nullptr) {
    lock = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
    real = lock;
  }
  observer::note_mutex(mutex);
  return lock(mutex);
}
}

// Not inlined, or the compiler pairs malloc with delete. Theirs is the address of who wrote `new`.
[[gnu::noinline]] void* operator new(size_t bytes) {
  observer::note(__builtin_return_address(0), bytes);
  if (void* memory = __libc_malloc(bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }
#pragma GCC visibility pop
#endif

#include "engine/compute_scratch.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <vector>

namespace cpu::compute {
namespace {

constexpr size_t page = 4096;
constexpr size_t huge_page = size_t{2} << 20;

struct Chunk {
  char* data;
  size_t size;
};

/// Chunks in the order they are used up. Growth adds a chunk; when nothing is taken any more, several chunks become
/// one that is as large as all of them.
struct Arena {
  std::vector<Chunk> chunks;
  size_t current = 0;
  size_t used = 0;
  int users = 0;

  ~Arena() { release(); }

  void release() {
    for (const Chunk& chunk : chunks) std::free(chunk.data);
    chunks.clear();
  }

  void add(size_t size) {
    size = (size + huge_page - 1) / huge_page * huge_page;
    void* data = std::aligned_alloc(huge_page, size);
    if (data == nullptr) throw std::bad_alloc();
    madvise(data, size, MADV_HUGEPAGE);
    chunks.push_back({static_cast<char*>(data), size});
  }

  void* take(size_t bytes) {
    bytes = (std::max<size_t>(bytes, 1) + page - 1) / page * page;
    while (current < chunks.size() && used + bytes > chunks[current].size) {
      ++current;
      used = 0;
    }
    if (current == chunks.size()) add(bytes);
    void* result = chunks[current].data + used;
    used += bytes;
    return result;
  }

  void coalesce() {
    if (chunks.size() < 2) return;
    size_t total = 0;
    for (const Chunk& chunk : chunks) total += chunk.size;
    release();
    add(total);
  }
};

thread_local Arena arena;

}  // namespace

Scratch::Scratch() : chunk_(arena.current), used_(arena.used) { ++arena.users; }

Scratch::~Scratch() {
  arena.current = chunk_;
  arena.used = used_;
  if (--arena.users == 0) {
    try {
      arena.coalesce();
    } catch (const std::bad_alloc&) {
      // The next operation asks again and fails with its own message.
    }
  }
}

void* Scratch::take_bytes(size_t bytes) { return arena.take(bytes); }

}  // namespace cpu::compute

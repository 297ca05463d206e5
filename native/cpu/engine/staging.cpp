#include "engine/staging.h"

#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>

namespace cpu {

struct alignas(64) StagingBuffer::Block {
  Block* next;
  unsigned size_class;
};

namespace {

constexpr unsigned kSmallestClass = 8;
constexpr unsigned kClasses = std::bit_width(kMaximumStagedBytes);
// A class keeps at most so many bytes for reuse.
constexpr size_t kKeptBytes = size_t{16} << 20;

struct FreeBlocks {
  std::mutex mutex;
  StagingBuffer::Block* first = nullptr;
  size_t count = 0;
};

// Never destroyed: workers may give buffers back while the process ends.
FreeBlocks* free_blocks() {
  static FreeBlocks* const blocks = new FreeBlocks[kClasses];
  return blocks;
}

}  // namespace

StagingBuffer::StagingBuffer(size_t bytes) {
  unsigned size_class = kSmallestClass;
  while ((size_t{1} << size_class) < bytes) ++size_class;
  FreeBlocks& free = free_blocks()[size_class];
  {
    std::lock_guard lock(free.mutex);
    block_ = free.first;
    if (block_ != nullptr) {
      free.first = block_->next;
      --free.count;
      return;
    }
  }
  void* memory = std::aligned_alloc(alignof(Block), sizeof(Block) + (size_t{1} << size_class));
  if (memory == nullptr) throw std::bad_alloc();
  block_ = new (memory) Block{nullptr, size_class};
}

StagingBuffer::~StagingBuffer() {
  if (block_ == nullptr) return;
  FreeBlocks& free = free_blocks()[block_->size_class];
  {
    std::lock_guard lock(free.mutex);
    if ((free.count + 1) << block_->size_class <= kKeptBytes) {
      block_->next = free.first;
      free.first = block_;
      ++free.count;
      return;
    }
  }
  std::free(block_);
}

std::byte* StagingBuffer::data() const { return reinterpret_cast<std::byte*>(block_ + 1); }

}  // namespace cpu

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/handles.h"
#include "generated/driver.h"

namespace cpu {

// The blocks of a memory pool. Shared by the pool's handle and by the frees that are pending in streams.
class PoolBlocks {
 public:
  PoolBlocks(int device, CUmemoryPool pool) : device_(device), pool_(pool) {}
  ~PoolBlocks();

  // A block of at least so many bytes: one that was freed before and fits, or a new one. 0 where no memory is left.
  uintptr_t take(size_t bytes);

  // Takes a block back and gives memory beyond the release threshold to the system.
  void give(uintptr_t block);

  // Gives freed blocks to the system until the pool holds no more than so many bytes.
  void trim(size_t bytes_to_keep);

  // The values behind CU_MEMPOOL_ATTR_...; `reserved` counts used and freed blocks.
  std::atomic<uint64_t> release_threshold{0};
  std::atomic<int> reuse_follow_event_dependencies{1};
  std::atomic<int> reuse_allow_opportunistic{1};
  std::atomic<int> reuse_allow_internal_dependencies{1};
  std::atomic<uint64_t> reserved{0};
  std::atomic<uint64_t> reserved_high{0};
  std::atomic<uint64_t> used{0};
  std::atomic<uint64_t> used_high{0};

 private:
  const int device_;
  const CUmemoryPool pool_;
  std::mutex mutex_;
  std::map<uintptr_t, size_t> used_blocks_;
  std::multimap<size_t, uintptr_t> free_blocks_;
};

// CUmemoryPool.
struct MemoryPool {
  static constexpr HandleTag tag = HandleTag::MemoryPool;

  std::shared_ptr<PoolBlocks> blocks;
  int device = 0;
  bool default_pool = false;
};

}  // namespace cpu

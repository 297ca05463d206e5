#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "driver/entry.h"
#include "engine/graph.h"
#include "engine/handles.h"
#include "engine/memory.h"
#include "engine/shared_file.h"
#include "generated/driver.h"

namespace cpu {

// The blocks of a memory pool. Shared by the pool's handle and by the frees that are pending in streams. Those of a
// pool that other processes may import lie in its file.
class PoolBlocks {
 public:
  PoolBlocks(int device, CUmemoryPool pool, size_t most_bytes, std::shared_ptr<SharedFile> file, bool imported)
      : device_(device), pool_(pool), most_bytes_(most_bytes), file_(std::move(file)), imported_(imported) {}
  ~PoolBlocks();

  // Null where the pool cannot be exported.
  const std::shared_ptr<SharedFile>& file() const { return file_; }
  // Whether the pool is another process's: its memory is opened here, and none is taken.
  bool imported() const { return imported_; }
  // The most bytes the pool may hold, 0 where nobody limits it.
  size_t most_bytes() const { return most_bytes_; }

  // Where a block of an exportable pool lies in its file; false where it is none.
  bool place_of(uintptr_t block, size_t* offset, size_t* bytes);
  // Opens a block of the other process's pool; 0 where that is not possible.
  uintptr_t open(size_t offset, size_t bytes);

  // A block of at least so many bytes: one that was freed before and fits, or a new one. 0 where no memory is left.
  uintptr_t take(size_t bytes);

  // Takes a block back and gives memory beyond the release threshold to the system.
  void give(uintptr_t block);

  // A block that belongs to a graph: giving it back has no effect until the graph lets it go.
  void hold(uintptr_t block);
  void let_go(uintptr_t block);
  bool holds(uintptr_t block);

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
  uintptr_t make_block(size_t bytes);
  void end_block(uintptr_t block);
  uintptr_t map_block(size_t offset, size_t bytes);

  const int device_;
  const CUmemoryPool pool_;
  const size_t most_bytes_;
  const std::shared_ptr<SharedFile> file_;
  const bool imported_;
  std::mutex mutex_;
  // Of an exportable pool: where its blocks lie in the file, with their sizes there, and the parts that are free again.
  std::map<uintptr_t, std::pair<size_t, size_t>> places_;
  std::multimap<size_t, size_t> free_places_;
  std::map<uintptr_t, size_t> used_blocks_;
  std::multimap<size_t, uintptr_t> free_blocks_;
  std::set<uintptr_t> held_blocks_;
};

// CUmemoryPool.
struct MemoryPool {
  static constexpr HandleTag tag = HandleTag::MemoryPool;

  std::shared_ptr<PoolBlocks> blocks;
  int device = 0;
  bool default_pool = false;
  // What other devices may do with the pool's memory (cuMemPoolSetAccess); by device.
  std::mutex mutex;
  std::map<int, CUmemAccess_flags> access;
};

namespace driver {

// Takes memory back into the pool it came from; false where that is none, or is gone.
bool give_to_pool(const MemoryRange& range);

// A memory allocation node. Its memory lives from the making of the node to the end of the last graph that has it, so
// its address is known at once and a replay allocates nothing.
class AllocationWork final : public NodeWork {
 public:
  AllocationWork(std::shared_ptr<PoolBlocks> blocks, int device, const CUDA_MEM_ALLOC_NODE_PARAMS& parameters);
  ~AllocationWork() override;
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_MEM_ALLOC; }
  std::string description() const override { return std::to_string(parameters_.bytesize) + " bytes"; }
  const CUDA_MEM_ALLOC_NODE_PARAMS& parameters() const { return parameters_; }

 private:
  const std::shared_ptr<PoolBlocks> blocks_;
  const int device_;
  const CUDA_MEM_ALLOC_NODE_PARAMS parameters_;
};

// A memory free node: the memory stays the graph's, but nobody may use it from here on.
class FreeWork final : public NodeWork {
 public:
  explicit FreeWork(CUdeviceptr address) : address_(address) {}
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_MEM_FREE; }
  CUdeviceptr address() const { return address_; }

 private:
  const CUdeviceptr address_;
};

// Memory that a device's graphs hold now and held at most, in bytes.
struct GraphMemory {
  std::atomic<uint64_t> current{0};
  std::atomic<uint64_t> high{0};
};
GraphMemory& graph_memory(int device);

// The pool each device starts with, or the one it uses now.
CUmemoryPool pool_of(CUdevice device, bool default_pool);
CUmemoryPool create_pool(CUdevice device, bool default_pool, size_t most_bytes, std::shared_ptr<SharedFile> file,
                         bool imported);

template <class F>
CUresult ask_pool(const char* function, CUmemoryPool handle, F&& body) {
  return initialized(function, [&] {
    MemoryPool* pool = lookup<MemoryPool>(handle);
    return pool == nullptr ? bad_handle("memory pool", handle) : body(*pool);
  });
}

// Writes the memory's address into the parameters.
CUresult make_allocation_work(CUDA_MEM_ALLOC_NODE_PARAMS* parameters, std::shared_ptr<const NodeWork>* work);
CUresult make_free_work(CUdeviceptr address, std::shared_ptr<const NodeWork>* work);

}  // namespace driver
}  // namespace cpu

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "engine/graph.h"
#include "engine/handles.h"
#include "engine/memory.h"
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

  // A block that belongs to a graph: giving it back has no effect until the graph lets it go.
  void hold(uintptr_t block);
  void let_go(uintptr_t block);

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
  std::set<uintptr_t> held_blocks_;
};

// CUmemoryPool.
struct MemoryPool {
  static constexpr HandleTag tag = HandleTag::MemoryPool;

  std::shared_ptr<PoolBlocks> blocks;
  int device = 0;
  bool default_pool = false;
};

namespace driver {

// Takes memory back into the pool it came from; false where that is none, or is gone.
bool give_to_pool(const MemoryRange& range);

// A memory allocation node. Its memory lives from the making of the node to the end of the last graph that has it, so
// its address is known at once and a replay allocates nothing.
class AllocationWork final : public NodeWork {
 public:
  AllocationWork(std::shared_ptr<PoolBlocks> blocks, const CUDA_MEM_ALLOC_NODE_PARAMS& parameters)
      : blocks_(std::move(blocks)), parameters_(parameters) {}
  ~AllocationWork() override { blocks_->let_go(parameters_.dptr); }
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_MEM_ALLOC; }
  std::string description() const override { return std::to_string(parameters_.bytesize) + " bytes"; }
  const CUDA_MEM_ALLOC_NODE_PARAMS& parameters() const { return parameters_; }

 private:
  const std::shared_ptr<PoolBlocks> blocks_;
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

// Writes the memory's address into the parameters.
CUresult make_allocation_work(CUDA_MEM_ALLOC_NODE_PARAMS* parameters, std::shared_ptr<const NodeWork>* work);
CUresult make_free_work(CUdeviceptr address, std::shared_ptr<const NodeWork>* work);

}  // namespace driver
}  // namespace cpu
